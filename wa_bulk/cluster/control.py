"""What a person asks of a run: how it is, and that it pauses, goes on, or ends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Literal, cast

from msgspec import Struct
from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.cluster.run_record import OtherVersion, State, no_such_run, read_run, run_ids
from wa_bulk.cluster.script import Script
from wa_bulk.ledger.log_format import Totals

_command, _stop = Script("command"), Script("stop")
ALIVE_S = 10.0
"""A worker that was not heard of for so long is not shown."""

Command = Literal["pause", "continue", "cancel"]
_DONE: dict[Command, tuple[State, ...]] = {
    "pause": ("paused",),
    "continue": ("active", "finished"),
    "cancel": ("cancelled",),
}


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
    retrying: bool
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


async def stop(redis: Redis, url: str, run_id: str, why: str) -> None:
    """Stop a run for all workers, where it is active, and keep why. Raises ClusterError."""
    with in_words(url):
        await _stop.run(redis, keys.of_run(run_id, "run"), "failures", why)


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
        retrying=record.retrying,
        submitted_at=record.description.submitted_at,
        queued_chunks=record.chunks - record.done,
        queued_bytes=record.queued_bytes,
        uncollected_bytes=record.result_bytes,
        log=record.log,
    )


async def all_status(redis: Redis, url: str, pass_over: Callable[[OtherVersion], None]) -> list[RunStatus]:
    """Tell how every run is that Redis still knows, oldest first; forget those that it does not.

    `pass_over` is called for runs that this version cannot read.
    """
    found: list[RunStatus] = []
    for run_id in await run_ids(redis, url):
        (run,) = keys.of_run(run_id, "run")
        with in_words(url):
            if not await redis.exists(run):
                await redis.zrem(keys.RUNS, run_id)
                continue
        try:
            found.append(await status(redis, url, run_id))
        except OtherVersion as error:
            pass_over(error)
    return found
