"""A memory in which callbacks have been received."""

from __future__ import annotations

from pathlib import Path

from tests.callbacks.rows import AT_MS, Json, parsed
from wa_bulk.callbacks.entry import entry_of
from wa_bulk.callbacks.tables import Tables
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.history.database import Database


def hear(file: Path, *rows: Json) -> None:
    """Put these rows into the memory at `file`."""
    database = Database.open(file)
    entries = [entry_of(row, OptOutWords(), AT_MS) for row in parsed(*rows)]
    with database.transaction():
        Tables(database).write(entries)
    database.close()
