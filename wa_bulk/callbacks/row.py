"""One callback row, read as far as it can be.

The vendor's values are an open set and its page is not exact, so a row that differs from what we know is read
field by field: what can be understood is taken, the rest is left out, and `raw` keeps all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, cast, get_args

import msgspec
from msgspec import Struct, field
from msgspec.structs import fields, force_setattr

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.history import Kind

Json = dict[str, Any]
_KINDS: tuple[Kind, ...] = ("status", "response", "notification")
_UNKNOWN: Kind = "unknown"


class ReceivedRow(CallbackRow, frozen=True, kw_only=True):
    """A callback row with its JSON as it came.

    `server` is empty and `itime` 0 where they could not be read. `kind` says what the row speaks of, even
    where `status`, `response` and `notification` are all None because that part could not be read;
    `error_code` is that of a status of which no more could be read.
    """

    raw: bytes = field(default=b"", name="wa_bulk raw")
    kind: Kind = field(default="unknown", name="wa_bulk kind")
    error_code: int | None = field(default=None, name="wa_bulk error_code")


_STAND_INS: Json = {"server": "", "itime": 0, "status_data": {}, "msg_time": 0, "event": "received"}
"""For required fields that are missing: without them the rest of the row would be lost."""

_fields = cache(fields)
_decode_whole: Callable[[bytes], ReceivedRow] = msgspec.json.Decoder(ReceivedRow).decode


def read_row(raw: bytes) -> ReceivedRow:
    """Return the row that `raw`, a JSON value, stands for. Raises nothing: the unreadable is kept raw."""
    try:
        row = _decode_whole(raw)
        kind, error_code = _kind_by_parts(row), None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        row, kind, error_code = _read_parts(raw)
    force_setattr(row, "raw", raw)
    force_setattr(row, "kind", kind)
    force_setattr(row, "error_code", error_code)
    return row


def kind_of(row: CallbackRow) -> Kind:
    """Return what the row speaks of."""
    return row.kind if isinstance(row, ReceivedRow) else _kind_by_parts(row)


def _kind_by_parts(row: CallbackRow) -> Kind:
    if row.status is not None:
        return "status"
    if row.response is not None:
        return "response"
    return "unknown" if row.notification is None else "notification"


def error_code_of(row: CallbackRow) -> int | None:
    """Return Meta's code in a status, whichever status it is."""
    if row.status is not None:
        return row.status.error_code
    return row.error_code if isinstance(row, ReceivedRow) else None


def raw_of(row: CallbackRow) -> bytes:
    """Return the row's JSON: as it came, or encoded where it did not come from outside."""
    return row.raw if isinstance(row, ReceivedRow) and row.raw else msgspec.json.encode(row)


def _read_parts(raw: bytes) -> tuple[ReceivedRow, Kind, int | None]:
    try:
        # The standard decoder takes what RFC 8259 leaves open: NaN, and half a surrogate pair in a text.
        value = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        value = None
    parts = value if isinstance(value, dict) else {}
    row = _salvage(ReceivedRow, parts)
    assert isinstance(row, ReceivedRow)
    told = {kind: part for kind in _KINDS if isinstance(part := parts.get(kind), dict)}
    # An empty part beside another says nothing.
    kind: Kind = next((kind for kind in told if told[kind]), next(iter(told), _UNKNOWN))
    code = _part(int, told["status"].get("error_code")) if kind == "status" else None
    return row, kind, cast(int | None, code)


def _salvage(struct: type[Struct], value: Json) -> Struct | None:
    """Return what can be read of `value` as a `struct`, None where too little of it can."""
    found: Json = {}
    for info in _fields(struct):
        if info.encode_name in value:
            part = _part(info.type, value[info.encode_name])
            if part is not None:
                found[info.name] = part
        if info.required and info.name not in found and info.name in _STAND_INS:
            part = _part(info.type, _STAND_INS[info.name])
            if part is not None:
                found[info.name] = part
    try:
        return struct(**found)
    except TypeError:  # a required field is missing
        return None


def _part(annotation: Any, value: object) -> object:
    """Return `value` as `annotation` asks for it, in part if need be, None where it cannot be read."""
    try:
        return cast(object, msgspec.convert(value, annotation, strict=False))
    except (msgspec.ValidationError, RecursionError):
        pass
    kinds = get_args(annotation) or (annotation,)
    if isinstance(value, str) and (word := value.strip().lower()) in kinds:
        return word
    if str in kinds and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Struct)), None)
    return _salvage(inner, value) if inner is not None and isinstance(value, dict) else None
