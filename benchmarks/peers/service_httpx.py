"""httpx inside a service: one client for all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from benchmarks.messages import DEV_KEY, DEV_SECRET, Row, message_of
from benchmarks.workers.service import Send


@asynccontextmanager
async def open_sender(url: str) -> AsyncIterator[Send]:
    async with httpx.AsyncClient(auth=(DEV_KEY, DEV_SECRET), timeout=30) as client:

        async def send(row: Row) -> None:
            reply = await client.post(url, json=message_of(row))
            reply.raise_for_status()
            reply.json()["message_id"]

        yield send
