"""A receiver on a port of its own, and a poster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import aiohttp

from wa_bulk.callbacks import Counters, Limits, OnRow, listening, receiver_app
from wa_bulk.callbacks.sink import CallbackSink


class Receiver(NamedTuple):
    """A running receiver; `post` and `get` return status and text."""

    port: int
    counters: Counters
    session: aiohttp.ClientSession

    async def post(self, data: object, path: str = "/", **headers: str) -> tuple[int, str]:
        async with self.session.post(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers
        ) as reply:
            return reply.status, await reply.text()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(f"http://127.0.0.1:{self.port}{path}") as reply:
            return reply.status, await reply.text()


@asynccontextmanager
async def receiving(
    store: CallbackSink,
    secret: str | None = None,
    on_row: OnRow | None = None,
    *,
    path: str = "/",
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> AsyncIterator[Receiver]:
    """Run a receiver."""
    counters = Counters()
    app = receiver_app(store, secret, on_row, path=path, limits=limits, counters=counters)
    async with aiohttp.ClientSession() as session, listening(app, "127.0.0.1", 0, limits=limits) as port:
        yield Receiver(port, counters, session)
