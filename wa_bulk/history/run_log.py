"""What the memory knows of a run, brought up to date from the run's log.

The memory is written when a run begins and when it ends, never for each message. Whoever carried it out has
in hand what there is to know; whatever a kill, a crash or a lost memory left out is read from the log by the
next command that asks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from wa_bulk.history.database import now_ms
from wa_bulk.history.number_map import key_of
from wa_bulk.history.runs import RunRecord, Runs, RunState, StoppedBy
from wa_bulk.ledger.lock import is_being_written
from wa_bulk.ledger.log_format import LogError, ResultLine, Totals
from wa_bulk.ledger.log_reader import read_run
from wa_bulk.ledger.past import Past, read_past

BEGINS_WITHIN_MS = 10_000
"""How long a run that begins may take until there is a log of it."""

PART_KEYS = 1 << 16
"""Keys written at once: half a MiB, so that no other process waits long for the memory."""


def caught_up(runs: Runs, run: RunRecord) -> RunRecord:
    """Return a run as its log tells of it now, and remember it so.

    Where there is no log of it that can be read, it is as it was remembered last; `unknown` if it was running
    then. Takes about a second for a million rows where the log has grown since. Raises HistoryError.
    """
    if not run.log:
        return run
    try:
        log = Path(run.log).stat()
        running = is_being_written(run.log)
        if log.st_size == run.log_bytes and running == (run.state == "running"):
            return run
        if read_run(run.log).run_id != run.run_id:
            raise LogError(f"{run.log} is another run's log by now")
        return _read(runs, replace(run, updated_ms=log.st_mtime_ns // 1_000_000), running=running)
    except (OSError, LogError):
        if run.state != "running" or now_ms() - run.started_ms < BEGINS_WITHIN_MS:
            return run
        lost = replace(run, state="unknown")
        runs.note(lost)
        return lost


def ended(
    runs: Runs, run: RunRecord, people: Iterable[array[int]], totals: Totals, stopped: StoppedBy | None
) -> None:
    """Remember how a run ended, and `people`: the keys of those that it wrote to, or may have.

    What is given at once is written at once, so it is to be about `PART_KEYS`. Raises HistoryError.
    """
    try:
        log_bytes = Path(run.log).stat().st_size
    except OSError:  # it is gone
        log_bytes = 0
    parts = [runs.add_written(run.run_id, keys) for keys in people]
    state, stopped = _state(run.rows, totals, stopped)
    run = replace(run, log_bytes=log_bytes, updated_ms=now_ms(), state=state, stopped=stopped, totals=totals)
    runs.replace(run, parts[0] if parts else None)


def _read(runs: Runs, run: RunRecord, *, running: bool) -> RunRecord:
    keys = array("Q")
    first_part: int | None = None

    def keep() -> None:
        nonlocal first_part
        part = runs.add_written(run.run_id, keys)
        first_part = part if first_part is None else first_part
        del keys[:]

    def note(result: ResultLine) -> None:
        if result.to and (result.status == "accepted" or result.status == "unknown"):
            try:
                keys.append(key_of(result.to))
            except (ValueError, OverflowError):
                return
            if len(keys) == PART_KEYS:
                keep()

    past = read_past(run.log, note)
    if keys:
        keep()
    totals = past.totals()
    state, stopped = ("running", None) if running else _ended(past, run.rows, totals)
    run = replace(
        run,
        log_bytes=past.bytes,
        state=state,
        stopped=stopped,
        totals=totals,
    )
    runs.replace(run, first_part)
    return run


def _ended(past: Past, rows: int, totals: Totals) -> tuple[RunState, StoppedBy | None]:
    if past.end is None:
        return ("stopped", "crash") if past.run.collected_from is None else ("running", None)
    return _state(rows, totals, past.end.stopped)


def _state(rows: int, totals: Totals, stopped: StoppedBy | None) -> tuple[RunState, StoppedBy | None]:
    if stopped is not None:
        return "stopped", stopped
    left = rows - sum((totals.accepted, totals.rejected, totals.failed, totals.unknown, totals.skipped))
    return ("stopped", "limit") if left > 0 else ("finished", None)
