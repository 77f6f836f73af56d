"""A log read once, streaming, and what it says: the summary every form of the report is made from.

`wa-bulk report --json` prints the structs of this module as they stand; their names are kept stable.
"""

import time
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from wa_bulk.history import Deliveries
from wa_bulk.ledger import log_format as log
from wa_bulk.ledger.lock import is_being_written
from wa_bulk.ledger.log_format import Sends
from wa_bulk.ledger.log_reader import Damage, read
from wa_bulk.report.funnel import AcceptedRows, Delivery, DeliveryDetails, funnel_of
from wa_bulk.report.measures import Latency, LatencyCounts, Throughput
from wa_bulk.report.tally import STATUSES, Cause, Tally
from wa_bulk.send.outcome import Status

State = Literal["finished", "stopped", "interrupted", "running", "cut off"]

UNKNOWN_ROWS_LISTED = 20
_UNKNOWN_TOLD_APART = 1000
_DAMAGE_LISTED = 20
_PAUSE_PER_PASS = 9
_HARMLESS = {
    "torn": " (torn by a crash; harmless)",
    "lost": " (lost in a power cut, before any row was sent for it; harmless)",
}


class Stretch(Struct):
    """One stretch of the run, from its start or a resume to its end line or the last thing known of it."""

    at: str
    until: str
    ended: bool = False
    """Whether it wrote its end line. If not it was killed, or is still running."""
    stopped: str | None = None
    """`fatal`, `failures` or `interrupted` when it stopped early."""
    detail: str | None = None
    pid: int | None = None
    settings: dict[str, log.Setting] = {}
    sends: Sends | None = None


class UnknownRow(Struct):
    """A row whose message may or may not have been accepted."""

    row: int
    to: str | None
    error: str | None
    """What happened to it; None when the run was cut off before it could say."""


class Summary(Struct):
    """What a log says about its run. Times are RFC 3339 in UTC."""

    log: str
    run_id: str
    campaign: str
    state: State
    """`cut off`: it did not end by itself, and no process writes to it."""
    detail: str | None
    """Why it stopped early, where there is more to say of it than `state` does."""
    pid: int | None
    """The process that writes to it, while it is running."""
    source: str
    rows: int | None
    """Rows of the recipients' file; None if the log does not say."""
    totals: dict[Status, int]
    """Rows by status."""
    in_flight: int
    """Rows sent or about to be, while it is running. Once it is cut off, they are `unknown`."""
    not_sent: int | None
    """Rows the run has not come to; None if `rows` is."""
    started: str
    ended: str
    """The last time in the log."""
    active_s: float
    """Seconds it was running, pauses before a resume left out."""
    rate: float
    """Messages sent a second of work, over the whole run."""
    requests: int
    """Requests begun, repeats included."""
    latency_ms: Latency | None
    stretches: list[Stretch]
    causes: list[Cause]
    """Why rows were not accepted, the most frequent first."""
    unknown_rows: list[UnknownRow]
    """The first 20."""
    throughput: Throughput
    damage: list[str]
    """Lines of the log that could not be read: the first 20."""
    damaged_lines: int
    """How many lines no crash explains: what they said is missing from every figure here."""
    delivery: Delivery | UnsetType = UNSET
    """What callbacks said; not there where none are known for the run."""
    delivery_details: DeliveryDetails | UnsetType = UNSET

    @property
    def sends(self) -> Sends | None:
        """What the campaign sends; None where the log does not say."""
        return self.stretches[0].sends

    @property
    def name(self) -> str:
        """The campaign's name or, where the log does not say it, its file's, without folder and ending."""
        return self.sends.campaign if self.sends else Path(self.campaign).stem

    @property
    def base_url(self) -> str | None:
        """The address that the last stretch sent to; None where the log does not say."""
        address = self.stretches[-1].settings.get(log.BASE_URL)
        return address if isinstance(address, str) else None

    @property
    def counts(self) -> dict[str, int]:
        """Rows by status, then those without one, where there are any: together, every row."""
        without = {"in flight": self.in_flight, "not sent": self.not_sent or 0}
        counts = {str(status): number for status, number in self.totals.items()}
        counts.update((name, number) for name, number in without.items() if number)
        return counts

    @property
    def unknown_more(self) -> int:
        """How many more rows there are like those in `unknown_rows`."""
        return self.totals["unknown"] - len(self.unknown_rows)


