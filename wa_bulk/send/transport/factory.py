"""Which transport a sender uses."""

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from .interface import Transport
from .request import endpoint

if TYPE_CHECKING:
    import aiohttp


def make_transport(
    kind: Literal["auto", "lean", "aiohttp"],
    url: str,
    headers: Mapping[str, str],
    *,
    connections: int,
    timeout: float,
    session: "aiohttp.ClientSession | None" = None,
    proxy: str | None = None,
) -> Transport:
    """The transport for posts to `url`; `timeout` in seconds bounds one post.

    "auto" takes the lean transport unless a session or a proxy is given, or the environment names a proxy
    for `url` (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, heeding NO_PROXY; never for a loopback address): those are
    aiohttp's. "lean" ignores the environment. Raises ValueError where "lean" is asked for together with a
    session or a proxy, or where `url` or a header cannot be sent.
    """
    if kind == "lean" and (session is not None or proxy is not None):
        raise ValueError('the lean transport takes neither a session nor a proxy: use transport="aiohttp"')
    if kind != "lean" and session is None and proxy is None:
        proxy = _proxy_from_environment(url)
    if kind == "lean" or (kind == "auto" and session is None and proxy is None):
        from .lean import LeanTransport

        return LeanTransport(url, headers, connections=connections, timeout=timeout)
    from .aiohttp_transport import AiohttpTransport

    return AiohttpTransport(
        url, headers, connections=connections, timeout=timeout, session=session, proxy=proxy
    )


def _proxy_from_environment(url: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    target = endpoint(url)
    if _is_loopback(target.host) or proxy_bypass(f"{target.host}:{target.port}"):
        return None
    proxies = getproxies()
    return proxies.get("https" if target.tls else "http") or proxies.get("all")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
