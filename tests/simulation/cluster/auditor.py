"""The invariants of a cluster, checked against the simulated EngageLab's memory and Redis' own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.cluster.process import Process
from tests.simulation.cluster.scenario import ClusterScenario
from tests.simulation.limits import rate_faults, rows_ahead
from tests.simulation.log_view import NEVER, STATUSES, LogView
from tests.simulation.server import SECRET, Attempt, Server

INTENDED = 0x80
CODES = {
    0: NEVER,
    **dict(enumerate(STATUSES, 1)),
    6: "cut off",
    7: "failed, again",
    8: "unknown, again",
    9: "rejected, again",
}
"""What a byte of the books means, written down a second time."""
IN_DOUBT = ("unknown", "cut off", "unknown, again")
COUNTS_AS = {
    "cut off": "unknown",
    "failed, again": "failed",
    "unknown, again": "unknown",
    "rejected, again": "rejected",
}


class ClusterAuditor:
    """Watches a simulation; `faults` are sentences about what is wrong."""

    def __init__(self, server: Server, scenario: ClusterScenario) -> None:
        self.faults: list[str] = []
        self.excused: set[int] = set()
        """Rows of which Redis has lost something: they may be sent twice, and have no result."""
        self.exempt: list[tuple[float, float]] = []
        """When the pace may be exceeded: Redis lost what it knew of it, or its clock was put forward."""
        self.clock_jumped_at = -1e9
        self.unknown_is_retried = scenario.campaign.stretches[0].settings.on_unknown == "retry"
        self._server = server
        self._scenario = scenario
        self._settings = scenario.campaign.stretches[0].settings
        self._books = b""
        self._base: dict[int, int] = {}
        """The code that each row had when it was announced last."""
        self._taken_over_at: dict[int, float] = {}
        self._was_cut_off: set[int] = set()
        self._reopened = False

    # -- while it runs --------------------------------------------------------------------------------

    def changed(self, books: bytes, counters: Counter[int], at: float) -> None:
        """Look at Redis' books after a change."""
        if books != self._books:
            self._follow(books, at)
        counted = Counter(byte & ~INTENDED for byte in books)
        del counted[0]
        if counted != counters and not self.excused:
            self._fault(f"the books count {dict(counted)}, Redis says {dict(counters)}")

    def rolled_back(self, books: bytes) -> None:
        """Take note of what a restart of Redis has lost."""
        length = max(len(books), len(self._books))
        pairs = zip(books.ljust(length, b"\0"), self._books.ljust(length, b"\0"), strict=True)
        self.excused |= {row for row, (now, before) in enumerate(pairs, 1) if now != before}
        self._books = books

    def _follow(self, books: bytes, at: float) -> None:
        before = self._books.ljust(len(books), b"\0")
        cut_off = set()
        for row, (old, new) in enumerate(zip(before, books, strict=True), 1):
            if new & INTENDED and not old & INTENDED:
                self._base[row] = old
            if old & INTENDED and new == 6:
                cut_off.add(row)
            if CODES[old & ~INTENDED] == "rejected" and new == 0:
                self._reopened = True
        for row in cut_off:
            self._taken_over_at[row] = at
        self._was_cut_off |= cut_off
        ahead = rows_ahead(self._settings, self._server.attempts)
        bound = self._settings.concurrency + ahead
        if len(cut_off - self.excused) > bound:
            self._fault(f"{len(cut_off)} rows were cut off at once; at most {bound} may be")
        self._books = books

    def attempted(self, attempt: Attempt, process: Process) -> None:
        """Check a request that is on the wire now."""
        row = attempt.row
        recipient = self._scenario.campaign.recipients[row - 1]
        if recipient.kind == "refuse" or attempt.to != [recipient.to] or attempt.sender != recipient.sender:
            self._fault(f"row {row} was sent as {attempt.to} from {attempt.sender}; it is {recipient}")
        if row in self.excused:
            return
        byte = self._books[row - 1] if row <= len(self._books) else 0
        if not byte & INTENDED:
            taken_at = self._taken_over_at.get(row)
            if CODES[byte] == "unknown" and self._tries_again(attempt):
                pass  # in doubt already, and sent again on the user's word
            elif taken_at is None:
                self._fault(f"row {row} was sent before its intent was in Redis: {CODES[byte]}")
            elif (
                attempt.begun_at > taken_at
                and attempt.begun_at - self.clock_jumped_at > self._scenario.lease_s
            ):
                self._fault(f"row {row} was sent although another has taken it over")
        if reason := self._must_not_be_sent(attempt):
            self._fault(f"row {row} was sent {reason}")

    def _tries_again(self, attempt: Attempt) -> bool:
        earlier = [one for one in self._server.by_row[attempt.row] if one.n < attempt.n]
        return any(one.stretch == attempt.stretch and one.evidence == "nothing" for one in earlier)

    def _must_not_be_sent(self, attempt: Attempt) -> str | None:
        earlier = [one for one in self._server.by_row[attempt.row] if one.n < attempt.n]
        if not earlier:
            return None
        last, settings = earlier[-1], self._settings
        base = CODES[self._base.get(attempt.row, 0)]
        if self.unknown_is_retried and base in IN_DOUBT:
            return None
        if any(one.evidence == "taken" for one in earlier):
            return f"again after it was taken ({[one.fate for one in earlier]})"
        if base == "rejected":
            return "again after it was rejected"
        in_doubt = [one for one in earlier if one.evidence == "nothing"]
        if not in_doubt or self.unknown_is_retried:
            return None
        by_gateway = all(one.by_gateway for one in in_doubt) and settings.gateway_errors == "retry"
        if by_gateway and last.stretch == attempt.stretch:
            return None
        return f"again after {[one.fate for one in in_doubt]}, which proves nothing; it was {base}"

    # -- when all is over -----------------------------------------------------------------------------

    def finished(self, log: bytes, totals: Counter[str]) -> None:
        """Check the log of a run that has finished; `totals` are Redis'."""
        view = LogView(log)
        rows = range(1, len(self._scenario.campaign.recipients) + 1)
        limit = self._settings.limit or len(rows)
        expected = set(rows[:limit])
        if missing := sorted(expected - set(view.results) - self.excused):
            self._fault(f"rows {missing} have no final line")
        if foreign := sorted(set(view.results) - expected):
            self._fault(f"rows {foreign} have a line and were not to be sent")
        if not self.excused and +view.totals() != totals:
            self._fault(f"the log says {dict(view.totals())}, Redis {dict(totals)}")
        if view.end is None or view.end["stopped"] is not None:
            self._fault(f"the log does not end as a finished run's does: {view.end}")
        elif not self.excused and {k: n for k, n in view.end["totals"].items() if n} != dict(view.totals()):
            self._fault(f"the end line says {view.end['totals']}, the lines {dict(view.totals())}")
        self.faults += self._lines(view)
        self.faults += self._statuses(view)
        self.faults += self._pace()
        if SECRET.encode() in log:
            self._fault("the secret is in the log")

    def _lines(self, view: LogView) -> Iterator[str]:
        """Check that no row has two lines: only doubts, reopened rows and lost books make others."""
        settings = self._settings
        if self._reopened or settings.gateway_errors == "retry" or self.unknown_is_retried:
            return
        twice = {row: n for row, n in view.lines.items() if n > 1 and row not in self.excused}
        if twice:
            yield f"rows with several final lines: {twice}"

    def _statuses(self, view: LogView) -> Iterator[str]:
        by_number = Counter(one.to for one in self._scenario.campaign.recipients)
        for row, result in view.results.items():
            attempts = self._server.by_row.get(row, [])
            if row in self.excused:
                continue
            status, fates = view.known.get(row, NEVER), [one.fate for one in attempts]
            taken = [one.message_id for one in attempts if one.taken]
            if status not in ("accepted", "unknown") and (
                taken or any(one.evidence == "nothing" for one in attempts)
            ):
                yield f"row {row} may have been taken ({fates}), the log says {status!r}"
            if status == "accepted" and result.get("message_id") not in taken:
                yield f"row {row} is accepted as {result.get('message_id')}, the server took it as {taken}"
            recipient = self._scenario.campaign.recipients[row - 1]
            if status == "skipped" and by_number[recipient.to] < 2:
                yield f"row {row} is skipped ({result.get('reason')}), but nobody else has its number"
            if (recipient.kind == "refuse") != (status == "rejected") and recipient.kind == "refuse":
                yield f"row {row} cannot be sent, the log says {status!r}"
            in_doubt = row in self._was_cut_off or any(one.evidence == "nothing" for one in attempts)
            if status == "unknown" and not in_doubt:
                yield f"row {row} is unknown without a reason: {fates}"
            if len(taken) > 1 and not self.unknown_is_retried and self._settings.gateway_errors != "retry":
                yield f"row {row} was taken {len(taken)} times"

    def _pace(self) -> Iterator[str]:
        spans: defaultdict[int, list[Attempt]] = defaultdict(list)
        for one in self._server.attempts:
            if not any(begin <= one.at < end for begin, end in self.exempt):
                spans[sum(end <= one.at for _, end in self.exempt)].append(one)
        for attempts in spans.values():
            yield from rate_faults(self._settings.rate, attempts)

    def _fault(self, text: str) -> None:
        self.faults.append(text)
