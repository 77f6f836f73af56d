"""Why a row, or a run, ended as it did, for a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.send.outcome import Outcome, Status


def not_sent_now(row: RenderedRow, status: Status, message: str | None, code: int | None = None) -> Outcome:
    """Make the outcome of a row that is not sent now: `unknown` where an earlier try may have been taken."""
    return Outcome(
        "unknown" if row.maybe_taken else status,
        row.to,
        request_id=row.own_request_id(),
        attempts=row.attempts,
        code=code,
        message=message,
    )


def held_until(row: RenderedRow, outcome: Outcome) -> str:
    """Say of the row's sending number until when the API asks it to wait."""
    number = row.sender or "the sending number"
    until = local_time_in(outcome.retry_after or 0)
    return f"EngageLab asks to send nothing more from {number} before {until} ({reason_of(outcome)})"


def reason_of(outcome: Outcome) -> str:
    """Say in a line why a row was not accepted."""
    facts = [f"HTTP {outcome.http_status}"] if outcome.http_status is not None else []
    if outcome.code is not None:
        facts.append(f"code {outcome.code}")
    return f"{', '.join(facts) or outcome.status}: {outcome.message}"


def local_time_in(seconds: float) -> str:
    """Tell the local time in `seconds` from now, as in `Wed 25 Nov 14:05`."""
    return f"{datetime.now().astimezone() + timedelta(seconds=seconds):%a %d %b %H:%M}"
