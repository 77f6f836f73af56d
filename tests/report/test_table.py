"""The table has every row once, with its last status."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given

from tests.report.logs import RUN_ID, any_log, end, intent, result, run, write
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import ReopenedLine
from wa_bulk.ledger.past import read_past
from wa_bulk.report.table import COLUMNS, write_table


def rows_of(path: Path) -> list[dict[str, str]]:
    to = io.StringIO(newline="")
    written = write_table(path, to)
    rows = list(csv.DictReader(io.StringIO(to.getvalue(), newline="")))
    assert len(rows) == written
    return rows


def test_each_row_comes_once_with_its_last_word(tmp_path: Path) -> None:
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

    assert [(row["row"], row["status"]) for row in rows] == [
        ("1", "accepted"),
        ("2", "accepted"),
        ("4", "skipped"),
        ("3", "unknown"),
    ]
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["to"] == "+12125550001"
    assert rows[2]["reason"] == "duplicate of row 1"
    assert "cut off" in rows[3]["reason"]


@pytest.mark.parametrize(
    "words", ['said "no", twice\nand left; ünï 🌻', "gone\rwith a carriage", "\r\n", " "]
)
def test_words_survive_whatever_is_in_them(tmp_path: Path, words: str) -> None:
    path = write(tmp_path / "log.jsonl", run(), result(1, "rejected", error=words))

    assert rows_of(path)[0]["error"] == words


def test_rows_a_process_is_at_work_on_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", run(), intent(1, 3), result(1))
    log = LockedLog.claim(path)
    try:
        assert [row["row"] for row in rows_of(path)] == ["1"]
    finally:
        log.close()


def test_a_row_settled_ever_so_often_still_comes_once(tmp_path: Path) -> None:
    lines = [result(1, "failed", seconds) for seconds in range(600)]
    path = write(tmp_path / "log.jsonl", run(), *lines, result(1, seconds=601))

    assert [row["status"] for row in rows_of(path)] == ["accepted"]


def test_reopened_rows_and_those_sent_again_are_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "log.jsonl",
        run(),
        result(1, "rejected"),
        ReopenedLine(RUN_ID, (1, 1), "all the same"),
        intent(2, 2),
        run(),
        intent(2, 2),
        result(3),
    )
    assert [(row["row"], row["status"]) for row in rows_of(path)] == [("3", "accepted"), ("2", "unknown")]
    log = LockedLog.claim(path)
    try:
        assert [row["row"] for row in rows_of(path)] == ["3"]
    finally:
        log.close()


@given(any_log=any_log)
def test_it_agrees_with_the_ledger_on_every_log(
    any_log: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(any_log)
    known = read_past(path).states

    rows = {int(row["row"]): row["status"] for row in rows_of(path)}

    states = {row: known.state(row) for row in range(1, 61)}
    assert rows == {
        row: "unknown" if state == "cut off" else state for row, state in states.items() if state != "never"
    }
