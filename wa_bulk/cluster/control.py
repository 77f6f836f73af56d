"""What a person asks of a run: how it is, and that it pauses, goes on, ends, or sends some rows again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from typing import Literal, Protocol, cast

from msgspec import Struct
from redis.asyncio import Redis

from wa_bulk.campaign.sources.base import RowSource, SourceRow
from wa_bulk.cluster import keys
from wa_bulk.cluster.books import AGAIN
from wa_bulk.cluster.chunk import Packer, QueuedRow, decode_rows, encode_rows
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.cluster.role import LEASE_MS, leave_role, take_role
from wa_bulk.cluster.run_record import RunRecord, State, no_such_run, read_run, run_ids
from wa_bulk.cluster.script import Script
from wa_bulk.ledger.log_format import Totals
from wa_bulk.ledger.row_states import CODES
from wa_bulk.send.outcome import Status

_command, _retry, _requeue = (Script(name) for name in ("command", "retry", "requeue"))
_BOOK_BYTES = 1 << 16
ALIVE_S = 10.0
"""A worker that was not heard of for so long is not shown."""

Command = Literal["pause", "continue", "cancel"]
_DONE: dict[Command, tuple[State, ...]] = {
    "pause": ("paused",),
    "continue": ("active", "finished"),
    "cancel": ("cancelled",),
}


class RowStream(Protocol):
    """What is asked of a run's recipients to send some rows again."""

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of ascending ranges."""
        ...


class WorkerStatus(Struct):
    """A worker of a run: `host:process`, how long ago it was heard of, what it does."""

    worker: str
    seen_s: float
    rate: float


class RunStatus(Struct, kw_only=True):
    """How a run is. `rate` in rows/s; bytes are those in Redis that wait for workers, or to be collected."""

    run_id: str
    campaign: str
    state: State
    detail: str | None
    rows: int
    totals: Totals
    unsent: int
    rate: float
    workers: list[WorkerStatus]
    submitting: bool
    submitted_at: str
    queued_chunks: int
    queued_bytes: int
    uncollected_bytes: int
    log: str | None


async def command(redis: Redis, url: str, run_id: str, what: Command) -> State:
    """Pause a run, let it go on, or cancel it; return its state. Raises ClusterError where it has another."""
    with in_words(url):
        reply = cast(list[bytes], await _command.run(redis, keys.of_run(run_id, "run"), what))
    before, now = (cast(State, state.decode()) for state in reply)
    if now == "gone":
        raise no_such_run(run_id)
    if now not in _DONE[what]:
        raise ClusterError(f"run {run_id} is {before}: it cannot be told to {what}")
    return now


async def status(redis: Redis, url: str, run_id: str) -> RunStatus:
    """Tell how a run is. Raises ClusterError."""
    record = await read_run(redis, url, run_id)
    (workers_key,) = keys.of_run(run_id, "workers")
    with in_words(url):
        found = await cast(Awaitable[dict[bytes, bytes]], redis.hgetall(workers_key))
        seconds, microseconds = await redis.time()
    now = seconds + microseconds / 1e6
    workers = []
    for said in found.values():
        at, _, about = said.decode().partition(" ")
        facts = json.loads(about)
        workers.append(WorkerStatus(facts["worker"], max(0.0, round(now - int(at), 1)), facts["rate"]))
    alive = [worker for worker in workers if worker.seen_s < ALIVE_S]
    return RunStatus(
        run_id=run_id,
        campaign=record.description.name,
        state=record.state,
        detail=record.detail,
        rows=record.description.rows_to_send,
        totals=record.totals,
        unsent=record.unsettled,
        rate=round(sum(worker.rate for worker in alive), 1),
        workers=alive,
        submitting=record.loading,
        submitted_at=record.description.submitted_at,
        queued_chunks=record.chunks - record.done,
        queued_bytes=record.queued_bytes,
        uncollected_bytes=record.result_bytes,
        log=record.log,
    )


async def all_status(redis: Redis, url: str) -> list[RunStatus]:
    """Tell how every run is that Redis still knows, oldest first; forget those that it does not."""
    found: list[RunStatus] = []
    for run_id in await run_ids(redis, url):
        (run,) = keys.of_run(run_id, "run")
        with in_words(url):
            if not await redis.exists(run):
                await redis.zrem(keys.RUNS, run_id)
                continue
        found.append(await status(redis, url, run_id))
    return found


async def retry(
    redis: Redis, url: str, record: RunRecord, source: RowSource, statuses: Sequence[Status]
) -> int:
    """Have the rows of these statuses sent again, with their values from `source`; return how many.

    Raises ClusterError where workers are at the run, and SourceError.
    """
    run_id = record.description.run_id
    token = await take_role(redis, url, run_id, "loader", f"another process submits run {run_id}")
    try:
        await mark(redis, url, run_id, statuses)
        rows = await requeue(redis, url, run_id, token, source)
        await command(redis, url, run_id, "continue")
        return rows
    finally:
        await leave_role(redis, url, run_id, "loader", token)


async def mark(redis: Redis, url: str, run_id: str, statuses: Sequence[Status]) -> None:
    """Mark the rows of these statuses as to be sent again; the run is paused then. Raises ClusterError."""
    codes = bytes(code for status in statuses for code in (CODES[status], AGAIN[status]))
    with in_words(url):
        names = keys.of_run(run_id, "run", "chunks", "leases", "books")
        result, words = cast(list[bytes], await _retry.run(redis, names, codes))
    if result != b"ok":
        raise ClusterError(f"run {run_id} is {result.decode()}: {words.decode()}")


async def requeue(redis: Redis, url: str, run_id: str, token: str, source: RowStream) -> int:
    """Queue the marked rows that are in no chunk, in chunks that reach over no row of another one.

    Return how many rows are marked. Raises ClusterError and SourceError.
    """
    names = keys.of_run(run_id, "run", "chunks", "loader")
    marked, queued = await _rows_marked(redis, url, run_id), await _rows_queued(redis, url, run_id)
    for chunk in _chunks(source, [row for row in marked if row not in queued], queued):
        first, last = chunk[0].number, chunk[-1].number
        with in_words(url):
            reply = await _requeue.run(redis, names, token, LEASE_MS, first, last, encode_rows(chunk))
        if cast(list[bytes], reply)[0] != b"ok":
            raise ClusterError(f"another process has taken over sending rows of run {run_id} again")
    return len(marked)


async def _rows_marked(redis: Redis, url: str, run_id: str) -> list[int]:
    """List the rows that are marked to be sent again."""
    (books,) = keys.of_run(run_id, "books")
    rows: list[int] = []
    at = 0
    while True:
        with in_words(url):
            part = cast(bytes, await redis.getrange(books, at, at + _BOOK_BYTES - 1))
        rows += [at + i + 1 for i, code in enumerate(part) if code in AGAIN.values()]
        at += len(part)
        if len(part) < _BOOK_BYTES:
            return rows


async def _rows_queued(redis: Redis, url: str, run_id: str) -> set[int]:
    """Name the rows of chunks that are still in Redis: whoever takes these goes through them."""
    (chunks,) = keys.of_run(run_id, "chunks")
    with in_words(url):
        found = cast(list[tuple[bytes, dict[bytes, bytes]]], await redis.xrange(chunks))
    return {row.number for _, fields in found for row in decode_rows(fields[b"data"])}


def _chunks(source: RowStream, rows: list[int], queued: set[int]) -> Iterator[list[QueuedRow]]:
    packer = Packer()
    last = rows[0] if rows else 0
    for row in source.rows_in(range(row, row + 1) for row in rows):
        if row is None:
            continue
        reaches_over = bool(queued) and any(map(queued.__contains__, range(last + 1, row.number)))
        if reaches_over and (rest := packer.rest()):
            yield rest
        last = row.number
        if chunk := packer.add(QueuedRow(row.number, row.line, row.values)):
            yield chunk
    if chunk := packer.rest():
        yield chunk
