"""wa_bulk's lean transport alone: ready bytes, replies decoded, no pacing and no retries."""

import asyncio
from collections.abc import Iterator

import msgspec

from benchmarks.messages import AUTHORIZATION
from wa_bulk.api import SendReply
from wa_bulk.send.transport.lean import LeanTransport

HEADERS = {"Authorization": AUTHORIZATION}


async def send_all(url: str, messages: Iterator[bytes], tasks: int) -> None:
    transport = LeanTransport(url, HEADERS, connections=tasks)
    decode = msgspec.json.Decoder(SendReply).decode

    async def worker() -> None:
        for message in messages:
            reply = await transport.post(message)
            if reply.status != 200:
                raise RuntimeError(f"HTTP {reply.status}")
            decode(reply.body)

    await asyncio.gather(*(worker() for _ in range(tasks)))
    await transport.close()
