"""The request as both transports write it: where it goes, and which headers stand above the payload."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"connection", "content-length", "expect", "host", "transfer-encoding"})
_DEFAULTS = {"Accept-Encoding": "identity", "Content-Type": "application/json"}


class Endpoint(NamedTuple):
    """The parts of an http(s) URL that a request needs."""

    tls: bool
    host: str  # as in DNS: IDNA, no brackets
    port: int
    authority: str  # the Host header
    target: str  # path and query


def endpoint(url: str) -> Endpoint:
    """Take `url` apart; raises ValueError for anything but a plain http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"not an http:// or https:// URL with a host: {parts.scheme}://{parts.hostname or ''}"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials do not belong in a URL")
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    host = parts.hostname
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    authority = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != (443 if tls else 80):
        authority += f":{port}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii() or re.search(r"[\x00-\x20\x7f]", target):
        raise ValueError("the URL's path must be ASCII without blanks: percent-encode it")
    return Endpoint(tls, host, port, authority, target)


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `headers` with the defaults of this API beneath them.

    Raises ValueError, naming the header but never its value, for one that could split the request or that
    only the transport may set.
    """
    named = {name.lower() for name in headers}
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or _CONTROL.search(value) or not value.isascii():
            raise ValueError(f"header {name!r} has characters that HTTP does not allow")
        if name.lower() in _OURS:
            raise ValueError(f"header {name!r} is set by the transport itself")
    return {name: value for name, value in _DEFAULTS.items() if name.lower() not in named} | dict(headers)


def request_head(endpoint: Endpoint, headers: Mapping[str, str], method: str = "POST") -> bytes:
    """Everything above the payload up to the number after `Content-Length: `."""
    lines = [f"{method} {endpoint.target} HTTP/1.1", f"Host: {endpoint.authority}"]
    lines += [f"{name}: {value}" for name, value in request_headers(headers).items()]
    return ("\r\n".join(lines) + "\r\nContent-Length: ").encode("ascii")
