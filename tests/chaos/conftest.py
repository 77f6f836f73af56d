from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.recorder import Recorder, recording


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Recorder]:
    """A recording server that does nothing wrong until told to."""
    async with recording(tmp_path) as recorder:
        yield recorder
