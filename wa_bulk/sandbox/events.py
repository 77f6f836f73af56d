"""Live news for whoever watches: Server-Sent Events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

BACKLOG_MAX = 2_000
_KEEP_ALIVE_S = 15.0
_STATS_EACH_S = 1.0
_TOGETHER_MAX = 100


def event(name: str, data: object) -> bytes:
    """One event on the wire."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


RELOAD = event("reload", {})
"""Sent in place of events that were too many to keep for a slow listener: it should read all anew."""


class Events:
    """Those who listen. `stats` is asked once a second, while there is news."""

    def __init__(self, stats: Callable[[], object]) -> None:
        self._stats = stats
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._closing = False

    @property
    def listening(self) -> bool:
        return bool(self._listeners)

    def publish(self, *events: bytes) -> None:
        """Tells everybody."""
        for queue in self._listeners:
            if queue.qsize() + len(events) > BACKLOG_MAX:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(RELOAD)
                continue
            for each in events:
                queue.put_nowait(each)

    def subscribe(self) -> asyncio.Queue[bytes | None]:
        """A new listener's events; None is the end of them."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        if self._closing:
            queue.put_nowait(None)
        self._listeners.add(queue)
        return queue

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Streams events until the listener leaves or the sandbox closes."""
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await reply.prepare(request)
        queue = self.subscribe()
        queue.put_nowait(event("stats", self._stats()))
        teller = asyncio.create_task(self._tell_stats(queue), name="sandbox stats")
        try:
            while (news := await _next(queue)) is not None:
                await reply.write(news)
        except ConnectionError:
            pass
        finally:
            self._listeners.discard(queue)
            teller.cancel()
        return reply

    async def _tell_stats(self, queue: asyncio.Queue[bytes | None]) -> None:
        told: object = None
        while True:
            await asyncio.sleep(_STATS_EACH_S)
            stats = self._stats()
            news = _without_clock(stats)
            if news != told:
                told = news
                queue.put_nowait(event("stats", stats))

    def close(self) -> None:
        """Ends every stream."""
        self._closing = True
        for queue in self._listeners:
            queue.put_nowait(None)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    """The events that wait, in one piece; a comment where none comes for long, which keeps the line open."""
    try:
        news = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_S)
    except TimeoutError:
        return b": still here\n\n"
    parts = []
    while news is not None:
        parts.append(news)
        if queue.empty() or len(parts) == _TOGETHER_MAX:
            break
        news = queue.get_nowait()
    if news is None and parts:
        queue.put_nowait(None)
    return b"".join(parts) if parts else None


def _without_clock(stats: object) -> object:
    plain = msgspec.to_builtins(stats)
    if isinstance(plain, dict):
        plain.pop("uptime_s", None)
    return plain
