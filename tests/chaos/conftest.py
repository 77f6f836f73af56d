from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.cluster import STARTED
from tests.chaos.recorder import Recorder, recording


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Recorder]:
    """A recording server that does nothing wrong until told to."""
    async with recording(tmp_path) as recorder:
        yield recorder


@pytest.fixture(autouse=True)
async def nothing_left_behind() -> AsyncIterator[None]:
    """End what a test has started and left running."""
    yield
    for process in STARTED:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    STARTED.clear()
