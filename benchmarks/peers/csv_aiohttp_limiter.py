"""aiohttp paced by aiolimiter: `python -m benchmarks.peers.csv_aiohttp_limiter recipients.csv URL RATE`."""

import asyncio
import sys

import aiohttp
from aiolimiter import AsyncLimiter

from benchmarks.messages import AUTHORIZATION, message_of, read_rows


async def main(recipients: str, url: str, rate: str) -> None:
    limiter = AsyncLimiter(float(rate), 1)
    rows = read_rows(recipients)
    async with aiohttp.ClientSession(headers={"Authorization": AUTHORIZATION}) as session:

        async def worker() -> None:
            for row in rows:
                async with limiter, session.post(url, json=message_of(row)) as reply:
                    reply.raise_for_status()
                    (await reply.json())["message_id"]

        await asyncio.gather(*(worker() for _ in range(64)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
