"""The invariants, checked against the simulated server's own memory. Shares nothing with the sender."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator

from tests.simulation.campaign import HEADER
from tests.simulation.limits import outage_faults, pause_faults, rate_faults, rows_ahead
from tests.simulation.log_view import CUT_OFF, NEVER, LogView, lines_of
from tests.simulation.scenario import Outage, Scenario, StretchPlan
from tests.simulation.server import SECRET, Attempt, Server
from wa_bulk.campaign.settings import Settings

LANGUAGE = HEADER.index("language")
MAY_HAVE_GONE = ("accepted", "unknown", CUT_OFF)
KEY = "simulation"
TOKEN = base64.b64encode(f"{KEY}:{SECRET}".encode())


class Auditor:
    """Watches a simulation; `faults` are sentences about what is wrong."""

    def __init__(self, server: Server, scenario: Scenario) -> None:
        self.faults: list[str] = []
        self._server = server
        self._recipients = scenario.recipients
        self._numbers = Counter(recipient.to for recipient in scenario.recipients)
        self._outages: list[tuple[Outage, ...]] = []
        self._settings: list[Settings] = []
        self._began: list[float] = []
        self._before: list[LogView] = []
        """What the log said when each stretch began."""
        self._intended: set[int] = set()
        """Rows whose intent, of this stretch, is on the disk."""
        self._fresh: set[int] = set()
        """Rows that could be sent, that nothing is known of, and that were not announced yet."""
        self._writer: dict[int, int] = {}
        """Which stretch wrote each run line."""
        self._lost_pages = False
        self._late_allowed: int | None = None
        self._interrupted_at = 0.0
        self._lost: dict[int, set[int]] = {}
        """By stretch: rows that count as cut off because lines of it were lost."""
        self._read = 0

    # -- while a stretch runs -------------------------------------------------------------------------

    def begin(self, plan: StretchPlan, log: bytes, at: float) -> None:
        """Take note that a process begins, with the log as it is."""
        self._outages.append(plan.outages)
        self._began.append(at)
        self._settings.append(plan.settings)
        self._before.append(self.view(log))
        self._intended = set()
        last = plan.settings.limit or len(self._recipients)
        fresh = (one.row for one in self._recipients[:last] if one.kind == "send")
        self._fresh = {row for row in fresh if self._before[-1].state(row) == NEVER}
        self._late_allowed = None
        self._read = len(log)

    def view(self, log: bytes) -> LogView:
        """Read a log."""
        return LogView(log, self._lost)

    def note_cut_off(self, rows: set[int], log: bytes) -> None:
        """Take note of rows that the process counts as cut off: the log lost lines behind its last intent.

        They have to be none that the log tells more of, and no more than could have been announced.
        """
        view = self.view(log)
        for row in sorted(rows):
            if view.state(row) not in (NEVER, "failed", "rejected"):
                self.faults.append(f"row {row} is {view.state(row)!r} in the log, and cut off to the package")
        bound = max(one.concurrency + rows_ahead(one, self._server.attempts) for one in self._settings)
        if len(rows) > bound:
            self.faults.append(
                f"{len(rows)} rows were called cut off behind a lost tail; at most {bound} may be"
            )
        self._lost[view.runs] = self._lost.get(view.runs, set()) | rows
        self._before[-1].known |= dict.fromkeys(rows, CUT_OFF)
        self._fresh -= rows

    def begin_anew(self) -> None:
        """Take note that there is no log: nothing was sent yet."""
        self._read = 0

    def interrupted(self, at: float, about_to_write: int) -> None:
        """Take note that the process was asked to stop, with so many requests begun but not written."""
        if self._late_allowed is None:
            self._late_allowed, self._interrupted_at = about_to_write, at

    def stopped(self, at: float, slack_s: float) -> None:
        """Take note that the process ended by itself: after an interruption, within the time of a request."""
        took_s = at - self._interrupted_at
        if self._late_allowed is not None and took_s > 2 * self._settings[-1].timeout + slack_s:
            self.faults.append(f"the run ended {took_s:.1f} s after it was interrupted")

    def synced(self, log: bytes) -> None:
        """Take note that all of `log` is on the disk now."""
        for line in lines_of(log[self._read :]):
            if line["type"] == "intent":
                rows = range(line["rows"][0], line["rows"][1] + 1)
                self._intended.update(rows)
                self._fresh.difference_update(rows)
        self._read = len(log)

    def attempted(self, attempt: Attempt) -> None:
        """Check a request that is on the wire now."""
        row = attempt.row
        if row not in self._intended:
            self.faults.append(f"row {row} was sent before its intent was on the disk")
        if self._late_allowed is not None:
            self._late_allowed -= 1
            if self._late_allowed < 0:
                self.faults.append(f"row {row} was sent after the run was interrupted")
        recipient = self._recipients[row - 1]
        if recipient.kind == "refuse" or attempt.to != [recipient.to] or attempt.sender != recipient.sender:
            self.faults.append(f"row {row} was sent as {attempt.to} from {attempt.sender}; it is {recipient}")
        attempt.fresh = len(self._fresh)
        stretch = len(self._settings) - 1
        now = [
            one for one in self._server.by_row[row] if one.stretch == attempt.stretch and one.n < attempt.n
        ]
        attempt.in_doubt = any(one.evidence == "nothing" for one in now)
        attempt.in_doubt |= self._before[stretch].state(row) in ("unknown", CUT_OFF)
        if reason := self._must_not_be_sent(attempt, stretch):
            self.faults.append(f"row {row} was sent {reason}")

    def _must_not_be_sent(self, attempt: Attempt, stretch: int) -> str | None:
        settings, row = self._settings[stretch], attempt.row
        earlier = [one for one in self._server.by_row[row] if one.n < attempt.n]
        same = [one for one in earlier if one.stretch == attempt.stretch]
        if same:
            last = same[-1]
            if last.evidence in ("taken", "final"):
                return f"again after it was {last.evidence} ({last.fate})"
            if last.evidence == "nothing":
                by_gateway = settings.gateway_errors == "retry" and last.by_gateway
                if settings.on_unknown != "retry" and not by_gateway:
                    return f"again after {last.fate}, which proves nothing"
                if sum(one.evidence == "nothing" for one in same) >= settings.tries:
                    return f"more than {settings.tries} times although it may have been taken"
            return None
        before = self._before[stretch].state(row)
        is_proven = all(one.evidence in ("try again", "final") for one in earlier)
        is_asked = {
            NEVER: is_proven,
            "failed": is_proven and settings.retry_failed,
            "rejected": is_proven and settings.retry_rejected,
            "unknown": settings.on_unknown == "retry",
            CUT_OFF: settings.on_unknown == "retry",
        }.get(before, False)
        return None if is_asked else f"while the log said {before!r}, after {[one.fate for one in earlier]}"

    # -- when a stretch is over -----------------------------------------------------------------------

    def ended(self, log: bytes, *, by_itself: bool, lost_pages: bool) -> None:
        """Check what a process left behind: `log`, with `lost_pages` if not all that was written is there."""
        self._lost_pages |= lost_pages
        view = self.view(log)
        stretch = len(self._settings) - 1
        self.faults += self._rows_agree_with_server(view)
        settings, attempts = self._settings[stretch], self._attempts(stretch)
        self.faults += rate_faults(settings.rate, attempts)
        self.faults += pause_faults(attempts)
        for outage in self._outages[stretch]:
            self.faults += outage_faults(outage, self._began[stretch], settings.concurrency, attempts)
        if view.runs > self._before[stretch].runs:
            self._writer[view.runs] = stretch
        if by_itself:
            self.faults += self._ended_stretch(view, stretch)
        elif view.runs:
            self.faults += self._crash_bound(view, self._writer[view.runs])
        if SECRET.encode() in log or TOKEN in log:
            self.faults.append("the secret is in the log")

    def _rows_agree_with_server(self, view: LogView) -> Iterator[str]:
        for row, attempts in self._server.by_row.items():
            state = view.state(row)
            if state not in MAY_HAVE_GONE and any(one.evidence in ("taken", "nothing") for one in attempts):
                fates = [one.fate for one in attempts]
                yield f"row {row} may have been taken ({fates}), the log says {state!r}"
            if state not in MAY_HAVE_GONE and any(one.taken for one in attempts):
                yield f"row {row} was taken by the server, the log says {state!r}"
            is_refused = any(one.evidence == "final" for one in attempts) or self._is_template_missing(row)
            if state == "rejected" and not is_refused:
                yield f"row {row} is rejected, but nobody refused it: {[one.fate for one in attempts]}"
        for row, result in view.results.items():
            taken = {one.message_id for one in self._server.by_row.get(row, ()) if one.taken}
            if view.known.get(row) == "accepted" and result.get("message_id") not in taken:
                yield f"row {row} is accepted as {result.get('message_id')}, the server took it as {taken}"
            recipient = self._recipients[row - 1]
            if view.known.get(row) == "skipped" and self._numbers[recipient.to] < 2:
                yield f"row {row} is skipped ({result.get('reason')}), but nobody else has its number"
            is_lost = any(row in rows for rows in self._lost.values())
            if recipient.kind == "refuse" and result["status"] != "rejected" and not is_lost:
                yield f"row {row} cannot be sent, the log says {result['status']!r}"

    def _is_template_missing(self, row: int) -> bool:
        """Tell whether the server said so of another row in the same language."""
        language = self._recipients[row - 1].values[LANGUAGE]
        refused = (
            one.row for one in self._server.attempts if one.fate == "4001" and one.answered_at is not None
        )
        return any(self._recipients[other - 1].values[LANGUAGE] == language for other in refused)

    def _ended_stretch(self, view: LogView, stretch: int) -> Iterator[str]:
        """Check that a stretch that ended by itself knows all that it was told."""
        if view.end is None:
            yield "a stretch that ended by itself has no end line"
            return
        totals = {name: count for name, count in view.end["totals"].items() if count}
        if totals != dict(view.totals()):
            yield f"the end line says {totals}, the lines before it {dict(view.totals())}"
        if view.open:
            yield f"rows {sorted(view.open)} were left open by a stretch that ended by itself"
        for row, attempts in self._server.by_row.items():
            now = [one for one in attempts if one.stretch == stretch + 1]
            evidence = {one.evidence for one in now}
            before, after = self._before[stretch].state(row), view.state(row)
            if "taken" in evidence and after != "accepted":
                yield f"row {row} was accepted before the sender's eyes, the log says {after!r}"
            is_proven = evidence and evidence <= {"try again", "final"} and before not in MAY_HAVE_GONE
            if is_proven and after not in (NEVER, "failed", "rejected"):
                yield f"row {row} was proven not taken ({[one.fate for one in now]}), the log says {after!r}"

    def _crash_bound(self, view: LogView, stretch: int) -> Iterator[str]:
        """Check that a crash left in doubt no more than the rows in flight and those announced ahead.

        A power cut may lose results and keep, behind them, the announcement that was to carry them.
        """
        attempts = self._attempts(stretch)
        told = {one.row for one in attempts if one.answered_at is not None and one.evidence == "nothing"}
        before = self._before[stretch]
        in_doubt = [row for row in view.open - told if before.state(row) not in ("unknown", CUT_OFF)]
        ahead = rows_ahead(self._settings[stretch], attempts)
        bound = self._settings[stretch].concurrency + ahead * (2 if self._lost_pages else 1)
        if len(in_doubt) > bound:
            yield f"{len(in_doubt)} rows were left in doubt by a crash; at most {bound} may be"

    def _attempts(self, stretch: int) -> list[Attempt]:
        return [one for one in self._server.attempts if one.stretch == stretch + 1]

    # -- when all is over -----------------------------------------------------------------------------

    def accepted_again(self, log: bytes) -> None:
        """Check a run of which all that was not accepted was sent again, and accepted.

        A row that cannot be rendered keeps what a lost tail has made of it.
        """
        view = self.view(log)
        for recipient in self._recipients:
            state = view.state(recipient.row)
            if state in ("failed", "unknown") and recipient.kind != "refuse":
                self.faults.append(f"all was sent again and accepted, and yet row {recipient.row} is {state}")

    def finished(self, log: bytes) -> None:
        """Check a run that has finished."""
        view = self.view(log)
        rows = range(1, len(self._recipients) + 1)
        if without := [row for row in rows if view.state(row) in (NEVER, CUT_OFF)]:
            self.faults.append(f"rows {without} have no status although the run is finished")
        if sum(view.totals().values()) != len(rows):
            self.faults.append(f"{dict(view.totals())} do not add up to {len(rows)} rows")
        self.faults += self._nobody_twice_unasked()

    def _nobody_twice_unasked(self) -> Iterator[str]:
        if any(one.on_unknown == "retry" or one.gateway_errors == "retry" for one in self._settings):
            return
        by_row = Counter(one.row for one in self._server.attempts if one.taken)
        yield from (f"row {row} was taken {times} times" for row, times in by_row.items() if times > 1)
        if not self._settings[0].allow_duplicates:
            by_number = Counter(one.to[0] for one in self._server.attempts if one.taken)
            yield from (f"{to} was written to {times} times" for to, times in by_number.items() if times > 1)
