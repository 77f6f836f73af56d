from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import RUN_ID, encoded, logs, result_line, run_line
from wa_bulk.ledger import log_format as log
from wa_bulk.ledger.log_format import (
    Damage,
    DamagedLogError,
    EndLine,
    IntentLine,
    LogError,
    LogLine,
    ResultLine,
    RunLine,
    Totals,
    WithdrawnLine,
    read,
    timestamp,
)

ONE_OF_EACH: list[LogLine] = [
    run_line(pid=4711),
    IntentLine(RUN_ID, (1, 50)),
    ResultLine(RUN_ID, 7, "+447911123456", "failed", timestamp(1), 5, error="Zeit\u00fcberschreitung 🙁"),
    WithdrawnLine(RUN_ID, (8, 50), "stopped before they left"),
    EndLine(RUN_ID, timestamp(2), "interrupted", Totals(failed=1), "interrupted"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples of a property."""
    return tmp_path_factory.mktemp("logs") / "log.jsonl"


def test_lines_read_as_the_contract_says() -> None:
    written = [json.loads(line) for line in encoded(*ONE_OF_EACH).splitlines()]
    assert [line["type"] for line in written] == ["run", "intent", "result", "withdrawn", "end"]
    assert written[0].keys() == {
        *("type", "run_id", "campaign", "at", "source", "campaign_sha256", "settings", "pid")
    }
    assert written[0]["source"] == {"path": "/campaigns/recipients.csv", "sha256": "ab" * 32}
    assert written[1] == {"type": "intent", "run_id": RUN_ID, "rows": [1, 50]}
    assert written[2] == {
        "type": "result",
        "run_id": RUN_ID,
        "row": 7,
        "to": "+447911123456",
        "status": "failed",
        "at": "1970-01-01T00:00:00.001Z",
        "attempts": 5,
        "error": "Zeit\u00fcberschreitung 🙁",
    }
    assert written[4]["totals"] == {"accepted": 0, "rejected": 0, "failed": 1, "unknown": 0, "skipped": 0}
    ended = json.loads(encoded(EndLine(RUN_ID, timestamp(), None, Totals())))
    assert ended["stopped"] is None
    assert "detail" not in ended


def test_timestamps_are_rfc_3339_in_utc() -> None:
    assert timestamp(1_714_564_800_250) == "2024-05-01T12:00:00.250Z"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", timestamp())


@given(lines=logs, block_bytes=st.integers(1, 300))
def test_what_is_written_is_read(shared: Path, lines: list[LogLine], block_bytes: int) -> None:
    shared.write_bytes(encoded(*lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "BLOCK_BYTES", block_bytes)
        assert list(read(shared)) == lines


@pytest.mark.parametrize("resumed", [False, True])
def test_a_log_cut_at_any_byte_gives_every_whole_line(path: Path, resumed: bool) -> None:
    whole = encoded(*ONE_OF_EACH)
    first_line_bytes = whole.index(b"\n")
    for cut in range(first_line_bytes, len(whole) + 1):
        torn = whole[:cut]
        line_count = torn.count(b"\n") + (whole[cut : cut + 1] == b"\n")
        expected = ONE_OF_EACH[:line_count]
        if resumed:
            again = run_line(pid=4712)
            torn += b"" if torn.endswith(b"\n") else b"\n"
            torn += encoded(again)
            expected = [*expected, again]
        path.write_bytes(torn)
        damages: list[Damage] = []
        assert list(read(path)) == expected
        assert list(read(path, damages.append)) == expected
        is_torn = not whole[:cut].endswith(b"\n") and whole[cut : cut + 1] != b"\n"
        assert [(damage.line, damage.torn) for damage in damages] == [(line_count + 1, True)] * is_torn


def test_crashes_while_resuming_leave_several_torn_lines(path: Path) -> None:
    again = encoded(run_line())
    path.write_bytes(
        encoded(*ONE_OF_EACH[:2]) + b'{"type":"res\n' + again[:30] + b"\n" + again[:9] + b"\n" + again
    )
    damages: list[Damage] = []
    assert len(list(read(path, damages.append))) == 3
    assert [(damage.line, damage.torn) for damage in damages] == [(3, True), (4, True), (5, True)]


def test_a_cut_line_that_no_resume_follows_is_damage(path: Path) -> None:
    lines = encoded(run_line(), result_line(1), IntentLine(RUN_ID, (2, 9)), result_line(2)).splitlines(True)
    lines[2] = lines[2][:20] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(DamagedLogError, match=r"log\.jsonl, line 3: is damaged") as caught:
        list(read(path))
    assert caught.value.line == 3
    damages: list[Damage] = []
    assert len(list(read(path, damages.append))) == 3
    assert [(damage.line, damage.torn) for damage in damages] == [(3, False)]


@pytest.mark.parametrize("last", [b"", b'{"type":"int', encoded(result_line(3))])
def test_zeros_where_a_power_cut_lost_the_end_are_no_damage(path: Path, last: bytes) -> None:
    path.write_bytes(encoded(run_line(), result_line(1)) + last + b"\0" * 300)
    damages: list[Damage] = []
    assert len(list(read(path, damages.append))) == 2 + last.endswith(b"\n")
    assert [damage.torn for damage in damages] == [True]
    with path.open("ab") as log:
        log.write(b"\n" + encoded(run_line(), result_line(2)))
    assert len(list(read(path))) == 4 + last.endswith(b"\n")


def test_damage_between_a_cut_line_and_a_resume_excuses_neither(path: Path) -> None:
    path.write_bytes(encoded(run_line()) + b'{"type":"int\n\x01\x01\x01\n' + encoded(run_line()))
    damages: list[Damage] = []
    assert len(list(read(path, damages.append))) == 2
    assert [(damage.line, damage.torn) for damage in damages] == [(2, False), (3, False)]


@given(lines=logs, data=st.data())
def test_one_wrong_byte_is_reported_or_changes_one_value_only(
    shared: Path, lines: list[LogLine], data: st.DataObject
) -> None:
    """A byte within a value can pass for another value; no line is ever lost without a word."""
    whole = bytearray(encoded(*lines))
    at = data.draw(st.integers(whole.index(b"\n") + 1, len(whole)) if len(lines) > 1 else st.just(len(whole)))
    if at == len(whole):
        whole += bytes([data.draw(st.integers(0, 255).filter(lambda byte: byte != ord("\n")))])
    else:
        whole[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    shared.write_bytes(whole)
    damages: list[Damage] = []
    found = list(read(shared, damages.append))
    damaged_line = whole[:at].count(b"\n") + 1
    assert all(abs(damage.line - damaged_line) <= 1 for damage in damages)
    if not damages:
        assert len(found) == len(lines)
        assert sum(line not in found for line in lines) <= 1
    if all(damage.torn for damage in damages):
        assert list(read(shared)) == found
        assert len(found) >= len(lines) - 1
    else:
        with pytest.raises(DamagedLogError):
            list(read(shared))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"type":"result"}', "missing required field"),
        (b'{"type":"sent","run_id":"5f0c"}', "Invalid value 'sent'"),
        (b'{"type":"intent","run_id":"5f0c","rows":[9,1]}', "run backwards"),
        (b'{"type":"intent","run_id":"5f0c","rows":[0,1]}', ">= 1"),
        (b'{"type":"intent","run_id":"5f0c","rows":[1,2]} {}', "trailing characters"),
        (b'{"type":"intent","run_id":"beef","rows":[1,2]}', "belongs to another run, beef"),
        (b'{"type":"end","run_id":"\xff"}', "not UTF-8"),
        (b"", "truncated"),
    ],
)
def test_every_fault_is_named(path: Path, line: bytes, fault: str) -> None:
    path.write_bytes(encoded(run_line()) + line + b"\n" + encoded(result_line(1)))
    with pytest.raises(DamagedLogError, match=re.escape(fault)) as caught:
        list(read(path))
    assert caught.value.line == 2


@pytest.mark.parametrize("content", [b"phone,name\n+447911123456,Bob\n", b"{}\n", b"\x00\x01" * 25])
def test_another_kind_of_file_is_no_log(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    damages: list[Damage] = []
    for on_damage in (None, damages.append):
        with pytest.raises(LogError, match="is not a log of wa_bulk"):
            list(read(path, on_damage))


def test_a_file_without_line_breaks_is_no_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LINE_BYTES_MAX", 1 << 20)
    path.write_bytes(b"x" * (1 << 21))
    with pytest.raises(LogError, match="is not a log of wa_bulk"):
        list(read(path))


@pytest.mark.parametrize("content", [b"", encoded(run_line())[:40]])
def test_a_log_whose_run_never_began_says_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LogError, match="holds no run: nothing was sent"):
        list(read(path))


def test_a_missing_log_is_named(path: Path) -> None:
    with pytest.raises(LogError, match=r"cannot read the log .*log\.jsonl: No such file"):
        list(read(path))


def test_lines_from_a_later_version_may_say_more(path: Path) -> None:
    path.write_bytes(encoded(run_line()).replace(b'"pid"', b'"host":"a","pid"').replace(b"}\n", b',"x":1}\n'))
    assert isinstance(next(read(path)), RunLine)
