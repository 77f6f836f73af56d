"""One request to any of the API's addresses, over a connection of its own: for what is asked now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wa_bulk.send.open_transport import headers_of
from wa_bulk.send.transport import Reply, make_transport

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
    body: bytes = b"",
    timeout: float,
    session: aiohttp.ClientSession | None = None,
    proxy: str | None = None,
) -> Reply:
    """Send one request to `path` (with its query) at the account's address, and return the reply.

    `timeout` (s) is for all of it. Goes through `session`, else through `proxy` or the one that the
    environment names. Raises NotSent or MaybeSent.
    """
    transport = make_transport(
        "auto",
        account.base_url + path,
        headers_of(account),
        connections=1,
        timeout=timeout,
        session=session,
        proxy=proxy,
        method=method,
        reply_max=REPLY_MAX,
    )
    try:
        return await transport.post(body)
    finally:
        await transport.close()
