"""What of a callback row goes into the memory, worked out before its transaction begins."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple

from wa_bulk.api.callbacks import MILLISECONDS_FROM, CallbackRow, StatusReport
from wa_bulk.callbacks.opt_out import OptOut, opt_out_of
from wa_bulk.callbacks.row import error_code_of, kind_of, raw_of
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.history import RANK, Kind, person_of

TAG = "wa_bulk"
"""The key in `custom_args` that names a message's run and row, as `<run_id>:<row>`."""

_TAG_FORM = re.compile(r"(.{1,200}):([1-9][0-9]{0,17})", re.DOTALL)
_INTEGER_MAX = 2**63 - 1
_DIGEST_BYTES = 8


class CallbackEntry(NamedTuple):
    """A row of the table `callbacks`."""

    at_ms: int
    kind: Kind
    message_id: str
    digest: int
    body: bytes


class MessageEntry(NamedTuple):
    """A row of the table `messages`; `run_id` stands for the number that the run has there."""

    message_id: str
    recipient: str
    run_id: str | None
    row: int | None
    state: int
    at_ms: int
    code: int | None
    sender: str | None
    sent_ms: int | None
    delivered_ms: int | None
    read_ms: int | None
    heard_ms: int


class Entry(NamedTuple):
    """What one callback row leaves behind."""

    callback: CallbackEntry
    message: MessageEntry | None
    opt_out: OptOut | None


def entry_of(row: CallbackRow, words: OptOutWords, received_ms: int) -> Entry:
    """Return what `row`, received at `received_ms` (milliseconds since 1970), leaves behind."""
    kind, body = kind_of(row), raw_of(row)
    message_id = _clean(row.message_id or "")
    callback = CallbackEntry(received_ms, kind, message_id, digest_of(body), body)
    status = row.status
    said_ms = _milliseconds(row.itime)
    at_ms = (status and _milliseconds(status.status_data.msg_time)) or said_ms or received_ms
    message = None
    # A status that we cannot read still says that the message was taken.
    if message_id and kind in ("status", "unknown"):
        message = _message(row, status, message_id, at_ms, received_ms)
    opt_out = None
    if kind == "response" or error_code_of(row):
        # A clock that is ahead must not make a STOP, or a START, outlast all that follow it.
        opt_out = opt_out_of(row, words, min(at_ms, received_ms))
    return Entry(callback, message, opt_out)


def digest_of(body: bytes) -> int:
    """Return 64 bits, as SQLite holds them, that tell a repeated body from another."""
    return int.from_bytes(blake2b(body, digest_size=_DIGEST_BYTES).digest(), "big", signed=True)


def _message(
    row: CallbackRow, status: StatusReport | None, message_id: str, at_ms: int, received_ms: int
) -> MessageEntry:
    run_id, row_number = _tag(row)
    state = RANK[status.message_status] if status is not None else 0
    code = error_code_of(row)
    word = status.message_status if status is not None else "plan"
    return MessageEntry(
        message_id,
        person_of(_clean(row.to)) if row.to else "",
        run_id,
        row_number,
        state,
        at_ms,
        code if code and abs(code) <= _INTEGER_MAX else None,
        _clean(row.from_) if row.from_ else None,
        at_ms if word == "sent" else None,
        at_ms if word == "delivered" else None,
        at_ms if word == "read" else None,
        received_ms,
    )


def _tag(row: CallbackRow) -> tuple[str | None, int | None]:
    tag = row.custom_args.get(TAG) if row.custom_args else None
    found = _TAG_FORM.fullmatch(tag) if isinstance(tag, str) else None
    return (_clean(found[1]), int(found[2])) if found else (None, None)


def _milliseconds(time: int) -> int:
    """Return a time of the vendor's, in seconds or already in milliseconds; 0 where it is none."""
    if not 0 < time <= _INTEGER_MAX // 1000:
        return 0
    return time if time >= MILLISECONDS_FROM else time * 1000


def _clean(text: str) -> str:
    """Return `text` as UTF-8 can hold it: half a surrogate pair cannot be stored."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
