"""Rows in doubt are sent again only where the silence about them proves something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import status
from tests.ledger.lines import RUN_ID, encoded, intent, run_line
from wa_bulk.callbacks.unheard import Unheard, find_unheard
from wa_bulk.history import History
from wa_bulk.ledger.log_format import ResultLine, RunLine, WrittenLine, timestamp
from wa_bulk.ledger.past import read_past
from wa_bulk.send.outcome import Status

NOON_MS = 1_772_366_400_000
MINUTE_MS = 60_000


def result(row: int, state: Status, minute: float, settled_by: str | None = None) -> ResultLine:
    at = timestamp(NOON_MS + round(minute * MINUTE_MS))
    message_id = f"m{row}" if state == "accepted" else None
    return ResultLine(
        RUN_ID, row, "+447911123456", state, at, 1, message_id=message_id, settled_by=settled_by
    )


def run(minute: float = 0, *, only_settles: bool = False) -> RunLine:
    line = run_line(rows=50)
    line.at, line.only_settles = timestamp(NOON_MS + round(minute * MINUTE_MS)), only_settles
    return line


class Ground:
    """A log and what callbacks said, looked at half an hour after noon with a delay of 15 minutes."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "run.jsonl"
        self.memory = folder / "memory.db"

    def find(self, *lines: WrittenLine, heard: tuple[int, ...] = (), cut_off: float = 0) -> Unheard:
        self.log.write_bytes(encoded(run(), *lines))
        hear(self.memory, *(status(message_id=f"m{row}", tag=f"{RUN_ID}:{row}") for row in heard))
        with History.open(self.memory) as history:
            return find_unheard(
                read_past(self.log),
                history.deliveries,
                before_ms=NOON_MS + 15 * MINUTE_MS,
                cut_off_ms=NOON_MS + round(cut_off * MINUTE_MS),
            )


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_only_rows_older_than_the_delay_count(ground: Ground) -> None:
    found = ground.find(
        *(result(row, "accepted", 1) for row in range(1, 11)),
        *(result(row, "accepted", 16) for row in range(11, 31)),
        result(31, "unknown", 14.9),
        result(32, "unknown", 15.1),
        result(33, "rejected", 1),
        result(34, "unknown", 1),
        result(34, "accepted", 2),
        heard=(*range(1, 10), 11, 12),
    )
    assert (found.accepted, found.heard) == (11, 9)
    assert (set(found.rows), found.young) == ({31}, 1)
    assert found.share_heard == pytest.approx(9 / 11)


def test_rows_that_a_callback_settled_are_no_measure_of_how_many_are_heard(ground: Ground) -> None:
    found = ground.find(
        *(result(row, "accepted", 1) for row in range(1, 11)),
        *(result(row, "accepted", 2, "callback") for row in range(11, 41)),
        *(result(row, "unknown", 1) for row in range(41, 51)),
        heard=(*range(1, 10), *range(11, 41)),
    )
    assert (found.accepted, found.heard, found.settled) == (10, 9, 30)
    assert found.doubles == pytest.approx(0.1 * (10 + 30))


@pytest.mark.parametrize(
    ("lines", "cut_off", "sent_again"),
    [
        ([], 14, True),
        ([], 16, False),
        ([run(14, only_settles=True)], 29, True),
        ([run(16, only_settles=True), run(17, only_settles=True)], 29, False),
        ([run(1, only_settles=True), run(2), intent(6, 6)], 29, False),
        ([run(1, only_settles=True), run(2), intent(6, 6), run(14, only_settles=True)], 29, True),
    ],
)
def test_a_row_that_was_cut_off_is_as_old_as_the_last_word_of_its_run(
    ground: Ground, lines: list[WrittenLine], cut_off: float, sent_again: bool
) -> None:
    found = ground.find(result(1, "accepted", 1), intent(2, 3), *lines, heard=(1,), cut_off=cut_off)
    assert bool(found.rows) == sent_again
    assert found.young == (0 if sent_again else 2 + (intent(6, 6) in lines))


def test_nothing_accepted_proves_nothing(ground: Ground) -> None:
    found = ground.find(result(1, "unknown", 1))
    assert (found.accepted, found.share_heard, found.doubles) == (0, 0.0, 1.0)
