"""aiohttp as its tutorials have it: a task a message, a semaphore, `json=`."""

import asyncio
from collections.abc import Iterable

import aiohttp

from benchmarks.messages import AUTHORIZATION


async def send_all(url: str, messages: Iterable[dict[str, object]], tasks: int) -> None:
    free = asyncio.Semaphore(tasks)
    connector = aiohttp.TCPConnector(limit=tasks)
    headers = {"Authorization": AUTHORIZATION}
    async with (
        aiohttp.ClientSession(headers=headers, connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):

        async def send(message: dict[str, object]) -> None:
            try:
                async with session.post(url, json=message) as reply:
                    reply.raise_for_status()
                    (await reply.json())["message_id"]
            finally:
                free.release()

        for message in messages:
            await free.acquire()
            group.create_task(send(message))
