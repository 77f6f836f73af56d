"""aiohttp, nothing naive left: `python -m benchmarks.peers.csv_aiohttp_workers recipients.csv URL`.

64 workers on uvloop, ready headers, msgspec for JSON, rows streamed; still no log, no retries, no pacing.
"""

import asyncio
import sys

import aiohttp
import msgspec
import uvloop

from benchmarks.messages import AUTHORIZATION, message_of, read_rows

HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}


async def main(recipients: str, url: str) -> None:
    encode = msgspec.json.Encoder().encode
    decode = msgspec.json.Decoder().decode
    rows = read_rows(recipients)
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def worker() -> None:
            for row in rows:
                async with session.post(url, data=encode(message_of(row))) as reply:
                    reply.raise_for_status()
                    decode(await reply.read())["message_id"]

        await asyncio.gather(*(worker() for _ in range(64)))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
