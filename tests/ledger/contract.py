"""What every `Ledger` does, whatever it is made of.

Derive from `LedgerContract` and give it a fixture `bench`: a `Bench` that opens ledgers of one run.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable
from typing import Protocol

import pytest

from wa_bulk.ledger.base import Ledger
from wa_bulk.ledger.log_format import Totals
from wa_bulk.ledger.row_states import RowState
from wa_bulk.send.outcome import Outcome, Status

ROWS = 20
NUMBER = "+447911123456"


class Bench(Protocol):
    """Where one run of `ROWS` rows lives, over the ledgers that are opened on it one after the other."""

    @abstractmethod
    async def begin(self, rows: int = ROWS) -> Ledger:
        """Open the ledger of a new run."""

    @abstractmethod
    async def die(self, ledger: Ledger) -> None:
        """End the process that has this ledger: what it only took note of may be gone."""

    @abstractmethod
    async def resume(
        self, *, retry_unknown: bool = False, retry_failed: bool = False, retry_rejected: bool = False
    ) -> Ledger:
        """Open the run again, after its ledger was closed or died."""


async def claimed(ledger: Ledger) -> list[tuple[int, RowState]]:
    """All rows that are still to be claimed, in their order."""
    rows: list[tuple[int, RowState]] = []
    while (claim := await ledger.claim()) is not None:
        assert len(claim.rows) > 0
        assert len(claim.rows) <= 1 << 16
        rows += [(row, claim.state) for row in claim.rows]
    return sorted(rows)


def states(of: Iterable[int], state: RowState) -> list[tuple[int, RowState]]:
    return [(row, state) for row in of]


async def intend_and_settle(ledger: Ledger, status: Status, rows: Iterable[int]) -> None:
    rows = list(rows)
    await ledger.intend(rows)
    for row in rows:
        ledger.settle(row, NUMBER, Outcome(status, attempts=1))


class LedgerContract:
    async def test_a_new_run_goes_through_every_row_once(self, bench: Bench) -> None:
        ledger = await bench.begin()
        assert await claimed(ledger) == states(range(1, ROWS + 1), "never")
        assert await ledger.claim() is None
        assert ledger.totals() == Totals()
        await ledger.close(None, None)

    async def test_a_run_without_rows(self, bench: Bench) -> None:
        ledger = await bench.begin(0)
        assert await ledger.claim() is None
        await ledger.close(None, None)

    async def test_totals_follow_at_once(self, bench: Bench) -> None:
        ledger = await bench.begin()
        statuses: list[Status] = ["accepted", "rejected", "failed", "unknown", "skipped"]
        await claimed(ledger)
        await ledger.intend([1, 2, 3, 4])
        assert ledger.totals() == Totals()
        for row, status in enumerate(statuses, 1):
            ledger.settle(row, NUMBER, Outcome(status))
        assert ledger.totals() == Totals(1, 1, 1, 1, 1)
        await ledger.close("interrupted", "interrupted")
        again = await bench.resume()
        assert again.totals() == Totals(1, 1, 1, 1, 1)
        await again.close(None, None)

    @pytest.mark.parametrize("retry_unknown", [False, True])
    @pytest.mark.parametrize("retry_failed", [False, True])
    @pytest.mark.parametrize("retry_rejected", [False, True])
    async def test_a_resumed_run_goes_through_what_is_left(
        self, bench: Bench, retry_unknown: bool, retry_failed: bool, retry_rejected: bool
    ) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "accepted", [1, 2, 9])
        await intend_and_settle(ledger, "failed", [3, 4])
        await intend_and_settle(ledger, "unknown", [5])
        ledger.settle(6, NUMBER, Outcome("rejected"))
        ledger.settle(7, NUMBER, Outcome("skipped"), "duplicate of row 1")
        await ledger.intend([8, 10, 11])
        await bench.die(ledger)
        again = await bench.resume(
            retry_unknown=retry_unknown, retry_failed=retry_failed, retry_rejected=retry_rejected
        )
        assert await claimed(again) == [
            *states([3, 4] if retry_failed else [], "failed"),
            *states([5] if retry_unknown else [], "unknown"),
            *states([6] if retry_rejected else [], "rejected"),
            *states([8, 10, 11], "cut off"),
            *states(range(12, ROWS + 1), "never"),
        ]
        assert again.totals() == Totals(accepted=3, rejected=1, failed=2, unknown=4, skipped=1)
        await again.close(None, None)

    async def test_rows_that_are_settled_meanwhile_disturb_no_claim(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "failed", range(1, ROWS + 1, 2))
        await ledger.close("interrupted", "interrupted")
        again = await bench.resume(retry_failed=True)
        rows: list[int] = []
        while (claim := await again.claim()) is not None:
            rows += claim.rows
            await again.intend(list(claim.rows))
            for row in claim.rows:
                again.settle(row, NUMBER, Outcome("failed" if row % 3 else "accepted"))
            again.withdraw(claim.rows, "no reason")
        assert rows == list(range(1, ROWS + 1))
        await again.close(None, None)

    async def test_what_was_settled_before_an_intent_is_kept_with_it(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "accepted", [1, 2, 3])
        await ledger.intend([4, 5])
        await bench.die(ledger)
        again = await bench.resume()
        assert again.totals() == Totals(accepted=3, unknown=2)
        await again.close(None, None)

    async def test_a_cancelled_intent_loses_nothing(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "accepted", [1])
        intent = asyncio.create_task(ledger.intend([2, 3]))
        await asyncio.sleep(0)
        intent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await intent
        ledger.withdraw([2, 3], "cancelled")
        await ledger.close("interrupted", "interrupted")
        again = await bench.resume()
        assert await claimed(again) == states(range(2, ROWS + 1), "never")
        assert again.totals() == Totals(accepted=1)
        await again.close(None, None)

    async def test_a_withdrawn_row_is_what_it_was_before(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "failed", [1])
        await intend_and_settle(ledger, "unknown", [2])
        await ledger.intend([3])
        await bench.die(ledger)
        again = await bench.resume(retry_unknown=True, retry_failed=True)
        await claimed(again)
        await again.intend([1, 2, 3, 4, 5])
        again.settle(5, NUMBER, Outcome("accepted"))
        before = again.totals()
        again.withdraw([5, 2, 4, 3, 1], "stopped")
        assert again.totals() == before
        await again.close("interrupted", "interrupted")
        last = await bench.resume(retry_unknown=True, retry_failed=True)
        assert await claimed(last) == [
            *[(1, "failed"), (2, "unknown"), (3, "cut off"), (4, "never")],
            *states(range(6, ROWS + 1), "never"),
        ]
        await last.close(None, None)

    @pytest.mark.parametrize("status", ["rejected", "failed", "skipped", "unknown", "accepted"])
    async def test_what_may_have_been_taken_becomes_accepted_or_is_shown_not_to_have_been_sent(
        self, bench: Bench, status: Status
    ) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "unknown", [1])
        await ledger.intend([2])
        await bench.die(ledger)
        again = await bench.resume(retry_unknown=True)
        await claimed(again)
        await again.intend([1, 2])
        shown = {"accepted": Totals(accepted=2), "skipped": Totals(skipped=2)}
        expected = shown.get(status, Totals(unknown=2))
        for row in (1, 2):
            again.settle(row, NUMBER, Outcome(status))
        assert again.totals() == expected
        await again.close("interrupted", "interrupted")
        last = await bench.resume()
        assert last.totals() == expected
        await last.close(None, None)

    async def test_a_row_in_doubt_is_unknown_until_it_is_settled(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await ledger.intend([1, 2])
        for row in (1, 2):
            ledger.doubt(row, NUMBER, Outcome("unknown"))
        ledger.settle(1, NUMBER, Outcome("accepted"))
        assert ledger.totals() == Totals(accepted=1, unknown=1)
        await ledger.intend([3])
        await bench.die(ledger)
        again = await bench.resume(retry_unknown=True)
        assert again.totals() == Totals(accepted=1, unknown=2)
        await again.close(None, None)

    async def test_later_words_win(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        for status in ("failed", "rejected", "failed", "unknown", "accepted"):
            ledger.settle(1, NUMBER, Outcome(status))
        assert ledger.totals() == Totals(accepted=1)
        await ledger.close(None, None)
        again = await bench.resume(retry_failed=True, retry_unknown=True)
        assert await claimed(again) == states(range(2, ROWS + 1), "never")
        await again.close(None, None)

    async def test_reopened_rows_are_as_if_they_had_never_been_sent(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await intend_and_settle(ledger, "rejected", [1, 2, 4])
        await intend_and_settle(ledger, "failed", [3])
        await intend_and_settle(ledger, "accepted", [5])
        ledger.reopen(2, 5, "every answer was the same")
        assert ledger.totals() == Totals(accepted=1, rejected=1, failed=1)
        assert await ledger.claim() is None
        await ledger.close("fatal", "4001")
        again = await bench.resume()
        assert again.totals() == Totals(accepted=1, rejected=1, failed=1)
        assert await claimed(again) == states([2, 4, *range(6, ROWS + 1)], "never")
        await again.close(None, None)

    async def test_an_abandoned_run_has_its_intended_rows_cut_off(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await claimed(ledger)
        await ledger.intend([1, 2])
        ledger.settle(1, NUMBER, Outcome("accepted"))
        await ledger.abandon()
        again = await bench.resume()
        assert again.totals() == Totals(accepted=1, unknown=1)
        await again.close(None, None)

    async def test_closing_again_does_nothing(self, bench: Bench) -> None:
        ledger = await bench.begin()
        await ledger.close(None, None)
        await ledger.close("fatal", "again")
        await ledger.abandon()
        again = await bench.resume()
        await again.close(None, None)
