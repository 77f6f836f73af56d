"""Journals on real files, and what they record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.ledger.lines import RUN_ID
from wa_bulk.ledger.journal import Journal
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import EndLine, LogError, RunLine, Totals, timestamp
from wa_bulk.send.outcome import Outcome

ACCEPTED = Outcome("accepted", message_id="m1", http_status=200, attempts=1, latency_ms=12.5)
END = EndLine(RUN_ID, timestamp(0), None, Totals(accepted=1))


async def begin(
    path: Path | str, run: RunLine, on_error: Callable[[LogError], None] | None = None
) -> Journal:
    return await Journal.create(LockedLog.create(path), run, on_error=on_error)


def record(
    journal: Journal,
    row: int,
    to: str | None = "+447911123456",
    outcome: Outcome = ACCEPTED,
    reason: str | None = None,
) -> None:
    journal.record(row, to, outcome.status, outcome, reason)
