"""Reading what is kept: which messages are meant, and rows turned into records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from wa_bulk.api import decode
from wa_bulk.sandbox.models import Record, RecordError, rfc3339
from wa_bulk.sandbox.render import Rendered


class Filter(Struct, frozen=True, kw_only=True):
    """Which messages are meant: all that is given must hold. `q` is looked for in all texts and numbers;
    `duplicates` leaves only those that the same person was sent before.
    """

    q: str | None = None
    contact: str | None = None
    template: str | None = None
    status: str | None = None
    type: str | None = None
    duplicates: bool = False


class MessagePage(Struct, frozen=True):
    """Newest first. `total` counts all that match; `next` goes into `before` for the page after this one, or
    into `after` where only that was given."""

    total: int
    messages: list[Record]
    next: int | None


class Conversation(Struct, frozen=True):
    contact: str
    last: Record
    messages: int
    failed: int
    duplicates: int


class ConversationPage(Struct, frozen=True):
    """Newest first. `next` goes into `before` for the page after this one."""

    total: int
    conversations: list[Conversation]
    next: int | None


class _Envelope(Struct, frozen=True):
    """What is shown of a request, fields that the API does not know included."""

    body: dict[str, object]
    request_id: str | None = None
    custom_args: dict[str, object] | None = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_rendered = msgspec.json.Decoder(Rendered).decode

RECORD_QUERY = """
SELECT m.id, m.message_id, m.incoming, m.contact, m.sender, m.type, m.rendered, m.duplicate_of, m.at_ms,
       m.status, m.error_code, m.error_message, e.body
FROM messages m JOIN exchanges e ON e.id = m.exchange
"""


def conditions(chosen: Filter) -> tuple[list[str], list[object]]:
    """SQL conditions on messages `m` that `chosen` stands for, and the values in them."""
    where: list[str] = []
    values: list[object] = []
    for column in ("contact", "template", "status", "type"):
        value = getattr(chosen, column)
        if value is not None:
            where.append(f"m.{column} = ?")
            values.append(value)
    if chosen.duplicates:
        where.append("m.duplicate_of IS NOT NULL")
    if chosen.q:
        where.append("instr(m.search, ?)")
        values.append(_searched(chosen.q))
    return where, values


def _searched(q: str) -> str:
    """`q` as it stands in the search text: case folded, a number without its blanks and brackets."""
    folded = q.strip().casefold()
    digits = folded.translate(_NUMBER_PUNCTUATION)
    return digits if digits.removeprefix("+").isdigit() else folded


_NUMBER_PUNCTUATION = dict.fromkeys(map(ord, " -().\u00a0"))


def _shown(request: bytes) -> _Envelope:
    """A request as it came; without fields unknown to the API where one of them cannot be read (1e999)."""
    try:
        return _decode_envelope(request)
    except msgspec.DecodeError:
        message = decode(request)
        return _Envelope(msgspec.to_builtins(message.body), message.request_id, message.custom_args)


def record_of(row: Sequence[Any]) -> Record:
    """A row of RECORD_QUERY as a record."""
    number, message_id, incoming, contact, sender, kind, rendered, duplicate_of, at_ms, *rest = row
    status, error_code, error_message, request = rest
    envelope = _shown(request)
    return Record(
        id=number,
        message_id=message_id,
        direction="in" if incoming else "out",
        from_=contact if incoming else sender,
        to=sender if incoming else contact,
        contact=contact,
        type=kind,
        body=envelope.body,
        rendered=None if rendered is None else _decode_rendered(rendered),
        request_id=envelope.request_id,
        custom_args=envelope.custom_args,
        at=rfc3339(at_ms),
        status=status,
        error=None if error_code is None else RecordError(error_code, error_message),
        duplicate_of=duplicate_of,
    )
