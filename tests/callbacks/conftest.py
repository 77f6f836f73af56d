from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wa_bulk.callbacks import CallbackStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a memory may be made."""
    return tmp_path / "memory.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[CallbackStore]:
    async with CallbackStore.open(file, locked_after_s=0.2) as store:
        yield store
