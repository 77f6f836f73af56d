"""What one row's answer teaches about others."""

import json

import msgspec
import pytest

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.blocks import Blocks
from wa_bulk.send.outcome import Outcome
from wa_bulk.send.verdict import BY_CODE


class Books:
    """Notes what a ledger is told."""

    def __init__(self) -> None:
        self.settled: list[tuple[int, str, str | None]] = []
        self.withdrawn: list[int] = []

    def settle(self, row: int, to: str | None, outcome: Outcome, reason: str | None = None) -> None:
        self.settled.append((row, outcome.status, outcome.message))

    def withdraw(self, rows: list[int], reason: str) -> None:
        self.withdrawn += rows


def row(
    number: int, sender: str | None = "+1", language: str = "en", *, maybe_taken: bool = False
) -> RenderedRow:
    body = {"type": "template", "template": {"name": "t", "language": language}}
    payload = json.dumps({"to": ["+2"], "body": body, "request_id": f"r-{number}"}).encode()
    return RenderedRow("+2", payload, sender, number=number, maybe_taken=maybe_taken)


MISSING = Outcome("rejected", code=4001, message="no such template", ruling=BY_CODE[4001])


def stops(blocks: Blocks, books: Books, rendered: RenderedRow, *, intended: bool = False) -> bool:
    return blocks.stops(rendered, books, intended=intended)  # type: ignore[arg-type]


def test_nothing_is_known_at_first() -> None:
    blocks, books = Blocks(), Books()
    assert not blocks.any
    assert not stops(blocks, books, row(1))


@pytest.mark.parametrize(("maybe_taken", "status"), [(False, "failed"), (True, "unknown")])
def test_a_sending_number_that_the_key_may_not_use(maybe_taken: bool, status: str) -> None:
    blocks, books = Blocks(), Books()
    blocks.refuse_sender(row(1))
    assert blocks.any
    assert stops(blocks, books, row(2, maybe_taken=maybe_taken))
    assert not stops(blocks, books, row(3, sender="+3"))
    assert books.settled == [(2, status, "the API key may not send from +1")]


def test_a_sending_number_that_must_wait_leaves_its_rows_as_they_were() -> None:
    blocks, books = Blocks(), Books()
    blocks.hold_sender("+1", "wait")
    assert stops(blocks, books, row(2))
    assert stops(blocks, books, row(3), intended=True)
    assert (books.settled, books.withdrawn, blocks.held_rows) == ([], [3], 2)


def test_a_template_that_must_wait_leaves_its_rows_as_they_were() -> None:
    blocks, books = Blocks(), Books()
    blocks.hold_template("t", "fr", "paused")
    assert not stops(blocks, books, row(1))
    assert stops(blocks, books, row(2, language="fr"))
    assert stops(blocks, books, row(3, language="fr"), intended=True)
    assert (books.settled, books.withdrawn, blocks.held_rows) == ([], [3], 2)


@pytest.mark.parametrize(("maybe_taken", "status"), [(False, "rejected"), (True, "unknown")])
def test_a_template_that_is_missing_in_a_language(maybe_taken: bool, status: str) -> None:
    blocks, books = Blocks(), Books()
    blocks.refuse_template(row(1, language="fr"), MISSING)
    assert not stops(blocks, books, row(2, language="en"))
    for number in (7, 3, 5):
        assert stops(blocks, books, row(number, language="fr", maybe_taken=maybe_taken))
    assert [(number, found) for number, found, _ in books.settled] == [(7, status), (3, status), (5, status)]
    assert (blocks.rejected, blocks.rejected_rows) == ((3, 7), 3)


def test_a_body_without_a_template_has_none() -> None:
    blocks, books = Blocks(), Books()
    blocks.refuse_template(row(1), MISSING)
    text = msgspec.structs.replace(
        row(2), payload=b'{"to":["+2"],"body":{"type":"text","text":{"body":"Hi"}}}'
    )
    assert not stops(blocks, books, text)


@pytest.mark.parametrize(
    ("attempts", "maybe_taken", "settled"),
    [(2, False, []), (0, True, []), (2, True, [(7, "unknown")])],
)
def test_an_announced_row_of_a_number_that_must_wait_is_taken_back_unless_it_may_have_been_taken_since(
    attempts: int, maybe_taken: bool, settled: list[tuple[int, str]]
) -> None:
    blocks, books = Blocks(), Books()
    blocks.hold_sender("+1", "too fast")
    held = row(7, maybe_taken=maybe_taken)
    held.attempts = attempts
    assert stops(blocks, books, held, intended=True)
    assert [(number, status) for number, status, _ in books.settled] == settled
    assert books.withdrawn == ([] if settled else [7])
    assert blocks.held_rows == (0 if settled else 1)
