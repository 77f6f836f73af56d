"""Where receivers on several machines put callbacks: Redis, until one process has them in the memory."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, cast

from redis.asyncio import Redis

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks.entry import digest_of
from wa_bulk.callbacks.limits import MEGABYTE
from wa_bulk.callbacks.opt_out import opt_out_of
from wa_bulk.callbacks.set_aside import Cause
from wa_bulk.callbacks.sink import NotStored
from wa_bulk.callbacks.store import LOCKED_AFTER_S, Recorded
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.callbacks.writer import ReplayedNonce, Signed
from wa_bulk.cluster import keys
from wa_bulk.cluster.callback_entry import FORMAT, ExtraWords, RefusedEntry, encode, received_entry
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.cluster.script import Argument, Script

Stream = Literal["received", "refused"]

BYTES_MAX: dict[Stream, int] = {"received": 1024 * MEGABYTE, "refused": 32 * MEGABYTE}
"""Most that waits to be collected, compressed. Callbacks beyond are answered with 503."""
TELL_AT = 0.25
"""Of the most: from there on a receiver says that callbacks pile up."""
FULL_AT = 0.98
"""Of the most: from there on the health address says so, since it may be too much for the next request."""
STORED_WITHIN_S = LOCKED_AFTER_S
HELD_BYTES_MAX = 64 * MEGABYTE
"""Most that a receiver holds while Redis takes nothing."""
NONCE_MS = 3_600_000
"""Longer than any signature stays fresh."""
_TELL_EVERY_S = 60.0
_BATCH_BYTES = 4 * MEGABYTE
_BATCH_ENTRIES = 1000
"""A script of Redis can answer for no more than some thousands at once."""
_AGAIN_S = (0.1, 0.2, 0.5)

_receive = Script("receive")
_log = logging.getLogger("wa_bulk.callbacks")


class _Waiting:
    """One request's entry, and whom to tell what became of it: "ok", "full" or "replayed"."""

    def __init__(self, data: bytes, signed: Signed | None = None) -> None:
        self.data = data
        self.signed = signed
        self.fate: asyncio.Future[str] = asyncio.get_running_loop().create_future()


class SharedCallbacks:
    """Keeps callbacks in Redis until they are collected. A `CallbackSink`.

    What is stored has been answered for by Redis: it is as durable as Redis is set to be. Any number of
    requests may be stored at once; what waits is written as one. While Redis cannot be reached, what was to
    be stored is held, and stored once it can be: whatever the answer, the vendor posts nothing twice.
    """

    def __init__(self, redis: Redis, url: str, words: ExtraWords = ExtraWords()) -> None:  # noqa: B008
        """`words` by which people stop and start go along. Raises ValueError for words that cannot be."""
        self._redis = redis
        self._url = url
        self._extra_words = words
        self._words = OptOutWords(words.stop, words.start)
        self._queues = {stream: _Queue(partial(self._send, stream)) for stream in BYTES_MAX}
        self._told_at_s = float("-inf")

    async def record(self, rows: Sequence[CallbackRow], *, signed: Signed | None = None) -> Recorded:
        """Store the rows; which of them are repeated is found when they are collected.

        Raises NotStored where they are not stored in time, be it that they are later; ReplayedNonce where the
        nonce came with another body.
        """
        if rows or signed is not None:
            data = encode(received_entry(rows, self._extra_words))
            await self._put("received", _Waiting(data, signed))
        wishes = [opt_out_of(row, self._words, 0) for row in rows]
        return Recorded(rows, 0, [wish for wish in wishes if wish is not None])

    async def set_aside(self, body: bytes, cause: Cause, reason: str) -> None:
        """Keep a request that is refused. Raises NotStored where there is no room for it."""
        await self._put("refused", _Waiting(encode(RefusedEntry(cause, reason, body))))

    async def check(self) -> None:
        """See whether Redis would store something. Raises NotStored."""
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                bytes_waiting, _ = await self._send("received", [])
        except TimeoutError:
            raise NotStored(_too_slow()) from None
        except ClusterError as error:
            raise NotStored(str(error)) from error
        if bytes_waiting >= FULL_AT * BYTES_MAX["received"]:
            raise NotStored(_full())

    async def close(self) -> None:
        """Store what is held, if that can be done soon. To be called once nothing is recorded any more."""
        await asyncio.gather(*(queue.close() for queue in self._queues.values()))

    async def _put(self, stream: Stream, waiting: _Waiting) -> None:
        queue = self._queues[stream]
        queue.add(waiting)
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                fate = await waiting.fate
        except TimeoutError:
            raise NotStored(queue.trouble or _too_slow()) from None
        if fate == "replayed":
            raise ReplayedNonce
        if fate == "full":
            raise NotStored(_full())

    async def _send(self, stream: Stream, batch: Sequence[_Waiting]) -> tuple[int, list[str]]:
        """Have Redis keep a batch; return how many bytes wait, and each one's fate. Raises ClusterError."""
        names = keys.of_callbacks("facts", stream, "collector")
        arguments: list[Argument] = [stream, BYTES_MAX[stream], NONCE_MS, FORMAT]
        for waiting in batch:
            nonce, digest = 0, 0
            if waiting.signed is not None:
                nonce_digest = digest_of(waiting.signed.nonce.encode("utf-8", "surrogateescape"))
                names += keys.of_callbacks(f"nonce:{nonce_digest}")
                nonce, digest = len(names), waiting.signed.digest
            arguments += [nonce, digest, waiting.data]
        with in_words(self._url):
            reply = await _receive.run(self._redis, names, *arguments)
        bytes_waiting, collected, *fates = cast(tuple[int, int, *tuple[bytes, ...]], reply)
        if stream == "received":
            self._tell(bytes_waiting, is_collected=bool(collected))
        return bytes_waiting, [fate.decode() for fate in fates]

    def _tell(self, bytes_waiting: int, *, is_collected: bool) -> None:
        """Say that callbacks pile up, but not each time."""
        now_s = time.monotonic()
        if bytes_waiting < TELL_AT * BYTES_MAX["received"] or now_s - self._told_at_s < _TELL_EVERY_S:
            return
        self._told_at_s = now_s
        how = "they are collected too slowly" if is_collected else "nobody collects them"
        _log.warning(
            "%s, and %s (wa-bulk cluster collect --follow): beyond that they are refused, and lost",
            waiting_of_most(bytes_waiting),
            how,
        )


