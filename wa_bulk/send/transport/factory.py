"""Which transport a sender uses."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from wa_bulk.send import defaults

from .interface import Transport
from .limits import MAX_REPLY
from .proxy import proxy_for
from .request import endpoint

if TYPE_CHECKING:
    import aiohttp


TransportName = Literal["auto", "lean", "aiohttp"]


def make_transport(
    kind: TransportName,
    url: str,
    headers: Mapping[str, str],
    *,
    connections: int,
    timeout: float,
    connect_timeout: float = defaults.CONNECT_TIMEOUT,
    session: "aiohttp.ClientSession | None" = None,
    proxy: str | None = None,
    method: str = "POST",
    reply_max: int = MAX_REPLY,
) -> Transport:
    """Return the transport for posts to `url`; `timeout` bounds one post, `connect_timeout` the making of one
    connection, both in seconds.

    `method` may be another than POST, and `reply_max` bounds the bytes of a reply's body.

    "auto" takes the lean transport unless a session or a proxy is given, or the environment names a proxy
    for `url` (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, with NO_PROXY; never for a loopback address): those are
    aiohttp's. "lean" ignores the environment. Raises ValueError where "lean" is asked for together with a
    session or a proxy, where the proxy or the session cannot be used, or where `url` or a header cannot be
    sent.
    """
    if kind == "lean" and (session is not None or proxy is not None):
        raise ValueError('the lean transport takes neither a session nor a proxy: use transport="aiohttp"')
    if kind != "lean":
        proxy = proxy_for(endpoint(url), proxy, with_session=session is not None)
    if kind == "lean" or (kind == "auto" and session is None and proxy is None):
        from .lean import LeanTransport

        return LeanTransport(
            url,
            headers,
            connections=connections,
            timeout=timeout,
            connect_timeout=connect_timeout,
            method=method,
            reply_max=reply_max,
        )
    from .aiohttp_transport import AiohttpTransport

    return AiohttpTransport(
        url,
        headers,
        connections=connections,
        timeout=timeout,
        connect_timeout=connect_timeout,
        session=session,
        proxy=proxy,
        method=method,
        reply_max=reply_max,
    )
