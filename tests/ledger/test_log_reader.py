from __future__ import annotations

import json
import os
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import RUN_ID, encoded, intent, logs, result_line, run_line
from tests.ledger.test_log_format import ONE_OF_EACH
from wa_bulk.ledger import log_bytes, log_reader
from wa_bulk.ledger.log_format import (
    DamagedLogError,
    EndLine,
    LogError,
    LogLine,
    LostTail,
    RunLine,
    Totals,
    WrittenLine,
    timestamp,
)
from wa_bulk.ledger.log_reader import Damage, read, read_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples of a property."""
    return tmp_path_factory.mktemp("logs") / "log.jsonl"


def read_all(path: Path) -> tuple[list[LogLine], list[tuple[int, str]]]:
    """The lines of a log, and the line and kind of what could not be read."""
    damages: list[Damage] = []
    lines = list(read(path, damages.append))
    return lines, [(damage.line, damage.kind) for damage in damages]


@given(lines=logs, block_bytes=st.integers(1, 300))
def test_what_is_written_is_read(shared: Path, lines: list[WrittenLine], block_bytes: int) -> None:
    shared.write_bytes(encoded(*lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_bytes, "BLOCK_BYTES", block_bytes)
        assert list(read(shared)) == lines


def test_the_first_line_can_be_had_alone(path: Path) -> None:
    path.write_bytes(encoded(run_line(pid=1)) + b"#####\n" + encoded(run_line(pid=2)))
    assert read_run(path).pid == 1


class TestTorn:
    @pytest.mark.parametrize("resumed", [False, True])
    def test_a_log_cut_at_any_byte_gives_every_whole_line(self, path: Path, resumed: bool) -> None:
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
            assert list(read(path)) == expected
            is_torn = not whole[:cut].endswith(b"\n") and whole[cut : cut + 1] != b"\n"
            assert read_all(path) == (expected, [(line_count + 1, "torn")] * is_torn)

    def test_crashes_while_resuming_leave_several_torn_lines(self, path: Path) -> None:
        again = encoded(run_line())
        path.write_bytes(
            encoded(*ONE_OF_EACH[:2]) + b'{"type":"res\n' + again[:30] + b"\n" + again[:9] + b"\n" + again
        )
        lines, damages = read_all(path)
        assert [type(line).__name__ for line in lines] == ["RunLine", "IntentLine", "RunLine"]
        assert damages == [(3, "torn"), (4, "torn"), (5, "torn")]


class TestLost:
    """What a power cut took, and that nothing was built on it."""

    def test_zeros_at_the_end(self, path: Path) -> None:
        path.write_bytes(encoded(run_line(), result_line(1)) + b"\0" * 300)
        assert read_all(path)[1] == [(3, "lost")]
        assert list(read(path))[2:] == [LostTail()]

    def test_a_later_page_was_kept(self, path: Path) -> None:
        kept = encoded(run_line(), intent(1, 9, synced=0))
        path.write_bytes(kept + b"\0" * 100 + b'":1}\n' + encoded(result_line(5)))
        lines, damages = read_all(path)
        assert [type(line).__name__ for line in lines] == ["RunLine", "IntentLine", "ResultLine", "LostTail"]
        assert damages == [(3, "lost")]

    def test_resumed_behind_it_it_belongs_to_the_stretch_before(self, path: Path) -> None:
        path.write_bytes(encoded(run_line()) + b"\0" * 50 + b"\n")
        with path.open("ab") as log:
            size = path.stat().st_size
            log.write(encoded(run_line(pid=2)))
            log.write(encoded(intent(1, 9, synced=size + 100), result_line(1)))
        lines, damages = read_all(path)
        assert [type(line).__name__ for line in lines] == [
            *("RunLine", "LostTail", "RunLine", "IntentLine", "ResultLine")
        ]
        assert damages == [(2, "lost")]
        assert list(read(path)) == lines

    def test_two_crashes_in_a_row_are_told_apart(self, path: Path) -> None:
        path.write_bytes(
            encoded(run_line(), intent(1, 9, synced=0))
            + b"\0\0\n"
            + encoded(run_line(), intent(10, 12, synced=0))
            + b"\0\0\0\n"
        )
        lines, damages = read_all(path)
        assert [type(line).__name__ for line in lines] == ["RunLine", "IntentLine", "LostTail"] * 2
        assert damages == [(3, "lost"), (6, "lost")]

    def test_a_cut_line_with_others_behind_it_is_not_just_torn(self, path: Path) -> None:
        path.write_bytes(encoded(run_line()) + b'{"type":"res\n' + encoded(result_line(1)) + b'{"type":"res')
        assert read_all(path)[1] == [(2, "lost"), (4, "lost")]

    @pytest.mark.parametrize(
        "later",
        [
            [intent(7, 9, synced=10_000)],
            [result_line(3), intent(7, 9, synced=0), intent(10, 12, synced=10_000), run_line()],
            [EndLine(RUN_ID, timestamp(0), None, Totals(), None, 10_000)],
        ],
    )
    def test_what_was_known_to_be_on_disk_is_damaged(self, path: Path, later: list[WrittenLine]) -> None:
        path.write_bytes(encoded(run_line(), intent(1, 6, synced=0)) + b"\0" * 80 + b"\n" + encoded(*later))
        lines, damages = read_all(path)
        assert damages == [(3, "damaged")]
        assert LostTail() not in lines
        with pytest.raises(DamagedLogError, match=r"log\.jsonl, line 3: is damaged") as caught:
            list(read(path))
        assert caught.value.line == 3

    def test_the_marker_tells_them_apart_to_the_byte(self, path: Path) -> None:
        kept = encoded(run_line())
        for synced, kind in ((len(kept), "lost"), (len(kept) + 1, "damaged")):
            path.write_bytes(kept + b"###\n" + encoded(intent(1, 9, synced=synced)))
            assert read_all(path)[1] == [(2, kind)]

    def test_damage_and_loss_in_one_stretch(self, path: Path) -> None:
        head = encoded(run_line()) + b"###\n" + encoded(result_line(1))
        path.write_bytes(head + b"\0\0\n" + encoded(intent(2, 3, synced=len(head))))
        lines, damages = read_all(path)
        assert damages == [(2, "damaged"), (4, "lost")]
        assert lines[-1] == LostTail()

    def test_rubbish_of_any_size_takes_little_memory(self, path: Path) -> None:
        path.write_bytes(encoded(run_line()) + b"\n" * 50_000)
        damages: list[Damage] = []
        tracemalloc.start()
        lines = list(read(path, damages.append))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(lines) == 2
        assert sum(damage.lines for damage in damages) == 50_000
        assert len(damages) == log_reader.UNREADABLE_KEPT
        assert peak < 16 << 20


class TestFormats:
    @pytest.mark.parametrize(
        "change", [{}, {"source": 7, "campaign": ["x"]}, {"run_id": 12}, {"settings": None}]
    )
    def test_a_newer_format_is_told_as_such(self, path: Path, change: dict[str, object]) -> None:
        newer = {**json.loads(encoded(run_line())), "format": 2, **change}
        raw = json.dumps(newer).encode() + b"\n"
        for content in (
            raw,
            encoded(run_line(), result_line(1)) + raw + b"what it says is its own business\n",
        ):
            path.write_bytes(content)
            damages: list[Damage] = []
            for on_damage in (None, damages.append):
                with pytest.raises(
                    LogError, match=r"written by a newer wa-bulk \(format 2; this one knows 1\): update it"
                ) as caught:
                    list(read(path, on_damage))
                assert not isinstance(caught.value, DamagedLogError)

    def test_a_run_line_without_format_is_from_before(self, path: Path) -> None:
        old = encoded(run_line()).replace(b'"format":1,', b"")
        result = result_line(1)
        path.write_bytes(old + encoded(result) + old)
        lines = list(read(path))
        assert [line.format for line in lines if isinstance(line, RunLine)] == [0, 0]
        assert lines[1] == result

    def test_types_of_later_versions_are_passed_over(self, path: Path) -> None:
        new = b'{"type":"poll","run_id":"5f0c","rows":"all","x":{"type":"run"}}\n'
        path.write_bytes(encoded(run_line()) + (new + encoded(result_line(1))) * 3000)
        lines, damages = read_all(path)
        assert len(lines) == 3001
        assert damages == []

    def test_a_type_of_later_versions_is_no_excuse(self, path: Path) -> None:
        for line in (
            b'{"type":"poll","run_id":"beef"}\n',
            b'{"type":7,"run_id":"5f0c"}\n',
            b'{"type":"poll"}\n',
        ):
            path.write_bytes(encoded(run_line()) + line + encoded(intent(1, 9, synced=100_000)))
            with pytest.raises(DamagedLogError, match="line 2"):
                list(read(path))

    def test_lines_of_later_versions_may_say_more(self, path: Path) -> None:
        path.write_bytes(
            encoded(run_line()).replace(b'"pid"', b'"host":"a","pid"').replace(b"}\n", b',"x":1}\n')
        )
        assert isinstance(next(read(path)), RunLine)


class TestFormat0:
    """Logs from before `synced`: whatever is not torn is damaged."""

    def test_a_cut_line_that_no_resume_follows(self, path: Path) -> None:
        lines = encoded(run_line(log_format=0), result_line(1), intent(2, 9), result_line(2)).splitlines(True)
        lines[2] = lines[2][:20] + b"\n"
        path.write_bytes(b"".join(lines))
        with pytest.raises(DamagedLogError, match=r"log\.jsonl, line 3: is damaged") as caught:
            list(read(path))
        assert caught.value.line == 3
        found, damages = read_all(path)
        assert len(found) == 3
        assert damages == [(3, "damaged")]

    @pytest.mark.parametrize("last", [b"", b'{"type":"int', encoded(result_line(3))])
    def test_zeros_where_a_power_cut_lost_the_end(self, path: Path, last: bytes) -> None:
        run = run_line(log_format=0)
        path.write_bytes(encoded(run, result_line(1)) + last + b"\0" * 300)
        lines, damages = read_all(path)
        assert len(lines) == 2 + last.endswith(b"\n")
        assert [kind for _, kind in damages] == ["torn"]
        with path.open("ab") as log:
            log.write(b"\n" + encoded(run, result_line(2)))
        assert len(list(read(path))) == 4 + last.endswith(b"\n")

    def test_damage_between_a_cut_line_and_a_resume_excuses_neither(self, path: Path) -> None:
        run = encoded(run_line(log_format=0))
        path.write_bytes(run + b'{"type":"int\n\x01\x01\x01\n' + run)
        lines, damages = read_all(path)
        assert len(lines) == 2
        assert damages == [(2, "damaged"), (3, "damaged")]


@given(lines=logs, data=st.data())
def test_one_wrong_byte_is_told_or_changes_one_value_only(
    shared: Path, lines: list[WrittenLine], data: st.DataObject
) -> None:
    """A byte within a value can pass for another value; no line is ever missing without a word."""
    whole = bytearray(encoded(*lines))
    at = data.draw(st.integers(whole.index(b"\n") + 1, len(whole)) if len(lines) > 1 else st.just(len(whole)))
    if at == len(whole):
        whole += bytes([data.draw(st.integers(0, 255).filter(lambda byte: byte != ord("\n")))])
    else:
        whole[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    shared.write_bytes(whole)
    damages: list[Damage] = []
    try:
        found = [line for line in read(shared, damages.append) if not isinstance(line, LostTail)]
    except LogError as error:
        assert "newer wa-bulk" in str(error)
        return
    damaged_line = whole[:at].count(b"\n") + 1
    assert all(abs(damage.line - damaged_line) <= 1 for damage in damages)
    if not damages:
        assert len(found) >= len(lines) - 1, "a wrong byte can make a type of one that is not known"
        assert sum(line not in found for line in lines) <= 1
    if all(damage.kind != "damaged" for damage in damages):
        assert [line for line in read(shared) if not isinstance(line, LostTail)] == found
        assert len(found) >= len(lines) - 2
    else:
        with pytest.raises(DamagedLogError):
            list(read(shared))


@given(
    rubbish=st.binary(max_size=80)
    | st.text(st.sampled_from('{}[]",:0123456789.-eE \\ntypeformatrun')).map(str.encode)
)
def test_rubbish_is_told_or_refused(shared: Path, rubbish: bytes) -> None:
    shared.write_bytes(encoded(run_line()) + rubbish + b"\n" + encoded(result_line(1)))
    damages: list[Damage] = []
    lines = list(read(shared, damages.append))
    assert isinstance(lines[0], RunLine)
    assert sum(damage.lines for damage in damages) == rubbish.count(b"\n") + 1
    shared.write_bytes(rubbish)
    with pytest.raises(LogError):
        list(read(shared))


@pytest.mark.parametrize("number", [b"9" * 5000, b"1e999", b"-1", b"true", b'"2"', b"[" * 5000 + b"]" * 5000])
def test_a_format_that_is_no_number_is_damage_or_newer(path: Path, number: bytes) -> None:
    path.write_bytes(encoded(run_line()).replace(b'"format":1', b'"format":' + number))
    with pytest.raises(LogError, match=r"is damaged|newer wa-bulk|is not a log"):
        list(read(path))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"type":"result"}', "missing required field"),
        (b'{"type":"intent","run_id":"5f0c","rows":[9,1]}', "run backwards"),
        (b'{"type":"intent","run_id":"5f0c","rows":[0,1]}', ">= 1"),
        (b'{"type":"intent","run_id":"5f0c","rows":[1,1000000001]}', "<= 1000000000"),
        (b'{"type":"intent","run_id":"5f0c","rows":[1,2]} {}', "trailing characters"),
        (b'{"type":"intent","run_id":"beef","rows":[1,2]}', "belongs to another run, beef"),
        (b'{"type":"end","run_id":"\xff"}', "not UTF-8"),
        (b'{"type":"run","format":1,"run_id":"5f0c"}', "missing required field"),
        (b"[" * 100_000, "damaged"),
        (b"", "truncated"),
    ],
)
def test_every_fault_is_named(path: Path, line: bytes, fault: str) -> None:
    path.write_bytes(encoded(run_line()) + line + b"\n" + encoded(intent(1, 2, synced=1_000_000)))
    with pytest.raises(DamagedLogError, match=re.escape(fault)) as caught:
        list(read(path))
    assert caught.value.line == 2


class TestOtherFiles:
    @pytest.mark.parametrize("content", [b"phone,name\n+447911123456,Bob\n", b"{}\n", b"\x00\x01" * 25])
    def test_another_kind_of_file_is_no_log(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        damages: list[Damage] = []
        for on_damage in (None, damages.append):
            with pytest.raises(LogError, match="is not a log of wa_bulk"):
                list(read(path, on_damage))

    @pytest.mark.parametrize("rows", [10**18, 10**30, -1])
    def test_a_run_line_that_cannot_be_is_damage(self, path: Path, rows: int) -> None:
        line = json.loads(encoded(run_line()))
        line["source"]["rows"] = rows
        path.write_text(json.dumps(line) + "\n")
        for on_damage in (None, lambda damage: None):
            with pytest.raises(DamagedLogError, match=r"line 1: is damaged .*source\.rows"):
                list(read(path, on_damage))

    @pytest.mark.parametrize("content", [b"", encoded(run_line())[:40]])
    def test_of_a_log_without_a_run_nothing_can_be_said(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        with pytest.raises(LogError, match=r"holds no run.* cannot be told"):
            list(read(path))

    def test_a_missing_log_is_named(self, path: Path) -> None:
        with pytest.raises(LogError, match=r"cannot open the log .*log\.jsonl: No such file"):
            list(read(path))

    def test_a_pipe_or_device_is_not_waited_for(self, path: Path) -> None:
        os.mkfifo(path)
        for no_file in (path, Path("/dev/zero"), path.parent):
            with pytest.raises(LogError, match=r"it is (a pipe|no regular file)"):
                list(read(no_file))
