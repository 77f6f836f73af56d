from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wa_bulk.history import History
from wa_bulk.history.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return an empty memory."""
    database = Database.open(tmp_path / "memory.db")
    yield database
    database.close()


@pytest.fixture
def history(database: Database) -> History:
    return History(database)
