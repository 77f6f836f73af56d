from collections.abc import AsyncIterator

import pytest_asyncio

from tests.media.web_server import MediaServer, media_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with media_server() as running:
        yield running
