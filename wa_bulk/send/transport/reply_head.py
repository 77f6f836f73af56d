"""The few reply headers a sender cares about."""

import contextlib
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httptools

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_SECONDS_MAX = 999_999_999.0
"""Thirty years: whoever asks for more means "not again"."""
_KEEP_ALIVE_TIMEOUT = re.compile(r"(?:^|,)\s*timeout\s*=\s*\"?(\d{1,9})\"?", re.IGNORECASE)

_WANTS_TLS = (
    b"plain HTTP request was sent to HTTPS port",  # nginx
    b"HTTP request to an HTTPS server",  # Go
    b"speaking plain HTTP to an SSL-enabled server port",  # Apache
)


class ReplyHead:
    """Headers of the final reply in `received`: raw bytes, perhaps with 1xx replies before and a body behind.

    Parsing them is left to the few replies where they matter: it costs as much as all else in reading one.
    """

    def __init__(self, received: bytes | bytearray) -> None:
        self.fields: dict[str, str] = {}
        self.complete = False
        self._ended = False
        self._parser = httptools.HttpResponseParser(self)
        be_lenient(self._parser)
        # What was read until a fault is what counts.
        with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._parser.feed_data(received)

    def on_message_begin(self) -> None:
        if not self._ended:
            self.fields.clear()
            self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._ended:
            self.fields.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self.complete = True

    def on_message_complete(self) -> None:
        self._ended = self._parser.get_status_code() >= 200
        self.complete = self._ended

    @property
    def ends_at_close(self) -> bool:
        """Whether the body has no other end than that of the connection (RFC 9112, 6.3)."""
        return self.complete and not self.fields.keys() & {"content-length", "transfer-encoding"}


def be_lenient(parser: httptools.HttpResponseParser) -> None:
    """Have `parser` take what aiohttp's takes too: folded headers, control characters in them, lines that end
    with LF alone. A reply that servers of this kind send must not be lost in one transport and not the other.
    """
    parser.set_dangerous_leniencies(
        lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
    )


def retry_after_seconds(fields: Mapping[str, str]) -> float | None:
    """Return the seconds from now in `retry-after` (RFC 9110, 10.2.3); None where missing or unreadable.

    A date is taken relative to the reply's own `date`, so that the two clocks need not agree.
    `fields` has names in lower case.
    """
    value = fields.get("retry-after", "").strip()
    if not value:
        return None
    if _SECONDS.fullmatch(value):
        return min(float(value), _SECONDS_MAX)
    until = _timestamp(value)
    if until is None:
        return None
    now = _timestamp(fields.get("date", ""))
    return max(0.0, until - (time.time() if now is None else now))


def wants_tls(body: bytes | bytearray) -> bool:
    """Return whether the body of a 400 says that TLS is spoken at this port, as some servers do."""
    return any(words in body for words in _WANTS_TLS)


def keep_alive_seconds(fields: Mapping[str, str]) -> float:
    """Return the seconds an idle connection is kept (`keep-alive: timeout=N`); infinite where not said."""
    found = _KEEP_ALIVE_TIMEOUT.search(fields.get("keep-alive", ""))
    return float(found[1]) if found else math.inf


def _timestamp(date: str) -> float | None:
    """Return seconds since 1970 of a date in any of HTTP's forms, or in RFC 3339's; None for no date."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(date)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None
