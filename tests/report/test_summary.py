"""What the summary makes of a log: finished, stopped, cut off, running, damaged."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from tests.ledger.lines import encoded
from tests.report.logs import RUN_ID, any_log, at, end, intent, result, run, write
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import LogError, ReopenedLine, WithdrawnLine, WrittenLine
from wa_bulk.ledger.past import read_past
from wa_bulk.report.summary import Summary, UnknownRow, summarise
from wa_bulk.report.tally import NO_RESULT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders-b168.jsonl"


def test_a_finished_run(path: Path) -> None:
    write(
        path,
        run(rows=4),
        result(1, "rejected", 0.5, attempts=0, reason="phone is empty: expected a number (to)"),
        intent(2, 4),
        result(2, seconds=2, latency_ms=50.0),
        result(3, "failed", 4, attempts=5, code=1000, error="internal error", latency_ms=70.0),
        result(4, "skipped", 4, attempts=0, reason="duplicate of row 2"),
        end(5),
    )

    summary = summarise(path)

    assert (summary.state, summary.name, summary.run_id) == ("finished", "orders", RUN_ID)
    assert summary.totals == {"accepted": 1, "rejected": 1, "failed": 1, "unknown": 0, "skipped": 1}
    assert summary.counts == {"accepted": 1, "rejected": 1, "failed": 1, "unknown": 0, "skipped": 1}
    assert (summary.rows, summary.in_flight, summary.not_sent) == (4, 0, 0)
    assert (summary.started, summary.ended, summary.active_s) == (at(0), at(5), 5.0)
    assert (summary.requests, summary.rate) == (6, 0.4)
    assert summary.latency_ms is not None
    assert summary.latency_ms.highest == 70.0
    assert sum(summary.throughput.accepted) == 1
    assert sum(summary.throughput.others) == 1


def test_later_lines_win_in_every_figure(path: Path) -> None:
    write(
        path,
        run(rows=2),
        intent(1, 2),
        result(1, "failed", error="no answer"),
        result(2, "unknown", error="connection lost"),
        end(2, "interrupted"),
        run(10, rows=2),
        intent(1, 2),
        result(1, seconds=11),
        result(2, seconds=12),
        end(13),
    )

    summary = summarise(path)

    assert summary.totals["accepted"] == 2
    assert summary.causes == []
    assert summary.unknown_rows == []
    assert summary.active_s == 5.0, "the pause before the resume does not count"
    assert summary.throughput.resumed_at_s == [2.0]
    assert [stretch.stopped for stretch in summary.stretches] == ["interrupted", None]


def test_a_run_that_was_cut_off_leaves_its_rows_unknown(path: Path) -> None:
    write(path, run(rows=9), intent(1, 5), result(2), result(4, "unknown", error="connection lost"))

    summary = summarise(path)

    assert summary.state == "cut off"
    assert summary.totals["unknown"] == 4
    assert summary.not_sent == 4
    assert [one.row for one in summary.unknown_rows] == [1, 3, 4, 5]
    assert summary.unknown_rows[2] == UnknownRow(4, "+12125550004", "connection lost")
    assert {cause.text: cause.rows for cause in summary.causes} == {NO_RESULT: 3, "connection lost": 1}


def test_a_run_at_work_has_rows_in_flight(path: Path) -> None:
    write(path, run(rows=9, pid=4711), intent(1, 5), result(2))
    log = LockedLog.claim(path)
    try:
        summary = summarise(path)
    finally:
        log.close()

    assert (summary.state, summary.pid) == ("running", 4711)
    assert (summary.in_flight, summary.totals["unknown"], summary.not_sent) == (4, 0, 4)
    assert summary.counts["in flight"] == 4


@pytest.mark.parametrize(
    ("stopped", "state"),
    [("fatal", "stopped"), ("failures", "stopped"), ("interrupted", "interrupted")],
)
def test_a_run_that_stopped_says_why(path: Path, stopped: str, state: str) -> None:
    line = msgspec.structs.replace(end(detail="the API key is not valid"), stopped=stopped)
    write(path, run(), result(1), line)

    summary = summarise(path)

    assert (summary.state, summary.detail) == (state, "the API key is not valid")
    assert summary.not_sent == 9


def test_what_was_withdrawn_was_not_sent(path: Path) -> None:
    write(path, run(rows=3), intent(1, 3), result(1), WithdrawnLine(RUN_ID, (2, 3), "stopped"), end(2))

    summary = summarise(path)

    assert summary.not_sent == 2
    assert summary.totals["unknown"] == 0


def test_only_the_first_unknown_rows_are_listed(path: Path) -> None:
    write(path, run(rows=50), *(result(row, "unknown", error="connection lost") for row in range(50, 0, -1)))

    summary = summarise(path)

    assert [one.row for one in summary.unknown_rows] == list(range(1, 21))
    assert summary.unknown_more == 30


def test_values_in_the_words_do_not_tell_causes_apart(path: Path) -> None:
    write(
        path,
        run(),
        result(1, "rejected", reason="phone '12' is too short: expected 7 to 15 digits (to)"),
        result(2, "rejected", reason="phone '7' is too short: expected 7 to 15 digits (to)"),
        result(3, "rejected", reason="name is empty: fill it in (body.components[1].text)"),
        result(4, "rejected", reason="name is empty: fill it in (body.components[2].text)"),
        result(5, "rejected", code=3002, error="phone '12' is too short: expected 7 to 15 digits (to)"),
        end(),
    )

    causes = {(cause.code, cause.text): cause.rows for cause in summarise(path).causes}

    assert causes == {
        (None, "phone … is too short: expected 7 to 15 digits (to)"): 2,
        (None, "name is empty: fill it in (body.components[1].text)"): 1,
        (None, "name is empty: fill it in (body.components[2].text)"): 1,
        (3002, "phone '12' is too short: expected 7 to 15 digits (to)"): 1,
    }


def test_more_causes_than_there_is_room_for_are_still_counted(path: Path) -> None:
    words = [f"refused because {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300)]
    lines = [result(row, "rejected", error=text) for row, text in enumerate(words, 1)]
    write(path, run(rows=300), *lines, end())

    summary = summarise(path)

    assert summary.totals["rejected"] == 300
    assert sum(cause.rows for cause in summary.causes) == 300


def test_a_clock_set_back_does_not_make_the_run_shorter(path: Path) -> None:
    write(path, run(0), result(1, seconds=10), result(2, seconds=-3600), end(-3590))

    summary = summarise(path)

    assert summary.active_s == 10.0
    assert summary.ended == at(10)


def test_damage_is_told_with_its_line_and_a_torn_line_is_harmless(path: Path) -> None:
    lines = encoded(run(), result(1)).splitlines(keepends=True)
    path.write_bytes(
        lines[0] + b"#####\n" + lines[1] + encoded(intent(2, 3, synced=10_000)) + b'{"type":"resu'
    )

    summary = summarise(path)

    assert summary.damaged_lines == 1
    assert [line.split(":")[0] for line in summary.damage] == ["line 2", "line 5"]
    assert summary.damage[1].endswith("(torn by a crash; harmless)")
    assert summary.totals["accepted"] == 1


def test_what_a_power_cut_took_is_told_and_its_rows_are_unknown(path: Path) -> None:
    path.write_bytes(encoded(run(rows=9), intent(1, 3, synced=0), result(1), end()) + b"\0" * 90)

    summary = summarise(path)

    (told,) = summary.damage
    assert told.startswith("line 5: is damaged (JSON is malformed: invalid character (byte 0))")
    assert told.endswith("(lost in a power cut, before any row was sent for it; harmless)")
    assert summary.damaged_lines == 0
    assert summary.state == "cut off", "what came behind its end is not known"
    assert (summary.totals["accepted"], summary.totals["unknown"], summary.not_sent) == (1, 6, 2)


def test_much_rubbish_is_counted_and_told_shortly(path: Path) -> None:
    head = encoded(run(rows=9))
    path.write_bytes(head + b"\n" * 3000 + encoded(intent(1, 3, synced=len(head) + 9000)))

    summary = summarise(path)

    assert summary.damaged_lines == 3000
    assert len(summary.damage) == 20


def test_reopened_rows_were_not_sent(path: Path) -> None:
    write(
        path,
        run(rows=3),
        intent(1, 2),
        result(1, "rejected", code=4001, error="no such template"),
        result(2, "rejected", code=4001, error="no such template"),
        ReopenedLine(RUN_ID, (1, 2), "every answer was 4001"),
        end(stopped="fatal"),
    )

    summary = summarise(path)

    assert summary.not_sent == 3
    assert summary.causes == []


def test_what_a_callback_settled_was_not_sent_again(path: Path) -> None:
    settled = msgspec.structs.replace(result(1, seconds=500), settled_by="callback", attempts=1)
    lines: list[WrittenLine] = [run(rows=2), intent(1, 2), result(1, "unknown"), result(2), end(2)]
    write(path, *lines)
    before = summarise(path)
    write(path, *lines, run(500, rows=2), settled, end(500))

    summary = summarise(path)

    assert summary.totals["accepted"] == 2
    assert summary.unknown_rows == []
    assert (summary.requests, summary.active_s) == (before.requests, before.active_s)


@pytest.mark.parametrize("content", [b"", b"row,to\n1,2\n", b"\x00\x01", b"{}\n"])
def test_what_is_no_log_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LogError):
        summarise(path)


def test_a_row_that_cannot_be_is_damage(path: Path) -> None:
    write(path, run(rows=3), result(400))
    with pytest.raises(LogError, match="row 400"):
        summarise(path)


@given(any_log=any_log)
def test_it_agrees_with_the_ledger_on_every_log(
    any_log: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(any_log)

    summary = summarise(path)

    assert summary.totals == msgspec.structs.asdict(read_past(path).totals())
    assert (
        sum(cause.rows for cause in summary.causes)
        == sum(summary.totals.values()) - summary.totals["accepted"]
    )
    assert msgspec.json.decode(msgspec.json.encode(summary))["state"] == summary.state


def test_statuses_add_up_to_the_rows(summary: Summary) -> None:
    assert sum(summary.counts.values()) == summary.rows == 2000
