"""Which names the sandbox answers to, and to which it posts callbacks.

A page on any site can point its own name at 127.0.0.1 once it is loaded (DNS rebinding) and then counts,
for the browser, as one origin with whatever listens there. The Host header still has that page's name: this
is the check.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from wa_bulk.api.loopback import is_loopback
from wa_bulk.sandbox.refusal import Refusal

_KNOWN_MAX = 1_000
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_has_form = re.compile(r"(?:\[[^]@/#?\\]*\]|[^:@/#?\\\[\]]*)(?::[0-9]*)?").fullmatch
"""A host with or without a port (RFC 9110, 7.2); no user, path or fragment in which another one stands."""
_DOCKER = "host.docker.internal"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _hostname(url: str) -> str:
    """Return the name or address in a URL, lower case, or of `//host:port`; "" if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class AllowedHosts:
    """The Host headers that are answered.

    Those are IP addresses, `localhost` and names below it, `host.docker.internal`, names without a dot, the
    name the sandbox listens at, and the names `allowed`: none of them can be had for a public site.
    """

    def __init__(self, allowed: Iterable[str], listens_at: str) -> None:
        self._allowed = frozenset(name.lower() for name in (*allowed, listens_at, _DOCKER))
        self._known: set[str] = set()

    def check(self, request: web.Request) -> None:
        """Raise Refusal 403 for a request to another host."""
        host = request.headers.get(hdrs.HOST, "")
        if host not in self._known:
            self._check_host(host)

    def check_unsigned(self, request: web.Request) -> None:
        """Raise Refusal 403 for a request to another host, or for a change that another site's page wants.

        For what needs no key: a browser sends a request to change it from any page, before it asks.
        """
        self.check(request)
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and request.method not in _READING:
            self._check_origin(origin, request.headers.get(hdrs.HOST, ""))

    def _check_host(self, host: str) -> None:
        name = _hostname(f"//{host}") if _has_form(host) else ""
        if host and not self._answers_to(name):
            name = name or host
            raise Refusal(
                403,
                f"the sandbox does not answer to the host {name[:100]!r}: call it by its address or as "
                "localhost, or start it with --allow-host and that name",
                403,
            )
        if len(self._known) < _KNOWN_MAX:
            self._known.add(host)

    def _answers_to(self, name: str) -> bool:
        if not name:
            return False
        return "." not in name or name in self._allowed or name.endswith(".localhost") or _is_address(name)

    def _check_origin(self, origin: str, host: str) -> None:
        authority = origin.partition("://")[2]
        if authority.lower() != host.lower() and _hostname(f"//{authority}") not in self._allowed:
            raise Refusal(
                403,
                f"a page of {origin[:100]!r} may not change this sandbox; only its own inbox at {host!r} may",
                403,
            )


class CallbackHosts:
    """Where the control API and the vendor's webhook endpoint may have callbacks posted.

    Loopback, the host of the address given at the start, and the hosts `allowed`; `*` allows every host.
    """

    def __init__(self, allowed: Iterable[str], url_at_start: str | None) -> None:
        self._allowed = {name.lower() for name in allowed}
        if url_at_start is not None:
            self._allowed.add(_hostname(url_at_start))

    def check(self, url: str | None) -> None:
        """Raise Refusal 3003 when callbacks may not be posted to `url`."""
        if url is None or "*" in self._allowed:
            return
        host = _hostname(url)
        if not is_loopback(host) and host not in self._allowed:
            raise Refusal(
                3003,
                f"callbacks are posted to this machine only, not to {host[:100]!r}: start the sandbox with "
                "--callback-url, or with --allow-callback-host and that name",
            )
