from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.campaign.stage import Stage
from wa_bulk.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)
