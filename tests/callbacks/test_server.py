from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.callbacks.http import Receiver
from tests.callbacks.rows import body, status
from wa_bulk.callbacks import CallbackStore, Counters, Limits, listening, receiver_app
from wa_bulk.callbacks.server import _affordable
from wa_bulk.history import History


async def test_what_is_being_worked_on_is_finished(file: Path) -> None:
    posts: list[asyncio.Task[tuple[int, str]]] = []
    async with CallbackStore.open(file) as store, aiohttp.ClientSession() as session:
        counters = Counters()
        async with listening(receiver_app(store, counters=counters), "127.0.0.1", 0) as port:
            receiver = Receiver(port, counters, session)
            for number in range(20):
                post = receiver.post(body(status(message_id=f"m{number}")))
                posts.append(asyncio.create_task(post))
            while counters.requests < 20:
                await asyncio.sleep(0)
        answers = [answer for answer, _ in await asyncio.gather(*posts)]
    assert answers == [200] * 20
    with History.open(file) as history:
        assert len(list(history.inbox.rows("status"))) == 20


async def test_a_port_that_is_taken_is_told(store: CallbackStore) -> None:
    async with listening(receiver_app(store), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            async with listening(receiver_app(store), "127.0.0.1", port):
                pytest.fail("two servers listen on one port")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_no_more_connections_than_files_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    assert _affordable(Limits()).connections == 192
    assert _affordable(Limits(connections=10)).connections == 10
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, 4096))
    assert _affordable(Limits()) == Limits()
