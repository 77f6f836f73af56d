"""Live updates for the inbox: Server-Sent Events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from wa_bulk.sandbox.database import StoreError

BACKLOG_MAX = 2_000
_KEEP_ALIVE_S = 15.0
_STATS_INTERVAL_S = 1.0
_BATCH_MAX = 100


def event(name: str, data: object) -> bytes:
    """Encode one event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


RELOAD = event("reload", {})
"""Sent to a listener too slow for the events queued for it: it should read everything again."""


class Events:
    """The listeners. `stats` is called once a second for each, and sent when it changed."""

    def __init__(self, stats: Callable[[], object]) -> None:
        self._stats = stats
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._closing = False

    @property
    def listening(self) -> bool:
        return bool(self._listeners)

    def publish(self, *events: bytes) -> None:
        """Send the events to every listener."""
        for queue in self._listeners:
            if queue.qsize() + len(events) > BACKLOG_MAX:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(RELOAD)
                continue
            for each in events:
                queue.put_nowait(each)

    def subscribe(self) -> asyncio.Queue[bytes | None]:
        """Add a listener; returns the queue of its events, where None ends the stream."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        if self._closing:
            queue.put_nowait(None)
        self._listeners.add(queue)
        return queue

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Stream events until the listener disconnects or the sandbox closes."""
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await reply.prepare(request)
        queue = self.subscribe()
        queue.put_nowait(event("stats", self._stats()))
        stats_task = asyncio.create_task(self._send_stats(queue), name="sandbox stats")
        try:
            while (events := await _next(queue)) is not None:
                await reply.write(events)
        except ConnectionError:
            pass
        finally:
            self._listeners.discard(queue)
            stats_task.cancel()
        return reply

    async def _send_stats(self, queue: asyncio.Queue[bytes | None]) -> None:
        sent: object = None
        while True:
            await asyncio.sleep(_STATS_INTERVAL_S)
            try:
                stats = self._stats()
            except StoreError:  # a database that cannot be read now may be readable the next time
                continue
            comparable = _without_clock(stats)
            if comparable != sent:
                sent = comparable
                queue.put_nowait(event("stats", stats))

    def close(self) -> None:
        """End every stream."""
        self._closing = True
        for queue in self._listeners:
            queue.put_nowait(None)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    """Return the queued events in one piece, or a comment after a long wait, to keep the connection."""
    try:
        latest = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_S)
    except TimeoutError:
        return b": keep-alive\n\n"
    parts = []
    while latest is not None:
        parts.append(latest)
        if queue.empty() or len(parts) == _BATCH_MAX:
            break
        latest = queue.get_nowait()
    if latest is None and parts:
        queue.put_nowait(None)
    return b"".join(parts) if parts else None


def _without_clock(stats: object) -> object:
    plain = msgspec.to_builtins(stats)
    if isinstance(plain, dict):
        plain.pop("uptime_s", None)
    return plain
