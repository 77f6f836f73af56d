"""Another process's run, watched by its log until it ends."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from msgspec import UNSET
from rich.console import Console, Group, RenderableType
from rich.live import Live

from wa_bulk.cli.progress import LINE_EVERY_S, LIVE_EVERY_S, Glance, Speed, can_draw, display, line
from wa_bulk.history import Deliveries
from wa_bulk.ledger.log_format import Totals
from wa_bulk.report.mask import masked
from wa_bulk.report.sections.funnel import how_far
from wa_bulk.report.summary import Summary, follow
from wa_bulk.report.terminal import causes


def watch(log: Path, console: Console, deliveries: Deliveries | None, *, mask: bool) -> None:
    """Show how the run goes on: live on a terminal, elsewhere a line every five seconds.

    With `deliveries`, how far the messages come as well. Raises LogError, and HistoryError where the
    callbacks cannot be read.
    """
    speed = Speed()
    next_line_s = 0.0
    live = Live(console=console, auto_refresh=False, transient=True) if can_draw(console) else None

    def look(summary: Summary) -> None:
        nonlocal next_line_s
        now_s = time.monotonic()
        glance = _glance(summary)
        per_s = speed.per_s(now_s, glance.done)
        left_s = (glance.rows - glance.done) / per_s if per_s else None
        if live is not None:
            parts: list[RenderableType] = [display(glance, per_s, left_s)]
            if arrived := how_far(summary):
                parts += ["", *arrived]
            if shown := (masked(summary) if mask else summary).causes:
                parts += ["", causes(shown)]
            live.update(Group(*parts), refresh=True)
        elif now_s >= next_line_s:
            next_line_s = now_s + LINE_EVERY_S
            told = line(glance._replace(notice=_arrived(summary)), per_s, left_s)
            console.print(told, highlight=False, markup=False, soft_wrap=True)

    def pause() -> None:
        time.sleep(LIVE_EVERY_S)

    if live is None:
        follow(log, look, pause, deliveries)
        return
    with live:
        follow(log, look, pause, deliveries)


def _arrived(summary: Summary) -> str:
    """Return what callbacks said, in a line; empty where they said nothing."""
    if summary.delivery is UNSET:
        return ""
    found = summary.delivery
    return f"{found.sent:,} sent, {found.delivered:,} delivered, {found.read:,} read, {found.failed:,} failed"


def _glance(summary: Summary) -> Glance:
    totals = msgspec.convert(summary.totals, Totals)
    done = sum(summary.totals.values())
    return Glance(summary.name, done, summary.rows or done, done, totals, "")
