"""The ledger of one worker's share of a run: chunks under leases, and results to be collected."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.books import CLAIMABLE, INTENDED, MAYBE_TAKEN, totals_of
from wa_bulk.cluster.chunk import QueuedRow, decode_rows, result_of
from wa_bulk.cluster.connection import ClusterError, Unavailable
from wa_bulk.cluster.leased_chunk import Fate, LeasedChunk, gone, taken_over
from wa_bulk.cluster.patient_redis import AGAIN_S, PatientRedis
from wa_bulk.cluster.run_record import State
from wa_bulk.cluster.script import Script
from wa_bulk.ledger.base import Claim
from wa_bulk.ledger.log_format import LogError, Stopped, Totals
from wa_bulk.ledger.row_states import CODES, NEVER
from wa_bulk.send.outcome import Outcome

LEASE_S = 30.0
"""An owner that was not heard of for so long is taken for dead."""
RENEW_S = 3.0
MARGIN = 1 / 6
"""Of its lease: so long before it ends an owner that could not renew it sends nothing any more."""
FLUSH_S = 0.2
"""How soon results are in Redis where no intent takes them along."""
RESULT_BYTES_MAX = 1 << 27
"""With that many bytes of results in Redis, no chunk is taken until some are collected."""

_take, _note, _renew, _stop = (Script(name) for name in ("take", "note", "renew", "stop"))
_SAYS_MORE = (CODES["accepted"], CODES["skipped"])
_UNKNOWN = CODES["unknown"]
_REJECTED = CODES["rejected"]


def boot_time() -> float:
    """Return seconds that go on while the machine sleeps, as a server's do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class RedisLedger:
    """A `Ledger` of a run that several workers share; each has its own, for as long as it is at it.

    It takes chunks one by one; `claim` says None when there is none to be had now. Rows that submit has left
    out are settled as it takes them. `on_error` is called once, in the event loop, when a chunk was taken
    from it: then nothing may be sent any more, and what it had announced is somebody else's to settle.
    """

    def __init__(
        self,
        redis: Redis,
        url: str,
        run_id: str,
        *,
        lease_s: float = LEASE_S,
        about: Callable[[], str] = str,
        clock: Callable[[], float] = boot_time,
    ) -> None:
        """`about` tells what this owner says of itself in a run's status; `clock` tells seconds."""
        self.owner = secrets.token_hex(8)
        self.handled = 0
        """Rows that were settled since this was opened."""
        self.state: State = "active"
        """Of the run, when Redis was last asked."""
        self.error: LogError | None = None
        self.on_error: Callable[[LogError], None] | None = None
        self.on_state: Callable[[State], None] | None = None
        self._about = about
        self._redis = PatientRedis(redis, url, clock)
        self._is_full = False
        self._run_id = run_id
        self._lease_s = lease_s
        self._clock = clock
        self._keys = {
            "take": keys.of_run(run_id, "run", "chunks", "leases", "books", "requests"),
            "note": keys.of_run(run_id, "run", "chunks", "leases", "books", "requests", "results"),
            "renew": keys.of_run(run_id, "run", "chunks", "leases", "workers"),
        }
        self._chunks: list[LeasedChunk] = []
        self._claims: deque[Claim] = deque()
        self._counts: Counter[int] = Counter()
        self._lock = asyncio.Lock()
        self._requests = itertools.count(1)
        self._valid_until = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return self._run_id

    @property
    def notice(self) -> str:
        """What it waits for; empty while all is well."""
        return self._redis.notice or ("waiting for results to be collected" if self._is_full else "")

    def end_soon(self) -> None:
        """Wait for a Redis that cannot be reached a little longer only: all is to end."""
        self._redis.end_soon()

    def may_send(self) -> bool:
        """Tell whether what was announced is still this owner's to send, as far as its clock tells."""
        return self._clock() < self._valid_until and self.error is None

    async def open(self) -> bool:
        """Take a first chunk; return whether there was one. Raises ClusterError."""
        return await self._take_next()

    # What a run asks of it

    async def claim(self) -> Claim | None:
        """Take the next rows to go through; None when there are none to be had now."""
        while not self._claims:
            self._check()
            if not await self._take_next():
                return None
        return self._claims.popleft()

    async def intend(self, rows: Sequence[int]) -> None:
        """Announce that these rows will be sent, once this has returned."""
        self._check()
        for row in rows:
            chunk = self._chunk_of(row)
            chunk.set_state(row, chunk.states[row - chunk.first] | INTENDED)
        await asyncio.shield(self._flush())
        self._check()

    def settle(self, row: int, to: str | None, outcome: Outcome, reason: str | None = None) -> None:
        """Note the final word on a row, for now: later words win. What may be accepted stays `unknown`."""
        chunk = self._chunk_of(row)
        code = CODES[outcome.status]
        before = chunk.set_state(row, code) & ~INTENDED
        if before in MAYBE_TAKEN and code not in _SAYS_MORE:
            code = _UNKNOWN
            chunk.set_state(row, code)
        if before != code:
            self._count(chunk, before, -1)
            self._count(chunk, code, 1)
        chunk.open.discard(row)
        self.handled += 1
        chunk.results.append(result_of(row, to, code, outcome, reason, time.time_ns() // 1_000_000))
        if self._flush_timer is None:
            self._flush_soon()

    def doubt(self, row: int, to: str | None, outcome: Outcome) -> None:
        """Note that a row may have been taken, and that it is sent again all the same."""
        self.settle(row, to, outcome)
        self.handled -= 1
        self._chunk_of(row).open.add(row)

    def withdraw(self, rows: Iterable[int], reason: str) -> None:
        """Note that these rows were provably not taken since they were intended."""
        for row in rows:
            chunk = self._chunk_of(row)
            state = chunk.states[row - chunk.first]
            if state & INTENDED:
                chunk.set_state(row, state & ~INTENDED)
                if state & ~INTENDED in CLAIMABLE:
                    chunk.open.add(row)
        self._flush_soon()

    def reopen(self, first: int, last: int, reason: str) -> None:
        """Make the rejected ones among rows `first` to `last` as if they had never been sent."""
        for chunk in self._chunks:
            rows = [row for row in chunk.rows if first <= row <= last]
            rejected = [row for row in rows if chunk.states[row - chunk.first] & ~INTENDED == _REJECTED]
            for row in rejected:
                chunk.set_state(row, NEVER)
                chunk.open.add(row)
                self._count(chunk, _REJECTED, -1)
            if rejected:
                chunk.reopened.append(f"{min(rejected)} {max(rejected)} {reason}")
        self._flush_soon()

    def totals(self) -> Totals:
        """Count the rows by status: everybody's as of when a chunk was taken last, and one's own since."""
        return totals_of(self._counts)

    async def close(self, stopped: Stopped | None, detail: str | None) -> None:
        """Keep everything, hand back what is left, and let go. What stops the run stops it for all."""
        if self._closed:
            return
        try:
            await self._let_go()
            if stopped in ("fatal", "failures"):
                await self._redis.run(_stop, keys.of_run(self._run_id, "run"), stopped, detail or "")
        except ClusterError as error:
            raise self._fail(str(error)) from error

    async def abandon(self) -> None:
        """Keep everything and let go: intended rows will be cut off."""
        await self.close(None, None)

    # Chunks

    def _chunk_of(self, row: int) -> LeasedChunk:
        for chunk in self._chunks:
            if chunk.first <= row <= chunk.last:
                return chunk
        raise KeyError(f"row {row} is in no chunk of this worker")

    def rows_in(self, ranges: Iterable[range]) -> Iterator[QueuedRow]:
        """Give the rows of claims, with their values."""
        for rows in ranges:
            chunk = self._chunk_of(rows[0])
            for row in rows:
                yield chunk.rows[row]

    async def _take_next(self) -> bool:
        """Take a chunk; return whether there was one. First, let those go of which all rows are settled."""
        async with self._lock:
            for chunk in [chunk for chunk in self._chunks if not chunk.open and not chunk.is_lost]:
                await self._note(chunk, "done")
            asked = self._clock()
            reply = await self._redis.run(
                _take,
                self._keys["take"],
                self.owner,
                self._request(),
                round(self._lease_s * 1000),
                RESULT_BYTES_MAX,
            )
        state = reply[0].decode()
        self._is_full = state == "full"
        if state not in ("empty", "full"):
            self._hear(cast(State, state))
        if len(reply) == 1:
            return False
        _, name, fence, first, last, data, states, *counts = reply
        self._counts = Counter({code: int(count) for code, count in enumerate(counts, 1)})
        for own in self._chunks:
            self._counts.update(own.counts)
        chunk = LeasedChunk(name.decode(), fence.decode(), int(first), int(last), decode_rows(data), states)
        if not self._chunks:
            self._valid_until = asked + self._lease_s * (1 - MARGIN)
        self._chunks.append(chunk)
        if self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._keep_renewing())
        for number in [number for number in sorted(chunk.open) if chunk.rows[number].status is not None]:
            row = chunk.rows[number]
            assert row.status is not None
            self.settle(number, row.to, Outcome(row.status), row.reason)
        self._claims.extend(chunk.claims())
        return True

    async def _let_go(self) -> None:
        self._closed = True
        self.end_soon()
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        while self._renewing is not None and not self._renewing.done():
            self._renewing.cancel()  # again: before Python 3.12 asyncio.wait_for may swallow it
            await asyncio.wait([self._renewing], timeout=0.1)
        async with self._lock:
            for chunk in [chunk for chunk in self._chunks if not chunk.is_lost]:
                while len(chunk.reopened) > 1:
                    await self._note(chunk, "keep")
                await self._note(chunk, "return" if chunk.open else "done")
        if self.error is not None:
            raise self.error

    # Notes

    def _flush_soon(self) -> None:
        if self._flush_timer is None and not self._closed:
            self._flush_timer = asyncio.get_running_loop().call_later(FLUSH_S, self._begin_flush)

    def _begin_flush(self) -> None:
        self._flush_timer = None
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.get_running_loop().create_task(self._flush_by_itself())
        else:
            self._flush_soon()

    async def _flush_by_itself(self) -> None:
        try:
            await self._flush()
        except (LogError, ClusterError) as error:
            self._fail(str(error))
        except Exception as error:
            self._fail(f"an error in wa_bulk itself: {error!r}")

    async def _flush(self) -> None:
        try:
            async with self._lock:
                for chunk in list(self._chunks):
                    if chunk.has_news:
                        await self._note(chunk, "keep")
        except ClusterError as error:
            raise self._fail(str(error)) from error

    async def _note(self, chunk: LeasedChunk, fate: Fate) -> None:
        """Have Redis note a chunk's news. A request that it may have had is repeated as it was, first."""
        if chunk.sending is not None:
            await self._repeat(chunk)
        if not chunk.is_lost and chunk in self._chunks:
            chunk.sending = self._request(), chunk.news(fate)
            await self._repeat(chunk)

    async def _repeat(self, chunk: LeasedChunk) -> None:
        assert chunk.sending is not None
        request, arguments = chunk.sending
        result, state = await self._redis.run(
            _note, self._keys["note"], self.owner, request, chunk.name, chunk.fence, *arguments
        )
        chunk.sending = None
        if result == b"lost":
            chunk.is_lost = True
            self._fail(gone(self._run_id) if state == b"gone" else taken_over(self._run_id, chunk))
            return
        if arguments[0] != "keep":
            self._chunks.remove(chunk)
        self._hear(cast(State, state.decode()))

    def _request(self) -> str:
        return str(next(self._requests))

    async def _keep_renewing(self) -> None:
        while not self._closed:
            try:
                async with self._lock:
                    await self._renew_once()
            except Unavailable:
                await asyncio.sleep(AGAIN_S[-1])
            except ClusterError as error:
                self._fail(str(error))
                return
            except Exception as error:
                self._fail(f"an error in wa_bulk itself: {error!r}")
                return
            else:
                await asyncio.sleep(min(RENEW_S, self._lease_s / 6))

    async def _renew_once(self) -> None:
        asked = self._clock()
        held = [word for chunk in self._chunks for word in (chunk.name, chunk.fence)]
        state, *lost = await self._redis.run_once(
            _renew, self._keys["renew"], self.owner, self._about(), *held
        )
        taken = [chunk for chunk in self._chunks if chunk.name.encode() in lost]
        if state == b"gone":
            self._fail(gone(self._run_id))
        elif taken:
            self._fail(taken_over(self._run_id, taken[0]))
        else:
            self._valid_until = asked + self._lease_s * (1 - MARGIN)
            self._hear(cast(State, state.decode()))

    # What it learns

    def _count(self, chunk: LeasedChunk, code: int, by: int) -> None:
        if code:
            chunk.counts[code] += by
            self._counts[code] += by

    def _hear(self, state: State) -> None:
        if state != self.state:
            self.state = state
            if self.on_state is not None:
                self.on_state(state)

    def _check(self) -> None:
        if self.error is not None:
            raise self.error

    def _fail(self, why: str) -> LogError:
        if self.error is None:
            self.error = LogError(why)
            if self.on_error is not None:
                self.on_error(self.error)
        return self.error
