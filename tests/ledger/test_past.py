from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.ledger.lines import RUN_ID, encoded, intent, reopened, result_line, run_line, withdrawn
from wa_bulk.ledger.log_format import (
    CollectedLine,
    DamagedLogError,
    DeliveryLine,
    EndLine,
    LogError,
    ResultLine,
    Totals,
    WrittenLine,
    timestamp,
)
from wa_bulk.ledger.past import read_past

END = EndLine(RUN_ID, timestamp(0), None, Totals(accepted=1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def test_the_past_of_a_run(path: Path) -> None:
    first, second = run_line(pid=1), run_line(pid=2)
    path.write_bytes(
        encoded(
            *(first, intent(1, 6), result_line(1), result_line(2, "failed"), withdrawn(4, 6), END),
            *(
                second,
                DeliveryLine(RUN_ID, 1, None, "m1", "read", timestamp(0)),
                CollectedLine(RUN_ID, "3-1"),
            ),
        )
    )
    results: list[ResultLine] = []
    past = read_past(path, results.append)
    assert past.run == first
    assert past.end is None, "the last stretch did not end"
    assert [past.states.state(row) for row in range(1, 5)] == ["accepted", "failed", "cut off", "never"]
    assert past.totals() == Totals(accepted=1, failed=1, unknown=1)
    assert [result.row for result in results] == [1, 2]
    assert past.bytes == path.stat().st_size


def test_the_end_line_that_closes_a_log_is_kept(path: Path) -> None:
    path.write_bytes(encoded(run_line(), result_line(1), END))
    assert read_past(path).end == END


def test_an_end_behind_which_lines_were_lost_closes_nothing(path: Path) -> None:
    path.write_bytes(encoded(run_line(rows=9), result_line(1), END) + b"\0" * 80)
    past = read_past(path)
    assert past.end is None
    assert past.totals() == Totals(accepted=1, unknown=4), "80 a second: 4 rows may have been next"


def test_rows_reopened_in_the_last_stretch(path: Path) -> None:
    lines: list[WrittenLine] = [run_line(), result_line(1, "rejected"), reopened(1, 1), END]
    path.write_bytes(encoded(*lines))
    assert read_past(path).reopened
    assert read_past(path).totals() == Totals()
    path.write_bytes(encoded(*lines, run_line()))
    assert not read_past(path).reopened


def test_a_damaged_log_is_not_built_on(path: Path) -> None:
    path.write_bytes(encoded(run_line()) + b"###\n" + encoded(intent(1, 2, synced=1_000_000)))
    with pytest.raises(DamagedLogError, match="line 2: is damaged"):
        read_past(path)


def test_a_row_that_the_source_does_not_have_is_damage(path: Path) -> None:
    path.write_bytes(encoded(run_line(rows=5), result_line(5), intent(4, 90_000_000)))
    with pytest.raises(LogError, match=r"log\.jsonl is damaged: it tells of row 90000000, but .* has 5"):
        read_past(path)


@pytest.mark.parametrize("formats", [(0,), (1, 0), (0, 1)])
def test_a_log_from_before_format_1_can_be_read_but_not_resumed(path: Path, formats: tuple[int, ...]) -> None:
    lines = (encoded(run_line(log_format=log_format)) for log_format in formats)
    path.write_bytes(b"".join(lines).replace(b'"format":0,', b"") + encoded(result_line(1)))
    past = read_past(path)
    assert past.totals() == Totals(accepted=1)
    with pytest.raises(LogError, match=r"before log format 1 .*resume it with the version that wrote it"):
        past.check_resumable()


def test_the_log_of_a_cluster_is_not_resumed_here(path: Path) -> None:
    run = msgspec.structs.replace(run_line(), collected_from="redis://queue:6379")
    path.write_bytes(encoded(run))
    with pytest.raises(LogError, match=rf"cluster \(redis://queue:6379\).*`wa-bulk cluster retry {RUN_ID}`"):
        read_past(path).check_resumable()


def test_a_log_of_this_format_can_be_resumed(path: Path) -> None:
    path.write_bytes(encoded(run_line()))
    read_past(path).check_resumable()
