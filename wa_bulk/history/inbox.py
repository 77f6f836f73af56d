"""Callback rows as they came: what people wrote, what the vendor notifies of, and the last word of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from wa_bulk.history.database import Database, Row

Kind = Literal["status", "response", "notification", "unknown"]
"""`unknown`: a row of which we cannot tell what it is; kept all the same."""

_PAGE = 1000


class StoredRow(Struct, frozen=True, kw_only=True):
    """A callback row. `id` grows with each row stored; `body` is its JSON as it came."""

    id: int
    at_ms: int
    kind: Kind
    message_id: str
    body: bytes


class Inbox:
    """Reads the rows that were kept. Every method may raise HistoryError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_id(self) -> int:
        """Return the id of the newest row, 0 where there is none."""
        return self._database.number("SELECT coalesce(max(id), 0) FROM callbacks")

    def rows(self, kind: Kind, *, after_id: int = 0) -> Iterator[StoredRow]:
        """Yield the rows of a kind that were stored behind `after_id`, oldest first, in bounded memory."""
        while page := self._database.all(
            "SELECT id, at_ms, kind, message_id, body FROM callbacks WHERE kind = ? AND id > ? "
            "ORDER BY id LIMIT ?",
            (kind, after_id, _PAGE),
        ):
            yield from map(_row, page)
            after_id = page[-1][0]


def _row(values: Row) -> StoredRow:
    return StoredRow(id=values[0], at_ms=values[1], kind=values[2], message_id=values[3], body=values[4])
