"""Sends nothing: what the host's own tasks cost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.messages import Row
from benchmarks.workers.service import Send


@asynccontextmanager
async def open_sender(url: str) -> AsyncIterator[Send]:
    async def send(row: Row) -> None:
        await asyncio.sleep(0)

    yield send
