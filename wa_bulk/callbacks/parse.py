"""From the body of a callback request to its rows. No row is lost because another one is odd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Raw, Struct

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.api.errors import ValidationError
from wa_bulk.callbacks.row import read_row

ROWS_MOST = 20_000
"""Far more than the vendor posts at once; a small body could otherwise ask for millions."""

_TOKENS_MOST = 200_000
"""Looked at one by one in a batch that is not JSON: some tenths of a second, in which nobody is served."""

_BOM = b"\xef\xbb\xbf"
_EXPECTED = 'expected {"total": n, "rows": […]}'
_OF_ONE_ROW = frozenset({"status", "response", "notification", "message_id"})


class _Batch(Struct):
    rows: list[Raw]


_decode_batch = msgspec.json.Decoder(_Batch).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_keys = msgspec.json.Decoder(dict[str, Raw]).decode
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+("|)|[\[\]{},]', re.DOTALL)
"""A text, with an empty group where it has no end, or a bracket or comma."""
_BRACKET_OR_COMMA = re.compile(rb"[\[\]{},]")
_ROWS_BEGIN = re.compile(rb'\s*\{(?:[^{}\[\]"]|"(?:[^"\\]|\\.)*")*?"rows"\s*:\s*\[', re.DOTALL)


def parse_callback(body: bytes) -> list[CallbackRow]:
    """Return the rows of a callback request, each with its JSON as it came.

    A row that is not as the vendor describes it is read as far as it can be; one that cannot be read at all
    is returned with nothing but its raw bytes. `total` is not relied on. A bare list of rows, or one row on
    its own, is taken too. An empty body, the probe of a new address, has no rows.

    Raises ValidationError when `body` is not JSON, has no rows, or more than 20,000, and TypeError for what
    is no body.
    """
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError(f"expected the body of a request as bytes, got {type(body).__name__}")
    body = bytes(body)
    body = body.removeprefix(_BOM).strip()
    if not body:
        return []
    rows = _raw_rows(body)
    if len(rows) > ROWS_MOST:
        raise ValidationError("rows", f"are {len(rows):,}", f"expected {ROWS_MOST:,} at most")
    return [read_row(bytes(raw)) for raw in rows]


def _raw_rows(body: bytes) -> list[Raw] | list[bytes]:
    try:
        return _decode_batch(body).rows
    except msgspec.ValidationError:
        return _of_another_form(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        rows = _split(body)
        if rows is None:
            raise ValidationError("body", f"is not JSON ({error})", _EXPECTED) from None
        return rows


def _of_another_form(body: bytes) -> list[Raw] | list[bytes]:
    """Return the rows of what is JSON but not the vendor's batch."""
    try:
        if body.startswith(b"["):
            return _decode_list(body)
        keys = _decode_keys(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ValidationError("body", "is no JSON object", _EXPECTED) from None
    if "rows" not in keys and not _OF_ONE_ROW.isdisjoint(keys):
        return [body]
    raise ValidationError("rows", "is not a list" if "rows" in keys else "is missing", _EXPECTED)


def _split(body: bytes) -> list[bytes] | None:
    """Return the rows of a batch of which one is not valid JSON, None where it breaks off or is too long.

    Looks at nothing but brackets, commas and texts, so that a row may hold what no decoder takes.
    """
    begin = _ROWS_BEGIN.match(body)
    if begin is None:
        return None
    rows, start, depth = [], begin.end(), 0
    for token, at in islice(_tokens(body, start), _TOKENS_MOST):
        if token in b"[{":
            depth += 1
        elif token in b"]}" and depth:
            depth -= 1
        elif not depth:
            if part := body[start:at].strip():
                rows.append(part)
            start = at + 1
            if token == b"]":
                return rows
    return None


def _tokens(body: bytes, start: int) -> Iterator[tuple[bytes, int]]:
    for token in islice(_TOKEN.finditer(body, start), _TOKENS_MOST):
        if not token[0].startswith(b'"'):
            yield token[0], token.start()
        elif not token[1]:  # one quote too many or too few: no text begins behind it
            for rest in _BRACKET_OR_COMMA.finditer(body, token.start()):
                yield rest[0], rest.start()
