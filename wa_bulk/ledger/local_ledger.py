"""The ledger of a run on one machine: its log, one byte a row, and counters, kept as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from wa_bulk.ledger.base import Claim, claimable_states
from wa_bulk.ledger.journal import REAL_MACHINE, Journal, Machine
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_file import LogFile
from wa_bulk.ledger.log_format import (
    EndLine,
    LogError,
    ReopenedLine,
    RunLine,
    Stopped,
    Totals,
    WithdrawnLine,
)
from wa_bulk.ledger.past import Past
from wa_bulk.ledger.row_states import CODE_MASK, CODES, CUT_OFF, RowState, RowStates
from wa_bulk.send.outcome import Outcome

CLAIM_ROWS = 1 << 14
"""Most rows of one claim; and as many are looked at before the event loop can go on."""

_SAYS_MORE = (CODES["accepted"], CODES["skipped"])
_UNKNOWN = CODES["unknown"]
_MAYBE_TAKEN = (_UNKNOWN, CUT_OFF)


class LocalLedger:
    """A `Ledger` that keeps a log. Made by `create` or `resume`; belongs to the event loop it was made in.

    `on_error` is called once, in the event loop, when the log cannot be written any more; `error` holds why.
    """

    def __init__(
        self, journal: Journal, run_id: str, states: RowStates, rows: int, claimable: Sequence[RowState]
    ) -> None:
        self.rows = rows
        """Rows of the source."""
        self.handled = 0
        """Rows that were settled since this was opened, those that were not to be sent among them."""
        self._journal = journal
        self._run_id = run_id
        self._states = states
        self._bytes = states.bytes
        totals = states.totals()
        self._counts = [
            0,
            totals.accepted,
            totals.rejected,
            totals.failed,
            states.count(_UNKNOWN),
            totals.skipped,
            states.count(CUT_OFF),
        ]
        """How many rows have each code; that of the rows without one is not kept."""
        self._claims = self._claimable(claimable)

    @classmethod
    async def create(
        cls,
        log: Path | str | LogFile,
        run: RunLine,
        rows: int,
        *,
        on_error: Callable[[LogError], None] | None = None,
        machine: Machine = REAL_MACHINE,
    ) -> LocalLedger:
        """Begin a new run of `rows` rows with a log at a path, or in an open, empty file.

        `run` is on disk when this returns. Raises LogError; then no log is left behind.
        """
        if isinstance(log, Path | str):
            log = LockedLog.create(log)
        journal = await Journal.create(log, run, on_error=on_error, machine=machine)
        return cls(journal, run.run_id, RowStates(rows), rows, ["never"])

    @classmethod
    async def resume(
        cls,
        log: LogFile,
        past: Past,
        run: RunLine,
        rows: int,
        *,
        retry_unknown: bool = False,
        retry_failed: bool = False,
        retry_rejected: bool = False,
        on_error: Callable[[LogError], None] | None = None,
        machine: Machine = REAL_MACHINE,
    ) -> LocalLedger:
        """Go on with `past`, which was read from `log` after that was locked. Takes `past.states` over.

        Raises LogError; then the log is let go.
        """
        try:
            past.check_resumable()
            if log.size() != past.bytes or not log.is_in_place():
                raise LogError(f"the log {log.path} was changed since it was read: resume it again")
        except OSError as error:
            log.close()
            raise LogError(f"cannot read the log {log.path}: {error.strerror or error}") from error
        except LogError:
            log.close()
            raise
        journal = await Journal.resume(log, run, on_error=on_error, machine=machine)
        claimable = claimable_states(
            retry_unknown=retry_unknown, retry_failed=retry_failed, retry_rejected=retry_rejected
        )
        return cls(journal, run.run_id, past.states, rows, claimable)

    @property
    def error(self) -> LogError | None:
        """Why the log cannot be written any more; None while it can."""
        return self._journal.error

    async def claim(self) -> Claim | None:
        """Take the next rows to go through, at most `CLAIM_ROWS`; None when there are no more."""
        return next(self._claims, None)

    def _claimable(self, states: Sequence[RowState]) -> Iterator[Claim]:
        # Rows that were not claimed yet are nobody's to settle: they have the state they began with.
        for first in range(1, self.rows + 1, CLAIM_ROWS):
            last = min(first + CLAIM_ROWS - 1, self.rows)
            for rows, state in self._states.alike(first, last, states):
                yield Claim(rows, state)

    async def intend(self, rows: Sequence[int]) -> None:
        """Announce that these rows, ascending, gaps allowed, will be sent, once this has returned."""
        ranges = [*consecutive(rows)]
        for first, last in ranges:
            self._states.intend(first, last)
        await self._journal.intend(ranges)

    def settle(self, row: int, to: str | None, outcome: Outcome, reason: str | None = None) -> None:
        """Note the final word on a row, for now: later words win. What may be accepted stays `unknown`."""
        status = outcome.status
        code = CODES[status]
        try:  # as `replace_code` does, without a call
            states = self._bytes
            before = states[row - 1] & CODE_MASK
            states[row - 1] = code
        except IndexError:
            before = self._states.replace_code(row, code)
        if before:
            self._counts[before] -= 1
            if before in _MAYBE_TAKEN and code not in _SAYS_MORE:
                status, code = "unknown", _UNKNOWN
                self._states.set_code(row, code)
        self._counts[code] += 1
        self.handled += 1
        self._journal.record(row, to, status, outcome, reason)

    def doubt(self, row: int, to: str | None, outcome: Outcome) -> None:
        """Note that a row may have been taken, and that it is sent again all the same."""
        self.settle(row, to, outcome)
        self.handled -= 1

    def withdraw(self, rows: Iterable[int], reason: str) -> None:
        """Note that these rows were provably not taken since they were intended."""
        for first, last in consecutive(sorted(set(rows))):
            self._states.withdraw(first, last)
            self._journal.append(WithdrawnLine(self._run_id, (first, last), reason))

    def reopen(self, first: int, last: int, reason: str) -> None:
        """Make the rejected ones among rows `first` to `last` as if they had never been sent."""
        self._counts[CODES["rejected"]] -= self._states.reopen(first, last)
        self._journal.append(ReopenedLine(self._run_id, (first, last), reason))

    def totals(self) -> Totals:
        """Count the rows by status, earlier stretches included."""
        _, accepted, rejected, failed, unknown, skipped, cut_off = self._counts
        return Totals(accepted, rejected, failed, unknown + cut_off, skipped)

    def may_be_taken(self) -> Iterator[range]:
        """Find the rows that were accepted, or may have been: ascending ranges."""
        return self._states.rows_in("accepted", "unknown", "intended", "cut off")

    async def close(self, stopped: Stopped | None, detail: str | None) -> None:
        """End this stretch of the run, sync, and let the log go. Rows still intended count as unknown."""
        await self._journal.close(
            EndLine(
                run_id=self._run_id,
                at=self._journal.now(),
                stopped=stopped,
                totals=self._states.totals(),
                detail=detail,
                synced=self._journal.synced,
            )
        )

    async def abandon(self) -> None:
        """Sync and let the log go without an end line: intended rows will be cut off."""
        await self._journal.close()


def consecutive(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Divide ascending row numbers into (first, last) of each range without gaps."""
    if rows and rows[-1] - rows[0] + 1 == len(rows):
        yield rows[0], rows[-1]
        return
    first = 0
    for index, row in enumerate(rows):
        if index + 1 == len(rows) or rows[index + 1] != row + 1:
            yield rows[first], row
            first = index + 1
