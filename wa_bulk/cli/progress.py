"""What is seen of work while it goes on: a live display on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wa_bulk.ledger.log_format import Totals
from wa_bulk.report.tally import STATUSES
from wa_bulk.report.terminal import COLOURS
from wa_bulk.report.words import counted, duration, plain

if TYPE_CHECKING:
    from rich.live import Live

LIVE_EVERY_S = 0.25
LINE_EVERY_S = 5.0
_SPEED_OVER_S = 5.0


class Glance(NamedTuple):
    """A run as it is at one moment."""

    title: str
    done: int
    rows: int
    sent: int
    """Messages of this stretch that were answered or given up."""
    totals: Totals
    notice: str
    """What it waits for, or why it is stopping; empty while all is well."""


class Speed:
    """How fast a count has grown over the last seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def per_s(self, at_s: float, count: int) -> float:
        """Return the speed (per second), now that it is `at_s` and the count has come to `count`."""
        points = self._points
        points.append((at_s, count))
        while len(points) > 2 and points[1][0] <= at_s - _SPEED_OVER_S:
            points.popleft()
        since_s, from_count = points[0]
        return (count - from_count) / (at_s - since_s) if at_s > since_s else 0.0


class Watch:
    """Shows what `look` sees until closed: on a terminal four times a second, else every five seconds."""

    def __init__(self, console: Console, look: Callable[[], Glance]) -> None:
        self._console = console
        self._look = look
        self._sent, self._done = Speed(), Speed()
        self._live: Live | None = None
        if can_draw(console):
            from rich.live import Live

            self._live = Live(console=console, auto_refresh=False, transient=True)

    async def __aenter__(self) -> Watch:
        glance = self._look()
        self._sent.per_s(time.monotonic(), glance.sent)
        self._done.per_s(time.monotonic(), glance.done)
        if self._live is not None:
            self._live.start()
            self.show()
        self._task = asyncio.create_task(self._keep_showing())
        return self

    async def __aexit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if error is None:
            self.show()
        self.leave()

    def leave(self) -> None:
        """Give the terminal back as it was."""
        if self._live is not None:
            self._live.stop()

    def show(self) -> None:
        """Show it as it is now."""
        glance, now = self._look(), time.monotonic()
        sent_per_s = self._sent.per_s(now, glance.sent)
        done_per_s = self._done.per_s(now, glance.done)
        left_s = (glance.rows - glance.done) / done_per_s if done_per_s else None
        if self._live is not None:
            self._live.update(display(glance, sent_per_s, left_s), refresh=True)
        else:
            self._console.print(line(glance, sent_per_s, left_s), highlight=False, soft_wrap=True)

    async def _keep_showing(self) -> None:
        while True:
            await asyncio.sleep(LIVE_EVERY_S if self._live is not None else LINE_EVERY_S)
            self.show()


def line(glance: Glance, sent_per_s: float, left_s: float | None) -> str:
    """Describe a run in a line of plain text."""
    parts = [f"{glance.done:,} of {counted(glance.rows, 'row')}", f"{sent_per_s:,.1f} messages/s"]
    parts += [f"{number:,} {status}" for status in STATUSES if (number := getattr(glance.totals, status))]
    if left_s is not None and glance.done < glance.rows:
        parts.append(f"about {duration(left_s)} left")
    if glance.notice:
        parts.append(plain(glance.notice))
    return f"{glance.title}: {', '.join(parts)}"


def display(glance: Glance, sent_per_s: float, left_s: float | None) -> RenderableType:
    """Return the same with a bar, for a terminal."""
    from rich.progress_bar import ProgressBar

    share = glance.done / glance.rows if glance.rows else 1.0
    head = Table.grid(expand=True)
    head.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    head.add_column(justify="right", no_wrap=True)
    pace = f"{sent_per_s:,.1f}/s"
    if left_s is not None and glance.done < glance.rows:
        pace += f"  {duration(left_s)} left"
    head.add_row(
        Text(glance.title, "bold"), Text(f"{glance.done:,} of {glance.rows:,}  {share:4.0%}  {pace}")
    )
    bar = Table.grid(expand=True)
    bar.add_row(ProgressBar(total=max(glance.rows, 1), completed=glance.done, complete_style="green"))
    counts = Text("  ").join(
        Text(f"{status} {number:,}", COLOURS[status] if number else "dim")
        for status in STATUSES
        for number in [getattr(glance.totals, status)]
    )
    parts: list[RenderableType] = [head, bar, counts]
    if glance.notice:
        parts.append(Text(plain(glance.notice), "bold yellow", overflow="ellipsis", no_wrap=True))
    return Group(*parts)


@contextmanager
def reading(what: str = "reading the recipients …") -> Iterator[None]:
    """On a terminal, says what takes a moment where there are a million rows."""
    console = Console(stderr=True)
    if not can_draw(console):
        yield
        return
    with console.status(what):
        yield


@contextmanager
def checking() -> Iterator[Callable[[int, int], object]]:
    """Show how far a check has come; the callable it yields must be told (rows done, rows in all)."""
    console = Console(stderr=True)
    if not can_draw(console):
        yield _lines()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None, rows="")
        yield lambda done, rows: bar.update(
            task,
            description="checking",
            completed=done,
            total=rows,
            rows=f"{done:,} of {counted(rows, 'row')}",
        )


@contextmanager
def looking_at_links() -> Iterator[Callable[[int], object]]:
    """Show how many links were looked at; the callable it yields must be told."""
    console = Console(stderr=True)
    if not can_draw(console):
        due = time.monotonic() + LINE_EVERY_S

        def tell(links: int) -> None:
            nonlocal due
            if time.monotonic() >= due:
                due = time.monotonic() + LINE_EVERY_S
                click.echo(f"looked at {links:,} links", err=True)

        yield tell
        return
    with console.status("looking at links …") as status:
        yield lambda links: status.update(f"looking at links … {links:,}")


def _lines() -> Callable[[int, int], None]:
    due = time.monotonic() + LINE_EVERY_S

    def tell(done: int, rows: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + LINE_EVERY_S
            click.echo(f"checking: {done:,} of {counted(rows, 'row')}", err=True)

    return tell


def can_draw(console: Console) -> bool:
    """Tell whether `console` shows what is drawn over again."""
    return console.is_terminal and not console.is_dumb_terminal
