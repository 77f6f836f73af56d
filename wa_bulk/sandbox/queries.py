"""Queries over the stored messages: filters as SQL, and rows as records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from wa_bulk.api import ValidationError, decode
from wa_bulk.api.rendered_template import Rendered
from wa_bulk.sandbox.checks import nests_too_deeply
from wa_bulk.sandbox.database import Database
from wa_bulk.sandbox.models import (
    STATUSES,
    Detail,
    Record,
    RecordedReply,
    RecordedRequest,
    RecordError,
    StatusAt,
    rfc3339,
)


class Filter(Struct, frozen=True, kw_only=True):
    """A filter over messages; all given conditions must hold. `q` is searched for in all texts and numbers;
    `duplicates` keeps only those that the same person was sent before.
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
    """The parts of a request that are shown, fields unknown to the API included."""

    body: dict[str, object]
    request_id: str | None = None
    custom_args: dict[str, object] | None = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_object = msgspec.json.Decoder(dict[str, object]).decode
_decode_headers = msgspec.json.Decoder(dict[str, str]).decode
_decode_rendered = msgspec.json.Decoder(Rendered).decode

RECORD_QUERY = """
SELECT m.id, m.message_id, m.incoming, m.contact, m.sender, m.type, m.rendered, m.duplicate_of, m.at_ms,
       m.status, m.error_code, m.error_message, e.body
FROM messages m JOIN exchanges e ON e.id = m.exchange
"""


def conditions(chosen: Filter) -> tuple[list[str], list[object]]:
    """Return the SQL conditions on messages `m` for `chosen`, and the values in them."""
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
        forms = _search_forms(chosen.q)
        where.append(f"({' OR '.join(['instr(m.search, ?)'] * len(forms))})")
        values += forms
    return where, values


def _search_forms(q: str) -> list[str]:
    """Return the forms in which a search text may have `q`: case folded, a number also without blanks."""
    folded = q.strip().casefold()
    digits = folded.translate(_NUMBER_PUNCTUATION)
    return [folded, digits] if digits != folded and digits.removeprefix("+").isdigit() else [folded]


_NUMBER_PUNCTUATION = dict.fromkeys(map(ord, " -().\u00a0"))


def _envelope_of(request: bytes, kind: str) -> _Envelope:
    """Decode a stored request; without fields unknown to the API where one of them cannot be read (1e999)."""
    if nests_too_deeply(request):  # stored by a version that took it; its reply could not be encoded
        return _unreadable(kind)
    try:
        return _decode_envelope(request)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        message = decode(request)
        return _Envelope(msgspec.to_builtins(message.body), message.request_id, message.custom_args)
    except ValidationError:
        return _unreadable(kind)


def _unreadable(kind: str) -> _Envelope:
    return _Envelope({"type": kind, "unreadable": "The stored request of this message cannot be read."})


def record_of(row: Sequence[Any]) -> Record:
    """Turn a row of RECORD_QUERY into a record; one that is damaged into a record that says so."""
    try:
        return _record_of(row)
    except Exception:  # whatever a damaged file holds, the other records must still be shown
        number, message_id, incoming, contact, sender, *_ = row
        return Record(
            id=number,
            message_id=str(message_id),
            direction="in" if incoming else "out",
            from_=str(contact if incoming else sender),
            to=str(sender if incoming else contact),
            contact=str(contact),
            type="text",
            body=_unreadable("text").body,
            rendered=None,
            request_id=None,
            custom_args=None,
            at=rfc3339(0),
            status="accepted",
            error=None,
            duplicate_of=None,
        )


def _record_of(row: Sequence[Any]) -> Record:
    number, message_id, incoming, contact, sender, kind, rendered, duplicate_of, at_ms, *rest = row
    status, error_code, error_message, request = rest
    envelope = _envelope_of(request, kind)
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
        at=_time(at_ms),
        status=status,
        error=None if error_code is None else RecordError(error_code, error_message),
        duplicate_of=duplicate_of,
    )


