"""Writing entries into the memory, many rows a statement.

One statement for many rows is not only less work: SQLite gives up Python's lock once a statement rather than
once a row, and so does not wait for a busy event loop after each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from wa_bulk.callbacks.entry import Entry, MessageEntry
from wa_bulk.callbacks.opt_out import OptOut
from wa_bulk.history.database import Database
from wa_bulk.history.suppression import enter, lift_stop
from wa_bulk.history.unnamed_wishes import Wish, give_wishes, keep_wish

_SIZES = (256, 64, 16, 4, 1)
"""Rows a statement: few sizes, so that each is prepared once."""

_RUNS_KEPT = 10_000

_CALLBACKS = "INSERT OR IGNORE INTO callbacks (at_ms, kind, message_id, digest, body) VALUES "
_MESSAGES = (
    "INSERT INTO messages (message_id, recipient, run, row, state, at_ms, code, sender, sent_ms, "
    "delivered_ms, read_ms, heard_ms) VALUES "
)
_MERGE = """
ON CONFLICT (message_id, recipient) DO UPDATE SET
    row = CASE WHEN run IS NULL THEN excluded.row ELSE row END,
    run = coalesce(run, excluded.run),
    at_ms = CASE WHEN excluded.state > state THEN excluded.at_ms
                 WHEN excluded.state < state THEN at_ms
                 ELSE min(at_ms, excluded.at_ms) END,
    code = CASE WHEN excluded.state > state THEN excluded.code
                WHEN excluded.state < state THEN code
                ELSE max(coalesce(code, excluded.code), coalesce(excluded.code, code)) END,
    state = max(state, excluded.state),
    sender = coalesce(sender, excluded.sender),
    sent_ms = min(coalesce(sent_ms, excluded.sent_ms), coalesce(excluded.sent_ms, sent_ms)),
    delivered_ms = min(coalesce(delivered_ms, excluded.delivered_ms),
                       coalesce(excluded.delivered_ms, delivered_ms)),
    read_ms = min(coalesce(read_ms, excluded.read_ms), coalesce(excluded.read_ms, read_ms))
"""


class Tables:
    """Writes entries, within the caller's transaction. `forget` what was learnt in one that failed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run_numbers: dict[str, int] = {}

    def forget(self) -> None:
        """Drop what may have been rolled back."""
        self._run_numbers.clear()

    def write(self, entries: Sequence[Entry]) -> list[bool]:
        """Store the entries, and return of each whether it was new. Raises HistoryError."""
        are_new = self._write_callbacks(entries)
        new = [entry for entry, is_new in zip(entries, are_new, strict=True) if is_new]
        messages = [entry.message for entry in new if entry.message is not None]
        self._write_messages(messages)
        for entry in new:
            if entry.opt_out is not None:
                self._write_opt_out(entry.opt_out)
        self._resolve_pending({message.message_id for message in messages})
        return are_new

    def _write_callbacks(self, entries: Sequence[Entry]) -> list[bool]:
        database = self._database
        last_id = database.number("SELECT coalesce(max(id), 0) FROM callbacks")
        rows = [entry.callback for entry in entries]
        stored = sum(
            database.run(_CALLBACKS + _marks(len(piece), 5), [*chain.from_iterable(piece)])
            for piece in _pieces(rows)
        )
        if stored == len(rows):
            return [True] * len(rows)
        fresh = set(database.all("SELECT message_id, digest FROM callbacks WHERE id > ?", (last_id,)))
        are_new = []
        for row in rows:
            key = (row.message_id, row.digest)
            are_new.append(key in fresh)
            fresh.discard(key)
        return are_new

    def _write_messages(self, messages: Sequence[MessageEntry]) -> None:
        rows = [(*message[:2], self._run_number(message.run_id), *message[3:]) for message in messages]
        for piece in _pieces(rows):
            self._database.run(_MESSAGES + _marks(len(piece), 12) + _MERGE, [*chain.from_iterable(piece)])

    def _run_number(self, run_id: str | None) -> int | None:
        if run_id is None:
            return None
        number = self._run_numbers.get(run_id)
        if number is None:
            self._database.run("INSERT OR IGNORE INTO run_ids (run_id) VALUES (?)", (run_id,))
            number = self._database.number("SELECT number FROM run_ids WHERE run_id = ?", (run_id,))
            if len(self._run_numbers) >= _RUNS_KEPT:
                self._run_numbers.clear()
            self._run_numbers[run_id] = number
        return number

    def _write_opt_out(self, opt_out: OptOut) -> None:
        number = opt_out.number or self._recipient_of(opt_out.answers)
        if number is None:
            assert opt_out.answers is not None
            wish: Wish = "meta" if opt_out.source == "meta" else opt_out.wish
            keep_wish(self._database, opt_out.answers, wish, opt_out.reason, opt_out.at_ms)
        elif opt_out.wish == "stop":
            enter(self._database, number, opt_out.source, opt_out.reason, opt_out.at_ms)
        else:
            lift_stop(self._database, number, opt_out.at_ms)

    def _recipient_of(self, message_id: str | None) -> str | None:
        """Return the number that got a message, None where that is not known, or where several did.

        User ids are passed over: other callbacks of the message may bring the number.
        """
        found = self._database.all(
            "SELECT recipient FROM messages WHERE message_id = ? AND recipient LIKE '+%' LIMIT 2",
            (message_id,),
        )
        return str(found[0][0]) if len(found) == 1 else None

    def _resolve_pending(self, message_ids: set[str]) -> None:
        """Give the wishes that came without a number to the people whose messages have become known."""
        if not message_ids or self._database.one("SELECT 1 FROM pending_stops LIMIT 1") is None:
            return
        for message_id in message_ids:
            if number := self._recipient_of(message_id):
                give_wishes(self._database, message_id, number)


def _pieces(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@cache
def _marks(rows: int, columns: int) -> str:
    return ",".join([f"({','.join('?' * columns)})"] * rows)
