"""What the API answers to a request, and how to read what really comes.

Between the API and us there may be proxies: a reply may have a byte order mark, be compressed though nobody
asked for that, or bring a number where the vendor's page says text. Each field is read by itself, so that
an odd one does not hide the others.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from msgspec import Struct

MAX_UNPACKED = 1024 * 1024
"""Bytes of a reply after unpacking; more are not looked at."""

_GZIP, _RAW_DEFLATE = zlib.MAX_WBITS | 16, -zlib.MAX_WBITS
_PACKED_MOST = 2
"""How often a body may have been packed: by the server, and by a proxy that did not see it."""
_TEXT_KEPT = 2000
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?:\.0+)?").fullmatch
_INT64 = 2**63
_UNPAIRED_SURROGATE = re.compile(r"[\ud800-\udfff]")


class SendReply(Struct, frozen=True, omit_defaults=True):
    """The body of a 2xx reply: the message was taken."""

    message_id: str
    request_id: str | None = None


class ErrorReply(Struct, frozen=True):
    """The body of a 4xx or 5xx reply."""

    code: int
    message: str


class ReplyFields(Struct, frozen=True):
    """What could be read in a reply, field by field; None for what is missing or makes no sense.

    `text` is the beginning of the body as text where nothing else could be read, else empty.
    """

    message_id: str | None = None
    request_id: str | None = None
    code: int | None = None
    message: str | None = None
    text: str = ""


def read_reply(body: bytes) -> ReplyFields:
    """Read a reply's body, whatever it is. Never raises."""
    text = _text(unpacked(body, MAX_UNPACKED))
    found = _json_object(text)
    if found is None:  # deflate without a head, against the standard, looks like nothing
        found = _json_object(_text(_as_utf8(_inflated(body, _RAW_DEFLATE, MAX_UNPACKED))))
    if found is None:
        return ReplyFields(text=text[:_TEXT_KEPT])
    fields = ReplyFields(
        message_id=_identifier(found.get("message_id")),
        request_id=_identifier(found.get("request_id")),
        code=_code(found.get("code")),
        message=_message(found.get("message")),
    )
    return ReplyFields(text=text[:_TEXT_KEPT]) if fields == _NOTHING else fields


_NOTHING = ReplyFields()


def unpacked(body: bytes, at_most: int) -> bytes:
    """Return the first bytes of a body: unpacked where it is compressed though nobody asked for that, and in
    UTF-8 without a byte order mark."""
    for _ in range(_PACKED_MOST):
        if body[:2] == b"\x1f\x8b":
            body = _inflated(body, _GZIP, at_most)
        elif body[:1] == b"\x78" and len(body) > 2 and int.from_bytes(body[:2]) % 31 == 0:
            body = _inflated(body, zlib.MAX_WBITS, at_most)
    return _as_utf8(body)


def _inflated(body: bytes, bits: int, at_most: int) -> bytes:
    try:
        return zlib.decompressobj(bits).decompress(body, at_most)
    except zlib.error:
        return body


def _as_utf8(body: bytes) -> bytes:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", errors="replace").encode()
    return body.removeprefix(b"\xef\xbb\xbf")


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _json_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object that `text` begins with, blanks aside; None if there is none."""
    try:
        found, _ = _decoder.raw_decode(text.lstrip(" \t\r\n\ufeff\0"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_decoder = json.JSONDecoder(strict=False)


def _identifier(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    return _UNPAIRED_SURROGATE.sub("\ufffd", value.strip()) or None


def _code(value: object) -> int | None:
    code: int | None = None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1:
        code = int(value)
    elif isinstance(value, str) and _WHOLE(digits := value.strip()):
        code = int(digits.partition(".")[0])
    return code if code is not None and -_INT64 <= code < _INT64 else None


def _message(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNPAIRED_SURROGATE.sub("\ufffd", value)
