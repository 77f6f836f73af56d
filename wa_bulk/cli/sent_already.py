"""What the account's memory knows of earlier runs that should keep a run from beginning, or from going on."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.cli.memory import Note
    from wa_bulk.history import RunRecord, Runs


def look_back(plan: Plan, base_url: str, runs: Runs, *, again: bool) -> list[Note]:
    """Return what to say of earlier runs before `plan` is carried out at `base_url`.

    Raises Problem, unless `again`, where a new run would send the same again, or where another log knows
    more of a run that goes on. Raises HistoryError.
    """
    if plan.resumed:
        if not again:
            refuse_beside_its_original(plan, runs)
            _refuse_an_older_copy(plan, runs)
        return []
    from wa_bulk.campaign.sent_before import sent_before
    from wa_bulk.cli.progress import reading
    from wa_bulk.history.database import now_ms

    with reading("comparing the recipients with those of earlier runs …"):
        found = sent_before(plan, base_url, runs, now_ms())
    if not found:
        return []
    first = found[0]
    if not first.is_repeat or again:
        if first.overlap is None:
            return [("again", f"these are the recipients of {_told(first.run)}")]
        rows = f"{first.overlap:,} of {first.rows:,} rows"
        return [("again", f"{rows} go to people who were in {_told(first.run)} too")]
    whom = (
        "these recipients"
        if first.overlap is None
        else f"{first.overlap:,} of these {first.rows:,} recipients"
    )
    raise Problem(
        f"{plan.file.name} was sent to {whom} already: {_told(first.run)}",
        *_where_it_is(first.run),
        "To send to all of them again:  the same command with --again",
    )


def refuse_beside(other: RunRecord) -> Problem:
    """Return what to say where another process sends the same at this moment."""
    return Problem(
        f"{other.name} is being sent to these recipients by another process: run {other.run_id}",
        f"Its log: {other.log}" if other.log else _in_a_cluster(other),
        "To send to all of them again:  the same command with --again",
    )


def _where_it_is(run: RunRecord) -> list[str]:
    if not run.log:
        return [_in_a_cluster(run)]
    return [
        f"Its log: {run.log}",
        "" if Path(run.log).exists() else "(which is gone)",
        f"To go on with that run:  wa-bulk resume {shlex.quote(run.log)}",
    ]


def _in_a_cluster(run: RunRecord) -> str:
    return f"How it is:  wa-bulk cluster status {run.run_id}"


def refuse_beside_its_original(plan: Plan, runs: Runs) -> None:
    """Raise Problem where the log of `plan` is a copy, and the one that the memory knows is still there.

    Raises HistoryError.
    """
    from wa_bulk.history import caught_up

    known = runs.get(plan.run_id)
    if known is None:
        return
    own, other = plan.log.resolve(), Path(known.log)
    if own != other and _is_log_of(plan.run_id, other):
        known, totals = caught_up(runs, known), plan.totals()
        raise Problem(
            f"{plan.log} is a copy: run {plan.run_id} has its log at {other}",
            f"That one tells of {known.totals.accepted:,} accepted rows, this one of {totals.accepted:,}. "
            "Each knows only what it was told, so going on with both sends twice.",
            f"To go on with that run:  wa-bulk resume {shlex.quote(str(other))}",
            "To go on with this log all the same, and write again to whoever is in that one only:  --again",
        )


def _refuse_an_older_copy(plan: Plan, runs: Runs) -> None:
    known, totals = runs.get(plan.run_id), plan.totals()
    if known is not None and known.totals.accepted > totals.accepted + totals.unknown:
        raise Problem(
            f"{plan.log} is an older copy: it tells of {totals.accepted:,} accepted rows of run "
            f"{plan.run_id}, of which {known.totals.accepted:,} are known",
            f"The log that told so was {known.log}. Put it back, and go on with that.",
            f"If it is lost: to go on with this log, and write again to the "
            f"{known.totals.accepted - totals.accepted:,} who are missing in it:  --again",
        )


def _is_log_of(run_id: str, path: Path) -> bool:
    from wa_bulk.ledger.log_format import LogError
    from wa_bulk.ledger.log_reader import read_run

    try:
        return read_run(path).run_id == run_id
    except LogError:
        return False


def _told(run: RunRecord) -> str:
    """Name a run: when it began, and what became of its rows."""
    from wa_bulk.cli.runs import what_became_of_rows

    at = datetime.fromtimestamp(run.started_ms / 1000).astimezone()
    state = {"running": ", running", "unknown": " when last seen; its log cannot be read"}.get(run.state, "")
    return f"run {run.run_id} of {at:%a %d %b %Y %H:%M} ({what_became_of_rows(run)}{state})"