class Queries:
    """What is stored, as records. Each raises StoreError where the database cannot be read."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def page(
        self,
        chosen: Filter = Filter(),  # noqa: B008 - frozen
        before: int | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> MessagePage:
        """Return the newest `limit` messages of those chosen, below id `before` and above id `after`.

        With `after` alone, those next above it, so that a reader can go on upwards page by page.
        """
        where, values = conditions(chosen)
        total = self._db.number(f"SELECT count(*) FROM messages m {_where(where)}", *values)
        if before is not None:
            where.append("m.id < ?")
            values.append(before)
        if after is not None:
            where.append("m.id > ?")
            values.append(after)
        upwards = after is not None and before is None
        rows = self._db.rows(
            f"{RECORD_QUERY} {_where(where)} ORDER BY m.id {'ASC' if upwards else 'DESC'} LIMIT ?",
            (*values, limit + 1),
        )
        records = [record_of(row) for row in rows[:limit]]
        following = records[-1].id if len(rows) > limit else None
        return MessagePage(total, records[::-1] if upwards else records, following)

    def records(self, ids: Iterable[int] | None = None) -> list[Record]:
        """Return the messages of these ids, or all, oldest first."""
        if ids is None:
            return [record_of(row) for row in self._db.rows(f"{RECORD_QUERY} ORDER BY m.id")]
        wanted = msgspec.json.encode(list(ids)).decode()
        query = f"{RECORD_QUERY} WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.id"
        return [record_of(row) for row in self._db.rows(query, (wanted,))]

    def detail(self, message: int) -> Detail | None:
        """Return one message with the request and reply behind it."""
        found = self.records([message])
        if not found:
            return None
        record = found[0]
        ((headers, body, reply_status, reply, *times),) = self._db.rows(
            "SELECT e.headers, e.body, e.reply_status, e.reply, m.at_ms, m.sent_ms, m.delivered_ms, "
            "m.read_ms, m.failed_ms FROM messages m JOIN exchanges e ON e.id = m.exchange WHERE m.id = ?",
            (message,),
        )
        history = sorted((at_ms, position) for position, at_ms in enumerate(times) if isinstance(at_ms, int))
        request = body if isinstance(body, bytes) else str(body).encode()
        return Detail(
            **{name: getattr(record, name) for name in Record.__struct_fields__},
            request=RecordedRequest(_headers(headers), request.decode("utf-8", "replace")),
            reply=None if reply is None else RecordedReply(reply_status, _object(reply)),
            history=[StatusAt(STATUSES[position], _time(at_ms)) for at_ms, position in history],
        )

    def conversations(
        self, q: str | None = None, before: int | None = None, limit: int = 50
    ) -> ConversationPage:
        """Return the people written to or who wrote, those with the newest message first.

        `q` keeps those with any message that it is found in.
        """
        where, values = conditions(Filter(q=q))
        chosen = f"contact IN (SELECT m.contact FROM messages m WHERE {where[0]})" if where else "1"
        total = self._db.number(f"SELECT count(*) FROM conversations WHERE {chosen}", *values)
        rows = self._db.rows(
            f"SELECT contact, last, messages, failed, duplicates FROM conversations WHERE {chosen} "
            "AND last < coalesce(?, 9223372036854775807) ORDER BY last DESC LIMIT ?",
            (*values, before, limit + 1),
        )
        last = {record.id: record for record in self.records(row[1] for row in rows[:limit])}
        found = [Conversation(row[0], last[row[1]], *row[2:]) for row in rows[:limit] if row[1] in last]
        return ConversationPage(total, found, found[-1].last.id if len(rows) > limit else None)

    def recipients(self) -> int:
        """Return how many people there are."""
        return self._db.number("SELECT count(*) FROM conversations")

    def last_inbound(self) -> dict[str, int]:
        """Return when each person last wrote, in milliseconds since 1970."""
        return dict(self._db.rows("SELECT contact, max(at_ms) FROM messages WHERE incoming GROUP BY contact"))

    def in_transit(self) -> list[Record]:
        """Return the messages whose last status is yet to come, as far as their status shows."""
        query = f"{RECORD_QUERY} WHERE m.status IN ('accepted', 'sent') AND NOT m.incoming ORDER BY m.id"
        return [record_of(row) for row in self._db.rows(query)]

    def sender_of(self, message_id: str, contact: str) -> str | None:
        """Return the number that `message_id` was sent to `contact` from, if it is known and was named."""
        rows = self._db.rows(
            "SELECT sender FROM messages WHERE contact = ? AND message_id = ? AND NOT incoming",
            (contact, message_id),
        )
        return rows[0][0] if rows else None


def _time(at_ms: int) -> str:
    """Format a stored time; one that cannot be is shown as the beginning of 1970."""
    try:
        return rfc3339(at_ms)
    except (ValueError, OverflowError, TypeError):
        return rfc3339(0)


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _headers(stored: str) -> dict[str, str]:
    try:
        return _decode_headers(stored)
    except msgspec.DecodeError:
        return {}


def _object(stored: bytes) -> dict[str, object]:
    try:
        return _decode_object(stored)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
