"""A task a row, a semaphore, gather: `python -m benchmarks.peers.csv_aiohttp recipients.csv URL`."""

import asyncio
import sys

import aiohttp

from benchmarks.messages import AUTHORIZATION, Row, message_of, read_rows


async def main(recipients: str, url: str) -> None:
    free = asyncio.Semaphore(64)
    async with aiohttp.ClientSession(headers={"Authorization": AUTHORIZATION}) as session:

        async def send(row: Row) -> None:
            async with free, session.post(url, json=message_of(row)) as reply:
                reply.raise_for_status()
                (await reply.json())["message_id"]

        await asyncio.gather(*(send(row) for row in read_rows(recipients)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
