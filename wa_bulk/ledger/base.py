"""The contract of a ledger: what is known of every row of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from wa_bulk.ledger.log_format import Stopped, Totals
from wa_bulk.ledger.row_states import RowState
from wa_bulk.send.outcome import Outcome


class Claim(Struct, frozen=True):
    """Some rows to go through, and what is known of all of them.

    Rows that are `cut off` always come, since they need a result: it is `unknown`, unless they are sent
    again and accepted. `failed`, `unknown` and `rejected` rows come only where they are to be retried.
    """

    rows: range
    state: RowState


def claimable_states(
    *, retry_unknown: bool = False, retry_failed: bool = False, retry_rejected: bool = False
) -> list[RowState]:
    """List the states whose rows a resumed run goes through."""
    states: list[RowState] = ["never", "cut off"]
    states += ["unknown"] if retry_unknown else []
    states += ["failed"] if retry_failed else []
    states += ["rejected"] if retry_rejected else []
    return states


class Ledger(Protocol):
    """The only way anyone learns or changes what is known of a run's rows.

    A row is claimed, intended and settled, in that order; it may be settled without an intent where it is
    not sent at all. Whoever claimed a row settles or withdraws it: rows that nobody settled when the ledger
    is gone count as never sent if they were not intended, and as cut off if they were.

    Methods that are not async only take note: what they were told is kept soon after, and at the latest
    before the next `intend` or `close` returns. Once the ledger has failed, `intend` and `close` raise
    LogError; nothing may be sent then.
    """

    async def claim(self) -> Claim | None:
        """Take the next rows to go through; None when there are no more.

        No row is handed out twice; rows come in ascending order, a bounded number at a time, in the state
        that they had when this ledger was opened.
        """
        ...

    async def intend(self, rows: Sequence[int]) -> None:
        """Announce that these rows, ascending, gaps allowed, will be sent.

        Only when it has returned may they be. Cancelling it takes nothing back: `withdraw` does. Raises
        LogError: then they may not be sent.
        """
        ...

    def settle(self, row: int, to: str | None, outcome: Outcome, reason: str | None = None) -> None:
        """Note the final word on a row, for now: later words win.

        A row that may have been accepted before can only become `accepted`, or `skipped` where it is shown
        that it never was sent; whatever else is said of it, it stays `unknown`.
        """
        ...

    def doubt(self, row: int, to: str | None, outcome: Outcome) -> None:
        """Note that a row may have been taken, and that it is sent again all the same: `unknown`, until it is
        settled."""
        ...

    def withdraw(self, rows: Iterable[int], reason: str) -> None:
        """Note that these rows were provably not taken since they were intended.

        They are again what they were before. Rows that were settled since keep that.
        """
        ...

    def reopen(self, first: int, last: int, reason: str) -> None:
        """Make the rejected ones among rows `first` to `last` as if they had never been sent.

        They are claimed again by a ledger that is opened later, not by this one.
        """
        ...

    def totals(self) -> Totals:
        """Count the rows by status, earlier stretches included. Costs no pass over the rows.

        A row that is being sent again counts as what it was before; a cut off one as `unknown`.
        """
        ...

    async def close(self, stopped: Stopped | None, detail: str | None) -> None:
        """End this stretch of the run, keep everything, and let go. Closing again does nothing.

        `stopped` is None when every row was dealt with; `detail` says in words why it stopped early.
        Raises LogError if anything that was noted could not be kept.
        """
        ...

    async def abandon(self) -> None:
        """Keep everything and let go without ending the stretch: intended rows will be cut off.

        For a run that an error broke off. Raises LogError, as `close` does.
        """
        ...
