"""aiohttp tuned: a few long-lived workers, ready bytes, ready headers, replies read but not parsed twice."""

import asyncio
from collections.abc import Iterator

import aiohttp
import msgspec

from benchmarks.messages import AUTHORIZATION

HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}


async def send_all(url: str, messages: Iterator[bytes], tasks: int) -> None:
    connector = aiohttp.TCPConnector(limit=tasks)
    skipped = ("User-Agent", "Accept", "Accept-Encoding")
    async with aiohttp.ClientSession(
        headers=HEADERS, connector=connector, skip_auto_headers=skipped
    ) as session:

        async def worker() -> None:
            for message in messages:
                async with session.post(url, data=message) as reply:
                    reply.raise_for_status()
                    msgspec.json.decode(await reply.read())["message_id"]

        await asyncio.gather(*(worker() for _ in range(tasks)))
