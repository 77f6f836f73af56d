from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import encoded, intent, result_line, run_line
from tests.ledger.test_log_reader import read_all
from wa_bulk.ledger import log_bytes
from wa_bulk.ledger.log_bytes import pieces
from wa_bulk.ledger.log_format import LogError
from wa_bulk.ledger.log_reader import read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@given(
    lines=st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=20),
    ended=st.booleans(),
    block_bytes=st.integers(1, 40),
)
def test_lines_come_whole_with_their_number_and_place(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ended: bool, block_bytes: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "lines"
    content = b"\n".join(lines) + b"\n" * ended
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_bytes, "BLOCK_BYTES", block_bytes)
        found = [*pieces(path)]
    assert b"".join(piece.data or b"" for piece in found) == content
    line, offset = 1, 0
    for piece in found:
        assert (piece.line, piece.offset) == (line, offset)
        assert piece.data is not None
        assert piece.data.endswith(b"\n") or piece is found[-1]
        line, offset = line + piece.lines, offset + len(piece.data)


class TestLongLines:
    @pytest.mark.parametrize("block_bytes", [100, 1000])
    @pytest.mark.parametrize("excess", [-1, 0, 1, 5000])
    def test_the_limit_is_told_apart_to_the_byte(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, excess: int, block_bytes: int
    ) -> None:
        monkeypatch.setattr(log_bytes, "LINE_BYTES_MAX", 1000)
        monkeypatch.setattr(log_bytes, "BLOCK_BYTES", block_bytes)
        line = b'{"type":"poll","run_id":"5f0c","text":"%s"}' % (b"x" * (1000 - 41 + excess))
        assert len(line) == 1000 + excess
        path.write_bytes(
            encoded(run_line()) + line + b"\n" + encoded(result_line(1), intent(2, 3, synced=2000))
        )
        lines, damages = read_all(path)
        assert [type(found).__name__ for found in lines] == ["RunLine", "ResultLine", "IntentLine"]
        assert damages == [(2, "damaged")] * (excess >= 0)

    def test_a_long_line_is_let_go(self, path: Path) -> None:
        with path.open("wb") as log:
            log.write(encoded(run_line()))
            log.truncate(1 << 27)
        tracemalloc.start()
        assert read_all(path)[1] == [(2, "lost")]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 << 20
        path.write_bytes(b"")
        os.truncate(path, 1 << 27)
        with pytest.raises(LogError, match="is not a log of wa_bulk"):
            list(read(path))
