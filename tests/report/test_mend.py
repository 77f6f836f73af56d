"""Rows of a run, as they stand in their source, for mending."""

import csv
import hashlib
import io
from pathlib import Path

import pytest

from tests.report.logs import end, intent, result, run, write
from wa_bulk.api.callbacks import MessageStatus
from wa_bulk.history.delivery import MessageState, RowDelivery
from wa_bulk.ledger.log_format import LogError, ResultLine
from wa_bulk.report.delivery_cells import DeliveryCells
from wa_bulk.report.mend import form_of, source_of, write_rows

SOURCE = "phone;name;note\n+12125550001;Zoë;=1+1\n0002;Ann;\n\n0003;Bob;a\n0004;Cy;b\n"


def run_over(tmp_path: Path, source: bytes, *lines: ResultLine) -> Path:
    """The log of a run over these bytes, in a file of their own."""
    path = tmp_path / "orders.csv"
    path.write_bytes(source)
    first = run(rows=4)
    first.source.path = str(path)
    first.source.sha256 = hashlib.sha256(source).hexdigest()
    return write(tmp_path / "log.jsonl", first, intent(1, 3), *lines, end())


def mended(log: Path, *statuses: str) -> str:
    to = io.StringIO(newline="")
    write_rows(log, source_of(log), statuses, to)
    return to.getvalue()


def test_rows_come_in_their_own_columns_with_status_and_reason(tmp_path: Path) -> None:
    log = run_over(
        tmp_path,
        SOURCE.encode(),
        result(3, "failed", error="=no\x1b[2J"),
        result(1, "rejected", code=3002, error="to is wrong"),
    )

    assert mended(log, "rejected", "failed").splitlines() == [
        "phone;name;note;status;reason",
        "+12125550001;Zoë;=1+1;rejected;3002: to is wrong",
        "0003;Bob;a;failed;'=no\\x1b[2J",
    ]
    assert [line[:5] for line in mended(log, "unknown", "unsent").splitlines()] == ["phone", "0002;", "0004;"]
    assert mended(log, "accepted").count("\n") == 1


def test_a_cell_of_the_source_does_not_steer_the_terminal(tmp_path: Path) -> None:
    log = run_over(tmp_path, b"phone,name\n1,a\x7fb\n", result(1, "rejected", error="no"))
    to = io.StringIO(newline="")
    write_rows(log, source_of(log), ["rejected"], to, for_terminal=True)

    assert to.getvalue().splitlines()[1] == "1,a\\x7fb,rejected,no"
    assert "a\x7fb" in mended(log, "rejected")


def test_rows_that_were_mended_before_have_their_two_columns_once(tmp_path: Path) -> None:
    log = run_over(tmp_path, b"phone,status,reason\n1,failed,old\n", result(1, "rejected", error="new"))
    assert mended(log, "rejected") == "phone,status,reason\n1,rejected,new\n"

    log = run_over(tmp_path, b"phone,status\n1,vip\n", result(1, "rejected", error="new"))
    assert mended(log, "rejected") == "phone,status,status of the run,reason\n1,vip,rejected,new\n"


def test_the_file_is_read_back_as_the_source_is(tmp_path: Path) -> None:
    log = run_over(tmp_path, SOURCE.encode("utf-16"), result(2, "rejected", error="…"))
    encoding, delimiter = form_of(log, source_of(log))
    text = mended(log, "rejected").encode(encoding).decode("utf-16")

    assert list(csv.reader(io.StringIO(text), delimiter=delimiter))[1] == ["0002", "Ann", "", "rejected", "…"]


def test_a_source_that_is_not_what_it_was_is_refused(tmp_path: Path) -> None:
    log = run_over(tmp_path, SOURCE.encode(), result(1, "rejected"))
    source = tmp_path / "orders.csv"

    source.write_text(SOURCE.replace("Ann", "Eve"), encoding="utf-8")
    with pytest.raises(LogError, match=r"orders\.csv: is not the file .* Put the original back"):
        source_of(log)
    source.unlink()
    with pytest.raises(LogError, match=r"orders\.csv: cannot be read .* Put it back; .*--csv FILE"):
        source_of(log)


def test_a_row_whose_cells_do_not_fit_is_told_with_its_line(tmp_path: Path) -> None:
    log = run_over(tmp_path, b"phone,name\n1,a\n2,b,c\n", result(2, "rejected", error="has 3 values"))
    assert mended(log, "rejected").splitlines()[1] == ",,rejected,line 3 of orders.csv: has 3 values"


def delivery_of(row: int, state: MessageStatus, code: int | None) -> RowDelivery:
    """What callbacks said of the one message of a row."""
    best = MessageState(
        message_id="m",
        recipient="1",
        row=row,
        state=state,
        at_ms=1,
        code=code,
        sender=None,
        sent_ms=None,
        delivered_ms=None,
        read_ms=None,
    )
    return RowDelivery(row=row, to="1", message_ids=("m",), best=best)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("read", ["+12125550001"]),
        ("delivered", ["+12125550001", "0002"]),
        ("unread", ["0002", "0003", "0004"]),
        ("undelivered", ["0003", "0004"]),
        ("131049", ["0003"]),
    ],
)
def test_rows_by_how_far_they_came(tmp_path: Path, wanted: str, numbers: list[str]) -> None:
    log = run_over(tmp_path, SOURCE.encode(), *(result(row) for row in range(1, 5)))
    cells = DeliveryCells()
    cells.add(delivery_of(1, "read", None))
    cells.add(delivery_of(2, "delivered", None))
    cells.add(delivery_of(3, "delivered_failed", 131049))
    to = io.StringIO(newline="")
    write_rows(log, source_of(log), [wanted], to, cells)

    rows = list(csv.reader(io.StringIO(to.getvalue()), delimiter=";"))[1:]
    assert [row[0] for row in rows] == numbers
    if wanted == "131049":
        assert rows[0][-2:] == ["accepted", "delivered_failed 131049"]
