"""A program that takes shared tokens, forks, and goes on in both: `… -m tests.cluster.forking_pacer URL`."""

import asyncio
import os
import sys

from tests.send.pacing.contract import NUMBER, taken
from wa_bulk.cluster import RedisPacer


async def take(pacer: RedisPacer, tokens: int) -> None:
    queue = pacer.of(NUMBER)
    await asyncio.gather(*(taken(queue) for _ in range(tokens)))


async def take_and_close(pacer: RedisPacer) -> None:
    await take(pacer, 50)
    await pacer.close()


async def main(url: str) -> None:
    pacer = RedisPacer.from_url(url, rate=100)
    await take(pacer, 1)
    in_parent = asyncio.create_task(take_and_close(pacer))
    await asyncio.sleep(0)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(take_and_close(pacer))
            status = 0
        finally:
            os._exit(status)
    await in_parent
    _, code = await asyncio.to_thread(os.waitpid, child, 0)
    if code:
        sys.exit(f"the child ended with {code}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
