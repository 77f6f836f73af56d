"""Live news for whoever watches: Server-Sent Events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

BACKLOG_MAX = 2_000
_KEEP_ALIVE_S = 15.0
_STATS_EACH_S = 1.0


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

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Streams events until the listener leaves or the sandbox closes."""
        reply = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await reply.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._listeners.add(queue)
        teller = asyncio.create_task(self._tell_stats(queue)) if not self._closing else None
        try:
            await reply.write(event("stats", self._stats()))
            while not self._closing:
                try:
                    news = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_S)
                except TimeoutError:
                    news = b": still here\n\n"
                if news is None:
                    break
                parts = [news]
                while not queue.empty() and len(parts) < 100:
                    more = queue.get_nowait()
                    if more is None:
                        return reply
                    parts.append(more)
                await reply.write(b"".join(parts))
        except ConnectionError:
            pass
        finally:
            self._listeners.discard(queue)
            if teller is not None:
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


def _without_clock(stats: object) -> object:
    plain = msgspec.to_builtins(stats)
    if isinstance(plain, dict):
        plain.pop("uptime_s", None)
    return plain
