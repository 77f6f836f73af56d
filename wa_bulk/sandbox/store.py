"""Where messages are stored: SQLite, in memory with a cap or in a file without one.

Writing is put off and done in groups: `flush` before reading, so that reading sees everything.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

from wa_bulk.sandbox.database import Database
from wa_bulk.sandbox.models import STATUSES, NewMessage, StatusChange
from wa_bulk.sandbox.queries import Queries

MEMORY_CAP = 100_000
"""How many messages are kept in memory unless the user says otherwise."""


class Totals:
    """Running sums over what is stored."""

    def __init__(self) -> None:
        self.messages = 0
        self.duplicates = 0
        self.dropped = 0
        self.by_status: Counter[str] = Counter()

    def statuses(self) -> dict[str, int]:
        """Return how many of the messages sent have each status."""
        return {status: self.by_status[status] for status in STATUSES}


_INSERT = """
INSERT INTO messages (status, sent_ms, delivered_ms, read_ms, failed_ms, error_code, error_message,
                      id, message_id, exchange, incoming, contact, sender, type, template, rendered, search,
                      digest, at_ms, duplicate_of)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        (SELECT min(id) FROM messages WHERE digest = ?18))
"""


_UPDATE = """
UPDATE messages SET status = ?, sent_ms = coalesce(?, sent_ms), delivered_ms = coalesce(?, delivered_ms),
    read_ms = coalesce(?, read_ms), failed_ms = coalesce(?, failed_ms), error_code = ?, error_message = ?
