"""Which proxy is between us and the API, and whether we can use it."""

import ipaddress
import os
import re
from urllib.parse import urlsplit

from wa_bulk.api.link import IS_LINK
from wa_bulk.api.loopback import is_loopback
from wa_bulk.arguments import text

from .request import Endpoint

SCHEMES = ("http", "https")
_BETWEEN = re.compile(r"[\s,;]+")
_WITH_PORT = re.compile(r"([^:]+|\[.*\]):([0-9]{1,5})")


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
    if not IS_LINK.fullmatch(f"http://{parts.netloc.rpartition('@')[2]}"):
        raise ValueError(f"{source} has no host that could be one: expected http://host:port")
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
    if is_loopback(target.host):
        return None
    from urllib.request import getproxies, proxy_bypass  # which imports much

    if proxy_bypass(f"{target.host}:{target.port}"):
        return None
    proxies = getproxies()
    if any(_is_for(entry, target) for entry in _BETWEEN.split(proxies.get("no", "").lower())):
        return None
    for scheme in ("https" if target.tls else "http", "all"):
        if proxy := proxies.get(scheme):
            return checked_proxy(proxy, _variable(f"{scheme}_proxy"))
    return None


def _is_for(entry: str, target: Endpoint) -> bool:
    """Return whether an entry of NO_PROXY, in any of the forms that programs take, covers `target`.

    A name covers its subdomains as well, with a dot or `*.` before it or without; networks are `10.0.0.0/8`.
    """
    if entry == "*":
        return True
    if with_port := _WITH_PORT.fullmatch(entry):
        if int(with_port[2]) != target.port:
            return False
        entry = with_port[1]
    name, host = entry.removeprefix("*").strip("[]."), target.host.lower().rstrip(".")
    if name and f".{host}".endswith(f".{name}"):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False


def _variable(name: str) -> str:
    """Return the spelling of `name` that is set; lower case counts where both are."""
    if os.environ.get(name):
        return name
    return name.upper() if os.environ.get(name.upper()) else "the system's proxy setting"
