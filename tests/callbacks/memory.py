"""A memory in which callbacks have been received."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.callbacks.rows import AT_MS, Json, parsed
from wa_bulk.callbacks.entry import entry_of
from wa_bulk.callbacks.set_aside import Refused, kept
from wa_bulk.callbacks.tables import Tables
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.history import History
from wa_bulk.history.database import Database


def hear(file: Path, *rows: Json) -> None:
    """Put these rows into the memory at `file`."""
    database = Database.open(file)
    entries = [entry_of(row, OptOutWords(), AT_MS) for row in parsed(*rows)]
    with database.transaction():
        Tables(database).write(entries)
    database.close()


def kept_rows(file: Path) -> int:
    with History.open(file) as history:
        return len(list(history.inbox.rows("status")))


def set_aside_in(file: Path) -> list[tuple[int, Refused]]:
    with closing(Database.open(file)) as database:
        return kept(database, "garbage", 10)
