"""How fast messages may leave, what an outage may cost, and how far intents may run ahead."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.simulation.answers import KINDS
from tests.simulation.scenario import Outage
from tests.simulation.server import Attempt
from wa_bulk.campaign.settings import Settings

AHEAD_S = 0.05
SPEED_OVER_S = 0.1
PROBES_AT_S = (0, 1, 3, 7, *range(15, 400, 15))
"""When, since trouble was noticed, a request may go to find out whether the server is back."""
THROTTLES = {kind.name for kind in KINDS if kind.throttles}
PAUSE_MIN_S, PAUSE_MAX_S = 1.0, 120.0
"""How long a sending number rests when it was too fast, at least and at most: longer waits stop the run."""
BLOCK_OTHERS = ("2004", "4001", "too fast for long")
"""Answers that other rows are not sent for."""
PROVE_NOTHING = ("gateway", "silent", "resets", "pages")
"""Outages in which no answer proves anything."""


def rate_faults(rate: float, attempts: Sequence[Attempt]) -> Iterator[str]:
    """Find a window of a second in which more than `rate` messages of one sending number left.

    Below one a second: two that were closer together than 1/`rate` seconds.
    """
    if not rate:
        return
    by_sender: dict[str | None, list[float]] = defaultdict(list)
    for one in attempts:
        by_sender[one.sender].append(one.at)
    most, window_s = max(1, math.floor(rate)), 1 / min(rate, 1)
    for sender, times in by_sender.items():
        for first, last in zip(times, times[most:], strict=False):
            if last - first < window_s:
                yield f"{most + 1} messages left from {sender} within {last - first:.3f} s at {rate}/s"
                break


def pause_faults(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Find a request that left although its sending number was asked to wait."""
    for slow in attempts:
        if slow.answered_at is None or slow.fate not in THROTTLES:
            continue
        pause_s = min(max(slow.pause_s, PAUSE_MIN_S), PAUSE_MAX_S)
        until = slow.answered_at + pause_s
        early = [
            one
            for one in attempts
            if one.sender == slow.sender and one.begun_at > slow.answered_at and one.at < until
        ]
        if len(early) > slow.underway:
            rows = [one.row for one in early]
            yield f"rows {rows} left within {pause_s} s after row {slow.row}, of {slow.sender}, was too fast"


def outage_faults(
    outage: Outage, began: float, concurrency: int, attempts: Sequence[Attempt]
) -> Iterator[str]:
    """Find an outage, of a stretch that began then, that left more rows in doubt than were in flight and the
    few that went to find out."""
    during = [one for one in attempts if outage.begin <= one.at - began < outage.end]
    if outage.name not in PROVE_NOTHING or not during:
        return
    first, last = during[0].at, during[-1].at
    probes = sum(at <= last - first for at in PROBES_AT_S)
    # What was begun before a request that is answered well does not close the gate.
    is_mixed = any(one.at < first <= (one.answered_at or 0.0) for one in attempts)
    bound = concurrency * (2 if is_mixed else 1) + probes
    rows = {one.row for one in during}
    if not is_mixed and not any(one.fate in BLOCK_OTHERS for one in attempts):
        closed_at = min((one.answered_at for one in during if one.answered_at is not None), default=math.inf)
        for one in during:
            if one.begun_at > closed_at and one.in_doubt and one.fresh:
                yield f"row {one.row}, which may have been taken, probed while {one.fresh} others could have"
    if len(rows) > bound:
        yield f"an outage ({outage.name}) left {len(rows)} rows in doubt; at most {bound} may be"


def rows_ahead(settings: Settings, attempts: Sequence[Attempt]) -> int:
    """Tell how many rows may be announced and not sent yet.

    With a pace: 50 ms worth of the rate. Unpaced: 50 ms worth of the greatest speed over a tenth of a second,
    but no fewer than may be in flight.
    """
    if settings.rate:
        return max(1, round(settings.rate * AHEAD_S))
    most = first = 0
    for index, attempt in enumerate(attempts):
        while attempts[first].at < attempt.at - SPEED_OVER_S:
            first += 1
        most = max(most, index - first + 1)
    return max(settings.concurrency, round((most + settings.concurrency) / SPEED_OVER_S * AHEAD_S))
