"""The table has every row of the source once, in order, with its last status."""

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import given

from tests.report.logs import RUN_ID, any_log, end, intent, result, run, write
from wa_bulk.api import e164
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import ReopenedLine, ResultLine
from wa_bulk.ledger.past import read_past
from wa_bulk.report.spreadsheet import as_text
from wa_bulk.report.table import COLUMNS, write_table


def rows_of(path: Path, *, mask: bool = False, for_terminal: bool = False) -> list[dict[str, str]]:
    to = io.StringIO(newline="")
    written = write_table(path, to, mask=mask, for_terminal=for_terminal)
    rows = list(csv.DictReader(io.StringIO(to.getvalue(), newline="")))
    assert len(rows) == written
    return rows


def statuses_of(path: Path) -> list[str]:
    """The statuses in the order of the table, which is that of the rows."""
    rows = rows_of(path)
    assert [row["row"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    return [row["status"] for row in rows]


def test_each_row_of_the_source_comes_once_in_order_with_its_last_word(tmp_path: Path) -> None:
    path = write(
        tmp_path / "log.jsonl",
        run(rows=5),
        intent(1, 4),
        result(2, "failed", attempts=5, code=1000, error='said "no", twice\nand left'),
        result(1, latency_ms=12.5),
        run(5, rows=5),
        intent(2, 2),
        result(2, seconds=6),
        result(4, "skipped", attempts=0, reason="duplicate of row 1"),
        end(7),
    )

    rows = rows_of(path)

    assert statuses_of(path) == ["accepted", "accepted", "unknown", "skipped", "unsent"]
    assert tuple(rows[0]) == COLUMNS
    assert e164(rows[0]["to"]) == "+12125550001"
    assert rows[3]["reason"] == "duplicate of row 1"
    assert "cut off" in rows[2]["reason"]


@pytest.mark.parametrize(
    "words", ['said "no", twice\nand left; ünï 🌻', "gone\rwith a carriage", "\r\n", " ", "\x1b[2J"]
)
def test_words_survive_whatever_is_in_them(tmp_path: Path, words: str) -> None:
    path = write(tmp_path / "log.jsonl", run(), result(1, "rejected", error=words))

    assert rows_of(path)[0]["error"] == words
    shown = rows_of(path, for_terminal=True)[0]["error"]
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("+447911123456", "'+447911123456"),
        ("447911123456", "'447911123456"),
        ("07911123456", "'07911123456"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("12e5", "'12e5"),
        ("4.47912E+11", "'4.47912E+11"),
        ("cbggf4if6o9ukqaalfug", "cbggf4if6o9ukqaalfug"),
        ("order-updates-1", "order-updates-1"),
        ("the number is +44", "the number is +44"),
        ("12", "12"),
        ("", ""),
    ],
)
def test_a_spreadsheet_neither_runs_nor_alters_a_cell(cell: str, written: str) -> None:
    assert as_text(cell) == written


def test_with_a_mask_no_number_can_be_read(tmp_path: Path) -> None:
    line = ResultLine(RUN_ID, 1, "+44 7911 123456", "rejected", "2026-03-01T12:00:00Z", 1)
    line.request_id = "447911123456-order-1000000"
    line.error = "+447911123456 is not on WhatsApp, nor (0)7911/123-456; duplicate of row 1234567"
    row = rows_of(write(tmp_path / "log.jsonl", run(rows=1), line), mask=True)[0]

    assert row["to"] == "'+** **** ***456"
    assert row["request_id"] == "*********456-order-1000000"
    assert row["error"] == "'+*********456 is not on WhatsApp, nor (*)****/***-456; duplicate of row 1234567"


def test_rows_a_process_is_at_work_on_are_in_flight(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", run(rows=4), intent(1, 3), result(1))
    log = LockedLog.claim(path)
    try:
        assert statuses_of(path) == ["accepted", "in flight", "in flight", "unsent"]
    finally:
        log.close()


def test_a_row_settled_ever_so_often_still_comes_once(tmp_path: Path) -> None:
    lines = [result(1, "failed", seconds) for seconds in range(600)]
    path = write(tmp_path / "log.jsonl", run(rows=1), *lines, result(1, seconds=601))

    assert statuses_of(path) == ["accepted"]


def test_rows_settled_in_any_order_come_in_theirs(tmp_path: Path) -> None:
    numbers = list(range(1, 2001))
    random.Random(1).shuffle(numbers)
    path = write(tmp_path / "log.jsonl", run(rows=None), *map(result, numbers))

    assert [e164(row["to"]) for row in rows_of(path)] == [f"+1212555{row:04d}" for row in range(1, 2001)]


def test_reopened_rows_and_those_sent_again_have_no_result(tmp_path: Path) -> None:
    path = write(
        tmp_path / "log.jsonl",
        run(rows=3),
        result(1, "rejected"),
        ReopenedLine(RUN_ID, (1, 1), "all the same"),
        intent(2, 2),
        run(rows=3),
        intent(2, 2),
        result(3),
    )
    assert statuses_of(path) == ["unsent", "unknown", "accepted"]
    log = LockedLog.claim(path)
    try:
        assert statuses_of(path) == ["unsent", "in flight", "accepted"]
    finally:
        log.close()


@given(any_log=any_log)
def test_it_agrees_with_the_ledger_on_every_log(
    any_log: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(any_log)
    known = read_past(path).states

    shown = {"cut off": "unknown", "never": "unsent"}
    states = [known.state(row) for row in range(1, 61)]
    assert statuses_of(path) == [shown.get(state, state) for state in states]