WHERE id = ?
"""


_STATUS, _ERROR_CODE, _ERROR_MESSAGE = 0, 5, 6
_INCOMING = 10
_AT_MS = {status: column for column, status in enumerate(STATUSES)}
"""Positions in the values of _INSERT and, up to the message itself, of _UPDATE."""


class Store:
    """`path` None keeps everything in memory; `cap` None keeps every message."""

    def __init__(self, path: str | None = None, cap: int | None = None) -> None:
        """Open the file. Raises StoreError when it cannot be used."""
        self.durable = path is not None
        self._db = Database(path)
        self._cap = cap
        self._exchanges: list[tuple[int, str, bytes, int | None, bytes | None]] = []
        self._messages: dict[int, list[object]] = {}
        self._changes: dict[int, list[object]] = {}
        self.totals = Totals()
        self.queries = Queries(self._db)
        self._floor = 0
        try:
            self._load_totals()
        except BaseException:
            self._db.close()
            raise

    def _load_totals(self) -> None:
        for status, count, duplicates in self._db.rows(
            "SELECT status, count(*), count(duplicate_of) FROM messages WHERE NOT incoming GROUP BY status"
        ):
            self.totals.by_status[status] = count
            self.totals.duplicates += duplicates
        self.totals.messages = self._db.number("SELECT count(*) FROM messages")
        self._last_id = self._db.number("SELECT coalesce(max(id), 0) FROM messages")
        self._last_exchange = self._db.number("SELECT coalesce(max(id), 0) FROM exchanges")

    def close(self) -> None:
        """Close the database; what was not flushed is lost."""
        self._db.close()

    # ---- adding

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add_exchange(self, headers: str, body: bytes, status: int | None, reply: bytes | None) -> int:
        """Add a request and its reply; returns the number that messages refer to it by."""
        self._last_exchange += 1
        self._exchanges.append((self._last_exchange, headers, body, status, reply))
        return self._last_exchange

    def add(self, message: NewMessage) -> None:
        """Add a message; the cap may drop it again."""
        self._messages[message.id] = ["accepted", None, None, None, None, None, None, *message]
        if not message.incoming:
            self.totals.by_status["accepted"] += 1

    def change(self, change: StatusChange) -> None:
        """Set a message's next status. Several changes of one message are written as one."""
        if change.id <= self._floor:
            return
        self.totals.by_status[change.previous] -= 1
        self.totals.by_status[change.status] += 1
        values = self._messages.get(change.id) or self._changes.get(change.id)
        if values is None:
            values = self._changes[change.id] = [None, None, None, None, None, None, None, change.id]
        values[_STATUS] = change.status
        values[_AT_MS[change.status]] = change.at_ms
        if change.error is not None:
            values[_ERROR_CODE], values[_ERROR_MESSAGE] = change.error.code, change.error.message

    # ---- writing

    @property
    def messages_waiting(self) -> int:
        """How many messages are not written yet."""
        return len(self._messages)

    @property
    def changes_waiting(self) -> int:
        """How many messages have a status that is not written yet."""
        return len(self._changes)

    def write_changes(self, count: int) -> None:
        """Write the `count` oldest changes that wait. Raises StoreError; they wait on then."""
        changes = self._changes
        oldest = list(islice(changes, count))
        if not oldest:
            return
        with self._db.transaction() as connection:
            connection.executemany(_UPDATE, [changes[number] for number in oldest])
        for number in oldest:
            del changes[number]

    def write_messages(self, count: int) -> None:
        """Write the `count` oldest messages that wait, and drop the oldest of all above the cap.

        Raises StoreError; they wait on then.
        """
        oldest = list(islice(self._messages, count))
        if not oldest:
            return
        totals = self.totals
        dropped: list[tuple[int, str, bool, int | None]] = []
        with self._db.transaction() as connection:
            connection.executemany("INSERT INTO exchanges VALUES (?, ?, ?, ?, ?)", self._exchanges)
            connection.executemany(_INSERT, [self._messages[number] for number in oldest])
            duplicates = self._db.number("SELECT count(duplicate_of) FROM messages WHERE id >= ?", oldest[0])
            above_cap = 0 if self._cap is None else totals.messages + len(oldest) - self._cap
            if above_cap > 0:
                last = self._db.number("SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET ?", above_cap - 1)
                dropped = connection.execute(
                    "DELETE FROM messages WHERE id <= ? RETURNING id, status, incoming, duplicate_of", (last,)
                ).fetchall()
                connection.execute(
                    "DELETE FROM exchanges WHERE id < (SELECT exchange FROM messages ORDER BY id LIMIT 1)"
                )
        self._exchanges.clear()
        if len(oldest) == len(self._messages):
            self._messages.clear()
        else:
            for number in oldest:
                del self._messages[number]
        totals.messages += len(oldest)
        totals.duplicates += duplicates
        self._note_dropped(dropped)

    def _note_dropped(self, dropped: list[tuple[int, str, bool, int | None]]) -> None:
        totals = self.totals
        for number, status, incoming, duplicate_of in dropped:
            if not incoming:
                change = self._changes.pop(number, None)
                totals.by_status[str(change[_STATUS]) if change else status] -= 1
            totals.duplicates -= duplicate_of is not None
            self._floor = max(self._floor, number)
        totals.messages -= len(dropped)
        totals.dropped += len(dropped)

    def discard_waiting(self) -> list[int]:
        """Drop the messages that wait to be written, for good; returns their ids."""
        discarded = list(self._messages)
        for values in self._messages.values():
            if not values[_INCOMING]:
                self.totals.by_status[str(values[_STATUS])] -= 1
        self._messages.clear()
        self._exchanges.clear()
        return discarded

    def clear(self) -> None:
        """Delete every message. Ids go on growing. Raises StoreError."""
        with self._db.transaction() as connection:
            # In this order the triggers have nothing to do.
            for table in ("conversations", "messages", "exchanges"):
                connection.execute(f"DELETE FROM {table}")
        self._messages.clear()
        self._exchanges.clear()
        self._changes.clear()
        self.totals = Totals()
        self._floor = self._last_id

    # ---- settings

    def load(self, kind: str) -> list[bytes] | None:
        """Return everything saved as `kind`, or None when nothing ever was. Raises StoreError."""
        rows = self._db.rows("SELECT name, value FROM settings WHERE kind = ? ORDER BY rowid", (kind,))
        return [value for name, value in rows if name] if rows else None

    def save(self, kind: str, values: dict[str, bytes]) -> None:
        """Replace everything saved as `kind` by `values`. Raises StoreError."""
        rows = [(kind, name, value) for name, value in {"": b"", **values}.items()]
        with self._db.transaction() as connection:
            connection.execute("DELETE FROM settings WHERE kind = ?", (kind,))
            connection.executemany("INSERT INTO settings VALUES (?, ?, ?)", rows)