def summarise(path: Path, deliveries: Deliveries | None = None) -> Summary:
    """Read the log at `path` and say what it tells and, with `deliveries`, what callbacks say of its rows.

    Memory stays at one byte a row and a constant, with `deliveries` at 12 bytes a row. Raises LogError if
    `path` cannot be read or is no log, and HistoryError where the callbacks cannot be.
    """
    running = is_being_written(path)
    reading = _Reading(None if deliveries is None else AcceptedRows())
    try:
        for line in read(path, reading.damaged):
            reading.follow(line)
    except ValueError as error:
        raise log.LogError(f"{path} is damaged: {error}") from None
    summary = reading.summary(path, running)
    if deliveries is not None:
        reading.add_delivery(summary, deliveries)
    return summary


def follow(
    path: Path,
    look: Callable[[Summary], None],
    pause: Callable[[], None],
    deliveries: Deliveries | None = None,
) -> None:
    """Read the log at `path` while a process writes it; return once none does.

    Whenever all is read, `look` is told what the log says so far, and `pause` waits for more. With
    `deliveries` it is told too what callbacks said, as often as a tenth of the time allows. Raises LogError,
    and HistoryError where the callbacks cannot be read.
    """
    reading = _Reading(None if deliveries is None else AcceptedRows())
    latest = _LatestDelivery()
    ended = False

    def at_end() -> bool:
        nonlocal ended
        if ended:
            return False
        ended = not is_being_written(path)
        if not ended:
            if reading.begun:
                summary = reading.summary(path, True)
                if deliveries is not None:
                    latest.add(reading, summary, deliveries)
                look(summary)
            pause()
        return True  # once more: for what was written before it ended

    try:
        for line in read(path, reading.damaged, at_end):
            reading.follow(line)
    except ValueError as error:
        raise log.LogError(f"{path} is damaged: {error}") from None


class _LatestDelivery:
    """What callbacks said, asked anew where that was long enough ago: it costs a pass over the rows."""

    def __init__(self) -> None:
        self._due_s = 0.0
        self._known: tuple[Delivery | UnsetType, DeliveryDetails | UnsetType] = (UNSET, UNSET)

    def add(self, reading: "_Reading", summary: Summary, deliveries: Deliveries) -> None:
        began_s = time.monotonic()
        if began_s >= self._due_s:
            reading.add_delivery(summary, deliveries)
            self._known = summary.delivery, summary.delivery_details
            now_s = time.monotonic()
            self._due_s = now_s + _PAUSE_PER_PASS * (now_s - began_s)
        summary.delivery, summary.delivery_details = self._known


