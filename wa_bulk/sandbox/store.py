"""Where messages are kept: SQLite, in memory with a cap or in a file without one.

Writing is put off and done in groups; reading writes first what waits, so it always sees everything.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import islice

import msgspec

from wa_bulk.sandbox.models import (
    STATUSES,
    Detail,
    NewMessage,
    Record,
    RecordedReply,
    RecordedRequest,
    StatusAt,
    StatusChange,
    rfc3339,
)
from wa_bulk.sandbox.queries import (
    RECORD_QUERY,
    Conversation,
    ConversationPage,
    Filter,
    MessagePage,
    conditions,
    record_of,
)

MEMORY_CAP = 100_000
"""How many messages are kept in memory unless the user says otherwise."""


class Totals:
    """Running sums over what is kept."""

    def __init__(self) -> None:
        self.messages = 0
        self.duplicates = 0
        self.dropped = 0
        self.by_status: Counter[str] = Counter()

    def statuses(self) -> dict[str, int]:
        """How many of the messages sent stand at each status."""
        return {status: self.by_status[status] for status in STATUSES}


_decode_object = msgspec.json.Decoder(dict[str, object]).decode
_decode_headers = msgspec.json.Decoder(dict[str, str]).decode

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


class StoreError(Exception):
    """The database file cannot be used; the text says which and why."""


def _opened(path: str | None) -> sqlite3.Connection:
    """The database, its tables made. A file is locked against a second sandbox for as long as it is open."""
    try:
        database = sqlite3.connect(
            path or ":memory:", timeout=1.0, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from None
    try:
        if path:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
        else:
            database.execute("PRAGMA journal_mode = MEMORY")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN EXCLUSIVE")
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != _APPLICATION_ID:
            raise StoreError(
                f"{path} is the database of another program: name a file that does not exist yet"
            )
        database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        database.execute("COMMIT")
        database.executescript(files("wa_bulk.sandbox").joinpath("schema.sql").read_text(encoding="utf-8"))
    except (sqlite3.Error, StoreError) as error:
        database.close()
        if isinstance(error, StoreError):
            raise
        hint = "another sandbox is using it" if "locked" in str(error) else str(error)
        raise StoreError(f"{path} cannot be used: {hint}") from None
    return database


_APPLICATION_ID = 0x77615342
"""Marks our files; `waSB` in ASCII."""


_STATUS, _ERROR_CODE, _ERROR_MESSAGE = 0, 5, 6
_AT_MS = {status: column for column, status in enumerate(STATUSES)}
"""Where things stand in the values of _INSERT and, the message itself left out, of _UPDATE."""


class Store:
    """`path` None keeps everything in memory; `cap` None keeps every message."""

    def __init__(self, path: str | None = None, cap: int | None = None) -> None:
        self._db = _opened(path)
        self._cap = cap
        self._exchanges: list[tuple[int, str, bytes, int | None, bytes | None]] = []
        self._messages: dict[int, list[object]] = {}
        self._changes: dict[int, list[object]] = {}
        self.totals = Totals()
        self._floor = 0
        self._load_totals()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _load_totals(self) -> None:
        for status, count, duplicates in self._db.execute(
            "SELECT status, count(*), count(duplicate_of) FROM messages WHERE NOT incoming GROUP BY status"
        ):
            self.totals.by_status[status] = count
            self.totals.duplicates += duplicates
        self.totals.messages = self._one("SELECT count(*) FROM messages")
        self._last_id = self._one("SELECT coalesce(max(id), 0) FROM messages")
        self._last_exchange = self._one("SELECT coalesce(max(id), 0) FROM exchanges")

    def _one(self, query: str, *values: object) -> int:
        (number,) = self._db.execute(query, values).fetchone()
        return int(number)

    def close(self) -> None:
        self.flush()
        self._db.close()

    # ---- writing

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add_exchange(self, headers: str, body: bytes, status: int | None, reply: bytes | None) -> int:
        """Keeps a request and its reply; gives the number messages refer to it by."""
        self._last_exchange += 1
        self._exchanges.append((self._last_exchange, headers, body, status, reply))
        return self._last_exchange

    def add(self, message: NewMessage) -> None:
        """Keeps a message, unless the cap has it dropped again."""
        self._messages[message.id] = ["accepted", None, None, None, None, None, None, *message]
        if not message.incoming:
            self.totals.by_status["accepted"] += 1

    def change(self, change: StatusChange) -> None:
        """Notes a message's next status. Several of one message are written as one."""
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

    @property
    def messages_waiting(self) -> int:
        """How many messages are not written yet."""
        return len(self._messages)

    @property
    def changes_waiting(self) -> int:
        """Of how many messages the status is not written yet."""
        return len(self._changes)

    def flush(self) -> None:
        """Writes all that waits."""
        self.write_messages(len(self._messages))
        self.write_changes(len(self._changes))

    def write_changes(self, count: int) -> None:
        """Writes the `count` changes that wait the longest."""
        changes = self._changes
        oldest = list(islice(changes, count))
        if oldest:
            with self._transaction():
                self._db.executemany(_UPDATE, [changes.pop(number) for number in oldest])

    def write_messages(self, count: int) -> None:
        """Writes the `count` messages that wait the longest, and drops the oldest of all above the cap."""
        oldest = list(islice(self._messages, count))
        if not oldest:
            return
        exchanges, self._exchanges = self._exchanges, []
        totals = self.totals
        with self._transaction():
            self._db.executemany("INSERT INTO exchanges VALUES (?, ?, ?, ?, ?)", exchanges)
            self._db.executemany(_INSERT, [self._messages.pop(number) for number in oldest])
            totals.messages += len(oldest)
            totals.duplicates += self._one(
                "SELECT count(duplicate_of) FROM messages WHERE id >= ?", oldest[0]
            )
            if self._cap is not None and totals.messages > self._cap:
                self._drop_oldest(totals.messages - self._cap)

    def _drop_oldest(self, count: int) -> None:
        last = self._one("SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET ?", count - 1)
        totals = self.totals
        for number, status, incoming, duplicate_of in self._db.execute(
            "DELETE FROM messages WHERE id <= ? RETURNING id, status, incoming, duplicate_of", (last,)
        ):
            if not incoming:
                change = self._changes.pop(number, None)
                totals.by_status[str(change[_STATUS]) if change else status] -= 1
            totals.duplicates -= duplicate_of is not None
        self._db.execute(
            "DELETE FROM exchanges WHERE id < (SELECT exchange FROM messages ORDER BY id LIMIT 1)"
        )
        totals.messages -= count
        totals.dropped += count
        self._floor = last

    def clear(self) -> None:
        """Forgets every message. Ids go on growing."""
        self._messages, self._exchanges, self._changes = {}, [], {}
        with self._transaction():
            for table in (
                "conversations",
                "messages",
                "exchanges",
            ):  # in this order the triggers find no work
                self._db.execute(f"DELETE FROM {table}")
        self.totals = Totals()
        self._floor = self._last_id

    # ---- reading

    def page(
        self,
        chosen: Filter = Filter(),  # noqa: B008 - frozen
        before: int | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> MessagePage:
        """The newest `limit` messages of those chosen, below id `before` and above id `after`.

        With `after` alone, those next above it, so that a reader can go on upwards page by page.
        """
        self.flush()
        where, values = conditions(chosen)
        total = (
            self._one(f"SELECT count(*) FROM messages m WHERE {' AND '.join(where)}", *values)
            if where
            else self.totals.messages
        )
        if before is not None:
            where.append("m.id < ?")
            values.append(before)
        if after is not None:
            where.append("m.id > ?")
            values.append(after)
        clause = f"WHERE {' AND '.join(where)}" if where else ""
        upwards = after is not None and before is None
        rows = self._db.execute(
            f"{RECORD_QUERY} {clause} ORDER BY m.id {'ASC' if upwards else 'DESC'} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        records = [record_of(row) for row in rows[:limit]]
        following = records[-1].id if len(rows) > limit else None
        return MessagePage(total, records[::-1] if upwards else records, following)

    def records(self, ids: Iterable[int] | None = None) -> list[Record]:
        """The messages of these ids, or all, oldest first."""
        self.flush()
        if ids is None:
            return [record_of(row) for row in self._db.execute(f"{RECORD_QUERY} ORDER BY m.id")]
        wanted = msgspec.json.encode(list(ids)).decode()
        query = f"{RECORD_QUERY} WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.id"
        return [record_of(row) for row in self._db.execute(query, (wanted,))]

    def detail(self, message: int) -> Detail | None:
        """One message with the request and reply behind it."""
        found = self.records([message])
        if not found:
            return None
        record = found[0]
        headers, body, reply_status, reply, *times = self._db.execute(
            "SELECT e.headers, e.body, e.reply_status, e.reply, m.at_ms, m.sent_ms, m.delivered_ms, "
            "m.read_ms, m.failed_ms FROM messages m JOIN exchanges e ON e.id = m.exchange WHERE m.id = ?",
            (message,),
        ).fetchone()
        history = sorted((at_ms, position) for position, at_ms in enumerate(times) if at_ms is not None)
        return Detail(
            **{name: getattr(record, name) for name in Record.__struct_fields__},
            request=RecordedRequest(_decode_headers(headers), body.decode("utf-8", "replace")),
            reply=None if reply is None else RecordedReply(reply_status, _decode_object(reply)),
            history=[StatusAt(STATUSES[position], rfc3339(at_ms)) for at_ms, position in history],
        )

    def conversations(
        self, q: str | None = None, before: int | None = None, limit: int = 50
    ) -> ConversationPage:
        """The people written to or heard from, those with the newest message first.

        `q` keeps those with any message that it is found in.
        """
        self.flush()
        where, values = conditions(Filter(q=q))
        chosen = f"contact IN (SELECT m.contact FROM messages m WHERE {where[0]})" if where else "1"
        total = self._one(f"SELECT count(*) FROM conversations WHERE {chosen}", *values)
        rows = self._db.execute(
            f"SELECT contact, last, messages, failed, duplicates FROM conversations WHERE {chosen} "
            "AND last < coalesce(?, 9223372036854775807) ORDER BY last DESC LIMIT ?",
            (*values, before, limit + 1),
        ).fetchall()
        last = {record.id: record for record in self.records(row[1] for row in rows[:limit])}
        found = [Conversation(row[0], last[row[1]], *row[2:]) for row in rows[:limit]]
        return ConversationPage(total, found, found[-1].last.id if len(rows) > limit else None)

    def recipients(self) -> int:
        """How many people there are."""
        return self._one("SELECT count(*) FROM conversations")

    def last_heard(self) -> dict[str, int]:
        """When each person last wrote, in milliseconds since 1970."""
        return dict(
            self._db.execute(
                "SELECT contact, max(at_ms) FROM messages WHERE incoming GROUP BY contact"
            ).fetchall()
        )

    def under_way(self) -> list[Record]:
        """The messages whose last status is yet to come, as far as the status tells."""
        query = f"{RECORD_QUERY} WHERE m.status IN ('accepted', 'sent') AND NOT m.incoming ORDER BY m.id"
        return [record_of(row) for row in self._db.execute(query)]

    # ---- what is not a message

    def load(self, kind: str) -> list[bytes] | None:
        """All that was saved as `kind`, or None when nothing ever was."""
        rows = self._db.execute(
            "SELECT name, value FROM settings WHERE kind = ? ORDER BY rowid", (kind,)
        ).fetchall()
        return [value for name, value in rows if name] if rows else None

    def save(self, kind: str, values: dict[str, bytes]) -> None:
        """Keeps `values` as all there is of `kind`."""
        rows = [(kind, name, value) for name, value in {"": b"", **values}.items()]
        with self._transaction():
            self._db.execute("DELETE FROM settings WHERE kind = ?", (kind,))
            self._db.executemany("INSERT INTO settings VALUES (?, ?, ?)", rows)
