"""Callbacks from Redis into the account's memory: on the disk first, and only then gone from Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import NamedTuple, cast

from redis.asyncio import Redis

from wa_bulk.callbacks.counters import Counters
from wa_bulk.callbacks.limits import MEGABYTE
from wa_bulk.callbacks.store import CallbackStore, Recorded
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.cluster import keys
from wa_bulk.cluster.callback_entry import FORMAT, CallbackEntry, ExtraWords, ReceivedEntry, decode
from wa_bulk.cluster.connection import ClusterError, Unavailable, in_words
from wa_bulk.cluster.patience import AGAIN_S, Patience
from wa_bulk.cluster.role import LEASE_MS, leave_role, take_role
from wa_bulk.cluster.script import Argument, Script
from wa_bulk.cluster.shared_callbacks import BYTES_MAX, Stream
from wa_bulk.history import HistoryError
from wa_bulk.history.database import now_ms

ENTRIES_AT_ONCE = 500
BYTES_AT_ONCE = MEGABYTE
"""No more is read at once than what both allow."""
LOOK_S = 0.2

_drain = Script("drain")
_log = logging.getLogger("wa_bulk.callbacks")


class Page(NamedTuple):
    """Entries of a stream, by id, and their bytes in Redis."""

    stream: Stream
    entries: Sequence[tuple[str, CallbackEntry]]
    size: int


class Collecting(NamedTuple):
    """Into which memory callbacks were collected last (`host:file`), who collects them now
    (`host:process`), and how many bytes wait."""

    home: str | None
    collector: str | None
    bytes_waiting: int


class CallbackCollector(Patience):
    """Moves callbacks that receivers put into Redis into `store`, the memory that is called `home`.

    Restarted anywhere, it loses nothing: what it had stored and not dropped comes once more, and changes
    nothing.
    """

    def __init__(
        self, redis: Redis, url: str, store: CallbackStore, home: str, counters: Counters | None = None
    ) -> None:
        super().__init__()
        self.counters = counters or Counters()
        """What was stored."""
        self._redis = redis
        self._url = url
        self._store = store
        self._home = home
        self._token = ""
        self._words: dict[ExtraWords, OptOutWords] = {}

    async def collect(self, *, follow: bool) -> None:
        """Collect what there is or, with `follow`, until it is stopped.

        Raises ClusterError, where another process collects callbacks too, and HistoryError where they cannot
        be stored; with `follow` it goes on once they can.
        """
        self._token = await take_role(
            self._redis, self._url, keys.CALLBACKS, "collector", "another process collects callbacks"
        )
        try:
            await self.until_answered(self._tell_home)
            while True:
                for stream in BYTES_MAX:
                    await self._empty(stream, follow=follow)
                if not follow or self.stopped.is_set():
                    return
                await self.pause(LOOK_S)
        except Unavailable:
            if not self.stopped.is_set():  # what was not collected waits in Redis
                raise
        finally:
            with suppress(Unavailable):  # then the role ends by itself
                await leave_role(self._redis, self._url, keys.CALLBACKS, "collector", self._token)

    async def _tell_home(self) -> None:
        (facts,) = keys.of_callbacks("facts")
        with in_words(self._url):
            await self._redis.hset(facts, "home", self._home)

    async def _empty(self, stream: Stream, *, follow: bool) -> None:
        page = await self._next(stream, None)
        while page.entries:
            try:
                await self._keep(page)
            except HistoryError as error:
                if not follow or self.stopped.is_set():
                    raise
                self.notice = str(error)
                await self.pause(AGAIN_S)
                page = await self._next(stream, None)
            else:
                page = await self._next(stream, page)
                if self.stopped.is_set():
                    return

    async def _next(self, stream: Stream, done: Page | None) -> Page:
        """Have Redis drop a page that is in the memory, and return the next one."""
        names = keys.of_callbacks("facts", stream, "collector")
        dropped: tuple[Argument, ...] = ("", "", 0)
        if done is not None:
            last = done.entries[-1][0]
            milliseconds, _, number = last.partition("-")
            dropped = last, f"{milliseconds}-{int(number) + 1}", done.size

        async def ask() -> list[bytes | tuple[bytes, list[bytes]]]:
            with in_words(self._url):
                reply = await _drain.run(
                    self._redis,
                    names,
                    self._token,
                    LEASE_MS,
                    stream,
                    *dropped,
                    ENTRIES_AT_ONCE,
                    BYTES_AT_ONCE,
                )
            return cast(list[bytes | tuple[bytes, list[bytes]]], reply)

        result, *found = await self.until_answered(ask)
        if result != b"ok":
            raise ClusterError("another process collects callbacks now: this one stood still for too long")
        entries = []
        size = 0
        for entry_id, fields in cast(list[tuple[bytes, list[bytes]]], found):
            facts = dict(zip(fields[::2], fields[1::2], strict=True))
            if facts[b"format"] != FORMAT.encode():
                raise ClusterError(
                    "callbacks in Redis were received by another version of wa-bulk, which keeps them "
                    "differently: collect them with that version"
                )
            entries.append((entry_id.decode(), decode(facts[b"data"])))
            size += len(facts[b"data"])
        return Page(stream, entries, size)

    async def _keep(self, page: Page) -> None:
        """Put a page into the memory. Raises HistoryError."""
        kept = await asyncio.gather(
            *(self._keep_one(entry_id, entry) for entry_id, entry in page.entries), return_exceptions=True
        )
        for fate in kept:
            if isinstance(fate, BaseException):
                raise fate
        for recorded in kept:
            if isinstance(recorded, Recorded):
                self.counters.requests += 1
                self.counters.count(recorded)

    async def _keep_one(self, entry_id: str, entry: CallbackEntry) -> Recorded | None:
        if not isinstance(entry, ReceivedEntry):
            await self._store.set_aside(entry.body, entry.cause, entry.reason)
            return None
        try:
            received_ms = min(int(entry_id.partition("-")[0]), now_ms())  # Redis' clock may be ahead
            return await self._store.record(
                entry.parsed(), received_ms=received_ms, words=self._words_of(entry.words)
            )
        except HistoryError:
            raise
        except Exception as error:  # a row that we failed to foresee: it must not keep others in Redis
            _log.exception("a callback could not be stored, and is kept aside")
            self.counters.not_stored += 1
            await self._store.set_aside(entry.body, "garbage", f"could not be stored: {error}")
            return None

    def _words_of(self, extra: ExtraWords) -> OptOutWords:
        words = self._words.get(extra)
        if words is None:
            words = self._words[extra] = OptOutWords(extra.stop, extra.start)
        return words


async def waiting_for(redis: Redis, url: str, home: str) -> bool:
    """Return whether callbacks wait that may be collected into the memory that is called `home`.

    They may not where they are collected into another memory: parts of them would be in two places.
    """
    facts, received, refused = keys.of_callbacks("facts", "received", "refused")
    with in_words(url):
        if not await redis.xlen(received) + await redis.xlen(refused):
            return False
        known = await cast(Awaitable[bytes | None], redis.hget(facts, "home"))
    return known is None or known.decode() == home


async def collecting(redis: Redis, url: str) -> Collecting:
    """Tell where callbacks are collected. Raises ClusterError."""
    facts, collector = keys.of_callbacks("facts", "collector")
    with in_words(url):
        home, waiting = await cast(Awaitable[list[bytes | None]], redis.hmget(facts, ["home", "received"]))
        who = await cast(Awaitable[bytes | None], redis.get(collector))
    return Collecting(
        home.decode() if home is not None else None,
        who.decode().split()[0] if who is not None else None,
        int(waiting or 0),
    )