class _Reading:
    def __init__(self, accepted: AcceptedRows | None = None) -> None:
        self._tally = Tally()
        self._accepted = accepted
        self._first: log.RunLine | None = None
        self._stretches: list[Stretch] = []
        self._only_settles = False
        self._stretch_began_s = 0.0
        self._active_before_s = 0.0
        self._last_s = 0.0
        self._last_at = ""
        self._sent = 0
        self._requests = 0
        self._latencies = LatencyCounts()
        self._throughput = Throughput(accepted=[], others=[], resumed_at_s=[])
        self._unknown: dict[int, log.ResultLine] = {}
        self._damage: list[Damage] = []
        self._damaged_lines = 0

    @property
    def begun(self) -> bool:
        """Whether there was a run line."""
        return self._first is not None

    def damaged(self, damage: Damage) -> None:
        if len(self._damage) < _DAMAGE_LISTED:
            self._damage.append(damage)
        self._damaged_lines += damage.lines if damage.kind == "damaged" else 0

    def follow(self, line: log.LogLine) -> None:
        self._tally.follow(line)
        match line:
            case log.ResultLine():
                self._result(line)
            case log.RunLine():
                self._run(line)
            case log.EndLine():
                stretch = self._stretches[-1]
                stretch.ended, stretch.stopped, stretch.detail = True, line.stopped, line.detail
                if not self._only_settles:
                    self._reached(line.at)
            case log.LostTail() if not self._only_settles:
                self._stretches[-1].ended = False

    def _run(self, line: log.RunLine) -> None:
        self._only_settles = line.only_settles
        if self._only_settles and self._stretches:
            return
        if self._first is None:
            self._first = line
        else:
            self._active_before_s += self._last_s - self._stretch_began_s
            self._throughput.resumed_at_s.append(round(self._active_before_s, 3))
        self._stretch_began_s = self._last_s = _seconds(line.at)
        self._last_at = line.at
        self._stretches.append(
            Stretch(line.at, line.at, pid=line.pid, settings=line.settings, sends=line.sends)
        )

    def _result(self, line: log.ResultLine) -> None:
        if line.settled_by is None:
            self._reached(line.at)
            if line.attempts:
                self._sent += 1
                self._requests += line.attempts
                self._throughput.add(self._active_s(), line.status == "accepted")
            if line.latency_ms is not None:
                self._latencies.add(line.latency_ms)
        if line.status == "accepted" and self._accepted is not None:
            self._accepted.note(line)
        if line.status == "unknown":
            if len(self._unknown) < _UNKNOWN_TOLD_APART:
                self._unknown[line.row] = line
        elif self._unknown:
            self._unknown.pop(line.row, None)

    def _active_s(self) -> float:
        return self._active_before_s + self._last_s - self._stretch_began_s

    def _reached(self, at: str) -> None:
        if at == self._last_at:
            return
        self._last_at = at
        at_s = _seconds(at)
        if at_s > self._last_s:  # a clock set back must not make the run shorter
            self._last_s = at_s
            self._stretches[-1].until = at

    def summary(self, path: Path, running: bool) -> Summary:
        if not running:
            self._tally.states.cut_off()
        first = self._first
        assert first is not None, "log.read begins with a run line"
        causes = self._tally.causes()
        totals = dict.fromkeys(STATUSES, 0)
        for cause in causes:
            totals[cause.status] += cause.rows
        in_flight = self._tally.states.intended()
        rows = first.source.rows
        active_s = self._active_s()
        last = self._stretches[-1]
        return Summary(
            log=str(path),
            run_id=first.run_id,
            campaign=first.campaign,
            state=_state(last, running),
            detail=last.detail if last.detail != last.stopped else None,
            pid=last.pid if running else None,
            source=first.source.path,
            rows=rows,
            totals=totals,
            in_flight=in_flight,
            not_sent=None if rows is None else max(0, rows - sum(totals.values()) - in_flight),
            started=self._stretches[0].at,
            ended=last.until,
            active_s=round(active_s, 3),
            rate=round(self._sent / active_s, 1) if active_s > 0 else 0.0,
            requests=self._requests,
            latency_ms=self._latencies.summary(),
            stretches=self._stretches,
            causes=[cause for cause in causes if cause.status != "accepted"],
            unknown_rows=[*map(self._unknown_row, islice(self._tally.rows_unknown(), UNKNOWN_ROWS_LISTED))],
            throughput=self._throughput,
            damage=[*map(_damage_in_words, self._damage)],
            damaged_lines=self._damaged_lines,
        )

    def add_delivery(self, summary: Summary, deliveries: Deliveries) -> None:
        """Add what callbacks say, where they say anything."""
        assert self._first is not None
        assert self._accepted is not None
        states = self._tally.states
        funnel = funnel_of(Path(summary.log), self._first, states, self._accepted, deliveries)
        delivery = funnel.delivery()
        if delivery is not None:
            summary.delivery, summary.delivery_details = delivery, funnel.details()

    def _unknown_row(self, row: int) -> UnknownRow:
        line = self._unknown.get(row)
        return UnknownRow(row, line.to, line.error or line.reason) if line else UnknownRow(row, None, None)


def _state(last: Stretch, running: bool) -> State:
    if running:
        return "running"
    if not last.ended:
        return "cut off"
    if last.stopped is None:
        return "finished"
    return "interrupted" if last.stopped == "interrupted" else "stopped"


def _damage_in_words(damage: Damage) -> str:
    where = f"line {damage.line}"
    if damage.lines > 1:
        where += f" and {damage.lines - 1:,} behind it"
    return f"{where}: {damage.fault}{_HARMLESS.get(damage.kind, '')}"


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError, OSError):
        raise log.LogError(f"the log tells of the time {at!r}, which is none: damaged?") from None