class _Queue:
    """What waits for one stream: one call at a time takes all of it along."""

    def __init__(self, send: Callable[[Sequence[_Waiting]], Awaitable[tuple[int, list[str]]]]) -> None:
        self.trouble = ""
        """Why Redis took nothing when it was last asked."""
        self._send = send
        self._waiting: list[_Waiting] = []
        self._bytes = 0
        self._sending: asyncio.Task[None] | None = None

    def add(self, waiting: _Waiting) -> None:
        """Have an entry stored soon. Raises NotStored where too much is held."""
        if self._bytes > HELD_BYTES_MAX:
            raise NotStored(f"{self.trouble}; {HELD_BYTES_MAX // MEGABYTE} MB wait for it here")
        self._bytes += len(waiting.data)
        self._waiting.append(waiting)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    async def close(self) -> None:
        """Wait a moment for what is held to be stored."""
        if self._sending is None:
            return
        sending = self._sending
        await asyncio.wait([sending], timeout=STORED_WITHIN_S)
        sending.cancel()
        if self._waiting:
            _log.warning("%d requests are lost: %s", len(self._waiting), self.trouble or _too_slow())

    async def _send_all(self) -> None:
        late = failures = 0
        try:
            while batch := self._batch():
                try:
                    async with asyncio.timeout(STORED_WITHIN_S):
                        _, fates = await self._send(batch)
                except TimeoutError:
                    self.trouble = _too_slow()
                except ClusterError as error:
                    self.trouble = str(error)
                    await asyncio.sleep(_AGAIN_S[min(failures, len(_AGAIN_S) - 1)])
                    failures += 1
                else:
                    self.trouble, failures = "", 0
                    del self._waiting[: len(batch)]
                    self._bytes -= sum(len(waiting.data) for waiting in batch)
                    late += self._tell(batch, fates)
        finally:
            self._sending = None
            if late:
                _log.warning("%d requests that were answered with 503 are stored by now", late)

    def _tell(self, batch: Sequence[_Waiting], fates: Sequence[str]) -> int:
        """Tell what became of these, and return how many were stored too late for their answer."""
        late = 0
        for waiting, fate in zip(batch, fates, strict=True):
            if not waiting.fate.done():
                waiting.fate.set_result(fate)
            elif fate == "ok":
                late += 1
        return late

    def _batch(self) -> list[_Waiting]:
        """Return what to store next."""
        size = 0
        for count, waiting in enumerate(self._waiting):
            size += len(waiting.data)
            if count == _BATCH_ENTRIES or (count and size > _BATCH_BYTES):
                return self._waiting[:count]
        return list(self._waiting)


def waiting_of_most(bytes_waiting: int) -> str:
    """Say how much waits to be collected."""
    most = BYTES_MAX["received"] // MEGABYTE
    return f"{bytes_waiting / MEGABYTE:,.0f} MB of callbacks wait in Redis, of {most:,} MB at most"


def _too_slow() -> str:
    return f"Redis did not answer within {STORED_WITHIN_S:g} s"


def _full() -> str:
    most = BYTES_MAX["received"] // MEGABYTE
    return f"{most:,} MB of callbacks wait in Redis to be collected, and no more may: wa-bulk cluster collect"
