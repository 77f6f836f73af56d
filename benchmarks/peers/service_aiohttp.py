"""aiohttp inside a service: one session for all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from benchmarks.messages import AUTHORIZATION, Row, message_of
from benchmarks.workers.service import Send


@asynccontextmanager
async def open_sender(url: str) -> AsyncIterator[Send]:
    async with aiohttp.ClientSession(headers={"Authorization": AUTHORIZATION}) as session:

        async def send(row: Row) -> None:
            async with session.post(url, json=message_of(row)) as reply:
                reply.raise_for_status()
                (await reply.json())["message_id"]

        yield send
