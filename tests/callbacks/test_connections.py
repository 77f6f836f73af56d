"""Connections that ask for nothing make room for those that do."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.callbacks.http import Receiver, receiving
from tests.callbacks.rows import body, status
from wa_bulk.callbacks import CallbackStore, Limits, connections

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(receiver: Receiver, count: int, first_bytes: bytes = b"") -> list[Stream]:
    streams = [await asyncio.open_connection("127.0.0.1", receiver.port) for _ in range(count)]
    for _, writer in streams:
        writer.write(first_bytes)
    return streams


async def closed_by_server(stream: Stream) -> bool:
    """Whether the server closes it; waits for that, or for an answer."""
    try:
        return await stream[0].read(1) == b""
    except ConnectionError:
        return True


SLOW = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"


@pytest.mark.parametrize("first_bytes", [b"", b"POST / HTT", SLOW], ids=["idle", "half a head", "slow body"])
async def test_many_that_do_nothing_keep_nobody_out(store: CallbackStore, first_bytes: bytes) -> None:
    async with receiving(store, limits=Limits(connections=20)) as receiver:
        streams = await opened(receiver, 200, first_bytes)
        for number in range(30):
            assert (await receiver.post(body(status(message_id=f"m{number}"))))[0] == 200
        assert all([await closed_by_server(stream) for stream in streams[:170]])
        for _, writer in streams:
            writer.close()


async def test_idle_ones_are_closed_in_time(store: CallbackStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_SWEEP_EVERY_S", 0.01)
    async with receiving(store, limits=Limits(idle_s=0.05)) as receiver:
        idle, half = await opened(receiver, 1), await opened(receiver, 1, b"POST / HTT")
        assert await closed_by_server(idle[0])
        assert await closed_by_server(half[0])
        for _, writer in (*idle, *half):
            writer.close()


async def test_a_connection_is_used_again_and_again(store: CallbackStore) -> None:
    async with receiving(store, limits=Limits(connections=1)) as receiver:
        async with AsyncExitStack() as stack:
            connector = aiohttp.TCPConnector(limit=1)
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            for number in range(20):
                data = body(status(message_id=f"m{number}"))
                async with session.post(f"http://127.0.0.1:{receiver.port}/", data=data) as reply:
                    assert reply.status == 200
        assert receiver.counters.requests == 20
