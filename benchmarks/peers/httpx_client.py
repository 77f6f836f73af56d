"""One `httpx.AsyncClient`, shared by many tasks."""

import asyncio
from collections.abc import Iterator

import httpx

from benchmarks.messages import DEV_KEY, DEV_SECRET


async def send_all(url: str, messages: Iterator[dict[str, object]], tasks: int) -> None:
    limits = httpx.Limits(max_connections=tasks, max_keepalive_connections=tasks)
    async with httpx.AsyncClient(auth=(DEV_KEY, DEV_SECRET), limits=limits, timeout=30) as client:

        async def worker() -> None:
            for message in messages:
                reply = await client.post(url, json=message)
                reply.raise_for_status()
                reply.json()["message_id"]

        await asyncio.gather(*(worker() for _ in range(tasks)))
