"""What `resume --on-unknown retry-unheard` makes sure of before it sends anything again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wa_bulk.cli import memory
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.callbacks.unheard import Unheard
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.cli.memory import Note

_ALL_THE_SAME = "To send all unknown rows again, at the risk of twice: --on-unknown retry"


def send_unheard_again(plan: Plan, after_s: float, heard_at_least: float, written_at_s: float) -> list[Note]:
    """Have `plan` send those unknown rows again that callbacks would speak of by now, had they been taken.

    The log was settled just now; the run wrote to it last at `written_at_s`, seconds since 1970. Returns what
    to tell before asking. Raises Problem where so few callbacks have come that their absence proves nothing.
    """
    from wa_bulk.callbacks.unheard import find_unheard
    from wa_bulk.cli.settle import HOW_TO_HEAR
    from wa_bulk.history import HistoryError
    from wa_bulk.history.database import now_ms
    from wa_bulk.report.words import counted, percent

    assert plan.past is not None
    if not plan.past.totals().unknown:
        return []
    try:
        history = memory.existing_memory(plan.base_url)
        if history is None:
            raise Problem("nothing was sent: no callbacks have been received", HOW_TO_HEAR, _ALL_THE_SAME)
        with history:
            found = find_unheard(
                plan.past,
                history.deliveries,
                before_ms=now_ms() - round(after_s * 1000),
                cut_off_ms=round(written_at_s * 1000),
            )
    except HistoryError as error:
        raise Problem(f"nothing was sent: {error}", _ALL_THE_SAME) from error
    _refuse_where_little_is_proven(found, after_s, heard_at_least)
    if found.young:
        young = counted(found.young, "unknown row")
        click.echo(f"{young} held: less than {_age(after_s)} old, a callback may still come", err=True)
    plan.unheard.update(found.rows)
    if not found.rows:
        return []
    heard = f"{found.heard:,} of {counted(found.accepted, 'accepted row')} of that age"
    share = percent(found.heard, found.accepted)
    again = f"{counted(len(found.rows), 'unknown row')} that no callback speaks of, sent again"
    doubles = f"about {found.doubles:.2g} expected: callbacks have come for {heard} ({share})"
    return [("unheard", again), ("twice", doubles)]


def _refuse_where_little_is_proven(found: Unheard, after_s: float, heard_at_least: float) -> None:
    from wa_bulk.cli.settle import HOW_TO_HEAR
    from wa_bulk.report.words import counted

    if not found.accepted:
        raise Problem(
            f"nothing was sent: no row was accepted more than {_age(after_s)} ago, so there is nothing to "
            "tell by whether callbacks come",
            "Try again later, or with a shorter --unheard-after.",
            _ALL_THE_SAME,
        )
    if found.share_heard < heard_at_least:
        accepted = f"{counted(found.accepted, 'accepted row')} older than {_age(after_s)}"
        raise Problem(
            f"nothing was sent: callbacks have come for {found.heard:,} of {accepted} "
            f"({found.share_heard:.1%}), so that a row without one proves little",
            f"They must have come for {heard_at_least:.4g} of them (--heard-at-least). "
            "Was `wa-bulk callbacks` running all the time?",
            "Callbacks may still come: try again later." if found.heard else HOW_TO_HEAR,
            _ALL_THE_SAME,
        )


def _age(seconds: float) -> str:
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit and not seconds % unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} s"
