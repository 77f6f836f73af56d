"""One request to any of the API's addresses, over a connection of its own: for what is asked now and then."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from wa_bulk.send.open_transport import USER_AGENT
from wa_bulk.send.transport import BadAddress, MaybeSent, NotSent, Reply, TransportError
from wa_bulk.send.transport.proxy import proxy_for
from wa_bulk.send.transport.request import endpoint

if TYPE_CHECKING:
    import aiohttp

    from wa_bulk.send.account import Account

REPLY_MAX = 256 * 1024 * 1024
"""Bytes of a reply: a list of templates has all of them, and an agency's account may have 100,000."""


async def request(
    account: Account,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    timeout: float,
    session: aiohttp.ClientSession | None = None,
    proxy: str | None = None,
) -> Reply:
    """Send one request to `path` (with its query) at the account's address, and return the reply.

    `timeout` (s) is for all of it. Goes through `session`, else through `proxy` or the one that the
    environment names. Raises NotSent or MaybeSent.
    """
    import aiohttp

    url = account.base_url + path
    proxy = proxy_for(endpoint(url), proxy, with_session=session is not None)
    if session is not None:
        return await _exchange(session, account, method, url, body, timeout, proxy)
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(), force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as own:
        return await _exchange(own, account, method, url, body, timeout, proxy)


async def _exchange(
    session: aiohttp.ClientSession,
    account: Account,
    method: str,
    url: str,
    body: bytes | None,
    timeout: float,
    proxy: str | None,
) -> Reply:
    import aiohttp
    from yarl import URL

    async def with_credentials(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers.update(account.headers())  # in the place of the session's own
        return await handler(request)

    connected = False
    try:
        async with session.request(
            method,
            URL(url, encoded=True),
            data=body,
            headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
            allow_redirects=False,
            middlewares=(with_credentials,),
            proxy=proxy,
            raise_for_status=False,
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as response:
            connected = True
            content = bytearray()
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) > REPLY_MAX:
                    raise ValueError(f"the reply is longer than {REPLY_MAX} bytes")
            return Reply(response.status, bytes(content))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        failure = _judged(error, connected)
    # Out here, so that aiohttp's error, which holds the request's headers, is not chained to ours.
    raise failure


def _judged(error: Exception, connected: bool) -> TransportError:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return BadAddress.by_certificate(error.host, error.certificate_error)
    if isinstance(error, TimeoutError):
        why = "no reply in time"
    elif isinstance(error, OSError) and error.strerror:
        why = error.strerror
    else:
        why = str(error) if type(error) is ValueError else type(error).__name__
    if not connected and isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientProxyConnectionError):
        return NotSent(f"no connection: {why}")
    return MaybeSent(f"{why} after the request was sent")
