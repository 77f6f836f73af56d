"""wa_bulk inside a service: one client for all, with its own pacing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.messages import DEV_KEY, DEV_SECRET, Row
from benchmarks.peers.client import order_update
from benchmarks.workers.service import Send
from wa_bulk import Client


@asynccontextmanager
async def open_sender(url: str) -> AsyncIterator[Send]:
    base_url = url.removesuffix("/v1/messages")
    async with Client(DEV_KEY, DEV_SECRET, base_url=base_url, rate=1000, concurrency=100) as client:

        async def send(row: Row) -> object:
            return await client.send(order_update(row))

        yield send
