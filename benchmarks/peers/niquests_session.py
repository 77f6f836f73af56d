"""One `niquests.AsyncSession`, shared by many tasks."""

import asyncio
from collections.abc import Iterator

import niquests

from benchmarks.messages import DEV_KEY, DEV_SECRET


async def send_all(url: str, messages: Iterator[dict[str, object]], tasks: int) -> None:
    async with niquests.AsyncSession(pool_maxsize=tasks) as session:
        session.auth = (DEV_KEY, DEV_SECRET)

        async def worker() -> None:
            for message in messages:
                reply = await session.post(url, json=message, timeout=30)
                reply.raise_for_status()
                reply.json()["message_id"]

        await asyncio.gather(*(worker() for _ in range(tasks)))
