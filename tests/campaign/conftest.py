from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.campaign.fixture import CampaignFixture
from wa_bulk.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignFixture:
    return CampaignFixture(tmp_path)
