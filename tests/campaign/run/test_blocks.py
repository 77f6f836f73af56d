"""What one row's answer has taught about others, and what becomes of those."""

from __future__ import annotations

from unittest import mock

import pytest

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.blocks import Blocks
from wa_bulk.ledger.local_ledger import LocalLedger

SENDER = "+8613800138000"


def row(*, attempts: int = 0, maybe_taken: bool = False) -> RenderedRow:
    """Make row 7, which so many requests were begun for in this stretch."""
    found = RenderedRow("+447911123456", b"{}", SENDER, "news-7", number=7)
    found.attempts, found.maybe_taken = attempts, maybe_taken
    return found


@pytest.fixture
def ledger() -> mock.Mock:
    """A ledger that only notes what it is told."""
    return mock.Mock(spec=LocalLedger)


@pytest.fixture
def blocks() -> Blocks:
    """The sending number of every row has to wait."""
    blocks = Blocks()
    blocks.hold_sender(row(), "too fast")
    return blocks


def test_an_announced_row_of_a_number_that_must_wait_is_withdrawn(blocks: Blocks, ledger: mock.Mock) -> None:
    assert blocks.stops(row(attempts=2), ledger, intended=True)
    assert ledger.withdraw.call_args.args[0] == [7]
    assert not ledger.settle.called
    assert blocks.held_rows == 1


def test_one_that_may_have_been_taken_since_is_unknown(blocks: Blocks, ledger: mock.Mock) -> None:
    assert blocks.stops(row(attempts=2, maybe_taken=True), ledger, intended=True)
    assert not ledger.withdraw.called
    number, to, outcome = ledger.settle.call_args.args
    assert (number, to, outcome.status, outcome.attempts) == (7, "+447911123456", "unknown", 2)
    assert blocks.held_rows == 0


def test_one_that_may_have_been_taken_in_an_earlier_stretch_is_again_what_it_was(
    blocks: Blocks, ledger: mock.Mock
) -> None:
    assert blocks.stops(row(maybe_taken=True), ledger, intended=True)
    assert ledger.withdraw.called
    assert not ledger.settle.called
