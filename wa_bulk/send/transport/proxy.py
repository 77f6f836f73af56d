"""Which proxy is between us and the API, and whether we can use it."""

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from wa_bulk.api.loopback import is_loopback
from wa_bulk.arguments import text

from .request import Endpoint

SCHEMES = ("http", "https")


def checked_proxy(url: str, source: str) -> str:
    """Return `url` as the URL of an HTTP proxy; without a scheme it means http.

    Raises ValueError naming `source`, an argument or a variable, where we cannot use it. Credentials in it
    are kept, and never shown.
    """
    given = text(source, url).strip()
    whole = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError:  # its words may hold a part of the URL, and so of a password
        raise ValueError(f"{source} cannot be read as a URL: expected http://host:port") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(
            f"{source} is a {parts.scheme}:// proxy, which wa_bulk cannot use: expected http://host:port"
        )
    if not host or port == 0 or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{source} is not the URL of a proxy: expected http://host:port")
    if any(character <= " " or character == "\x7f" for character in whole):
        raise ValueError(f"{source} holds blanks or control characters: expected http://host:port")
    return whole


def proxy_for(target: Endpoint, given: str | None, *, with_session: bool) -> str | None:
    """Return the proxy to `target`: the one that is `given`, else the environment's, unless a session of the
    host's is used, which has its own ways. Raises ValueError for one that we cannot use.
    """
    if given is not None:
        return checked_proxy(given, "the argument proxy")
    return None if with_session else proxy_from_environment(target)


def proxy_from_environment(target: Endpoint) -> str | None:
    """Return the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names for `target`, with NO_PROXY; None
    for a loopback address. Raises ValueError naming the variable whose proxy we cannot use.
    """
    if is_loopback(target.host) or proxy_bypass(f"{target.host}:{target.port}"):
        return None
    proxies = getproxies()
    for scheme in ("https" if target.tls else "http", "all"):
        if proxy := proxies.get(scheme):
            return checked_proxy(proxy, _variable(f"{scheme}_proxy"))
    return None


def _variable(name: str) -> str:
    """Return the spelling of `name` that is set; lower case counts where both are."""
    if os.environ.get(name):
        return name
    return name.upper() if os.environ.get(name.upper()) else "the system's proxy setting"
