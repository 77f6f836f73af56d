"""Whether what is about to be sent was sent already, as far as the account's memory knows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from wa_bulk.campaign.request.blueprint import RowRefused
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.history import RunRecord, Runs, caught_up
from wa_bulk.history.number_map import NumberMap, key_of
from wa_bulk.history.runs import RECENT_MS

_RUNS_AT_ONCE = 8
"""One for each bit of a number's value."""


class SentBefore(Struct, frozen=True, kw_only=True):
    """An earlier run of the campaign, and how many of the `rows` to be sent go to people it wrote to.

    `overlap` is None where its recipients are the same file, byte for byte.
    """

    run: RunRecord
    overlap: int | None
    rows: int

    @property
    def is_repeat(self) -> bool:
        """Whether to send now would be to send the same again."""
        return self.overlap is None or self.overlap * 2 > self.rows


def sent_before(plan: Plan, base_url: str, runs: Runs, now_ms: int) -> list[SentBefore]:
    """Find the earlier runs of the plan's campaign, or of its message under another name, that wrote, or may
    have written, to its recipients; what went to a sandbox counts for what goes to one.

    Repeats come first, then those with the most people in common. The recipients are read only where a run
    of other ones has to be compared with them, or some are selected; a run that a selection names is known to
    whoever wrote it, and is passed over. Raises HistoryError, SourceError.
    """
    known = {plan.run_id, *(rule.run_id for rule in plan.selections)}
    earlier = [
        caught_up(runs, run)
        for run in runs.of_campaign(plan.file.name, plan.file.message_sha256, plan.source_sha256)
        if run.run_id not in known and run.is_for_people_of(base_url)
    ]
    same = [
        SentBefore(run=run, overlap=None, rows=plan.rows)
        for run in earlier
        if run.recipients_sha256 == plan.source_sha256
        and not plan.selections
        and (run.written or run.state in ("running", "unknown"))
    ]
    if same:
        return same
    recent = [run for run in earlier if run.written and run.updated_ms > now_ms - RECENT_MS]
    found: list[SentBefore] = []
    for first in range(0, len(recent), _RUNS_AT_ONCE):
        found += _compare(plan, runs, recent[first : first + _RUNS_AT_ONCE])
    return sorted(found, key=lambda one: one.overlap or 0, reverse=True)


def _compare(plan: Plan, runs: Runs, some: Sequence[RunRecord]) -> list[SentBefore]:
    people = NumberMap(sum(runs.count_written(run.run_id) for run in some))
    for bit, run in enumerate(some):
        for keys in runs.written(run.run_id):
            for key in keys:
                people.add_bits(key, 1 << bit)
    by_bits = [0] * (1 << len(some))
    rows = 0
    recipient = plan.blueprint.recipient
    for row in plan.source.rows():
        if row.problem is None:
            try:
                key = key_of(recipient(row.values))
            except RowRefused:
                continue
            if all(rule.lets_pass(key) for rule in plan.selections):
                rows += 1
                by_bits[people.get(key)] += 1
    counts = [sum(count for bits, count in enumerate(by_bits) if bits >> bit & 1) for bit in range(len(some))]
    return [
        SentBefore(run=run, overlap=count, rows=rows)
        for run, count in zip(some, counts, strict=True)
        if count
    ]
