"""What `wa-bulk callbacks` shows while it runs: counters, notifications, and what goes wrong."""

from __future__ import annotations

import asyncio
import logging
import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

from wa_bulk.callbacks import CallbackRow, Counters, ReceivedRow
from wa_bulk.cli.progress import LINE_EVERY_S, LIVE_EVERY_S, Speed, can_draw
from wa_bulk.history.notification import event_and_data, in_words
from wa_bulk.report.words import plain

_SHOWN_MOST = 400
_STATES = (
    ("sent", ("sent",)),
    ("delivered", ("delivered",)),
    ("read", ("read",)),
    ("failed", ("target_invalid", "sent_failed", "delivered_failed")),
)


class CallbackDisplay:
    """On a terminal a line that is kept up to date, else a line whenever there is something new."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._console = Console(stderr=True)
        self._speed = Speed()
        self._last = ""
        self._live: Live | None = None
        self._task: asyncio.Task[None] | None = None
        self._log = _ToConsole(self._console)
        if can_draw(self._console):
            self._live = Live(console=self._console, auto_refresh=False, transient=True)

    async def __aenter__(self) -> CallbackDisplay:
        logging.getLogger("wa_bulk.callbacks").addHandler(self._log)
        return self

    async def __aexit__(self, *error: object) -> None:
        logging.getLogger("wa_bulk.callbacks").removeHandler(self._log)
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self.leave()
        self._console.print(counters_line(self._counters), highlight=False, soft_wrap=True)

    def start(self) -> None:
        """Show the counters from now on."""
        if self._live is not None:
            self._live.start()
        self._task = asyncio.create_task(self._keep_showing())

    def leave(self) -> None:
        """Give the terminal back as it was."""
        if self._live is not None:
            self._live.stop()

    async def show_row(self, row: CallbackRow) -> None:
        """Show a notification; pass over every other row."""
        text = notification_line(row)
        if text is not None:
            self._console.print(Text(text, "yellow"), soft_wrap=True)

    async def _keep_showing(self) -> None:
        while True:
            line = counters_line(self._counters)
            if self._live is not None:
                per_s = self._speed.per_s(time.monotonic(), self._counters.rows)
                self._live.update(Text(f"{line}  {per_s:,.0f}/s", overflow="ellipsis", no_wrap=True))
                self._live.refresh()
            elif line != self._last:
                self._console.print(line, highlight=False, soft_wrap=True)
            self._last = line
            await asyncio.sleep(LIVE_EVERY_S if self._live is not None else LINE_EVERY_S)


def counters_line(counters: Counters) -> str:
    """Return the counters in a line: what is there always, and of the rest what has happened."""
    states = counters.states
    parts = [f"{counters.rows:,} callbacks"]
    parts += [f"{name} {sum(states[state] for state in own):,}" for name, own in _STATES]
    parts += [
        f"{name} {count:,}"
        for name, count in (
            ("messages from people", counters.responses),
            ("STOP", counters.stops),
            ("START", counters.starts),
            ("notifications", counters.notifications),
            ("repeated", counters.repeated),
            ("not understood", counters.unreadable),
            ("refused for their signature", counters.bad_signatures),
            ("not JSON", counters.garbage),
            ("too large or too many", counters.refused_size),
            ("refused and not kept", counters.not_kept),
            ("NOT STORED", counters.not_stored),
        )
        if count
    ]
    return ", ".join(parts)


def notification_line(row: CallbackRow) -> str | None:
    """Return what the vendor notifies of, None where `row` is no notification."""
    if not isinstance(row, ReceivedRow) or row.kind != "notification":
        return None
    event, data = event_and_data(row.raw)
    words = in_words(event, data) if event else row.raw.decode("utf-8", "replace")
    return plain(f"EngageLab: {words}")[:_SHOWN_MOST]


class _ToConsole(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Show a warning above the counters."""
        self._console.print(Text(plain(record.getMessage()), "bold red"), soft_wrap=True)
