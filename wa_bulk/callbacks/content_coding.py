"""The body of a request, unpacked as its Content-Encoding says.

Not left to aiohttp, which refuses what it cannot unpack before anybody sees it. What a body begins with tells
whether it was unpacked before, as aiohttp does it in other services.
"""

from __future__ import annotations

import zlib

from wa_bulk.callbacks.limits import TooMuch

BREAKS_OFF = "the body cannot be unpacked: it breaks off"

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""What zlib calls them."""


def unpacked(body: bytes, content_encoding: str, most: int) -> bytes:
    """Return what a body holds that is packed by gzip or deflate, and any other as it is.

    What begins as gzip does is unpacked although nothing says so: a proxy may have left that out.

    Raises ValueError where it is damaged, TooMuch where it holds more than `most` bytes.
    """
    for coding in reversed(content_encoding.lower().split(",")):
        match coding.strip():
            case "gzip" | "x-gzip" | "identity" | "" if body.startswith(_GZIP_MAGIC):
                body = _inflated(body, _GZIP, most)
            case "deflate" if _begins_as_zlib(body):
                body = _inflated(body, _ZLIB, most)
            case "deflate" if not body.lstrip().startswith((b"{", b"[", b"\xef\xbb\xbf")):
                body = _inflated(body, _RAW, most)  # against the standard, as some clients do it
    return body


def _begins_as_zlib(body: bytes) -> bool:
    """Tell whether a body has zlib's head (RFC 1950, 2.2)."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _inflated(packed: bytes, form: int, most: int) -> bytes:
    whole = b""
    while packed:
        decoder = zlib.decompressobj(form)
        try:
            whole += decoder.decompress(packed, most + 1 - len(whole))
        except zlib.error as error:
            raise ValueError(f"the body cannot be unpacked: {error}") from None
        if len(whole) > most:
            raise TooMuch(413, f"the body holds more than {most:,} bytes")
        if not decoder.eof:
            raise ValueError(BREAKS_OFF)
        rest = decoder.unused_data
        packed = rest if form == _GZIP and rest.startswith(_GZIP_MAGIC) else b""
    return whole
