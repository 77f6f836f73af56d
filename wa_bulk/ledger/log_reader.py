"""The one reader of logs: streaming, in bounded memory, and never silent about what it could not read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, cast, get_args

import msgspec

from wa_bulk.ledger import log_bytes
from wa_bulk.ledger.log_bytes import Piece, pieces
from wa_bulk.ledger.log_format import (
    FORMAT,
    DamagedLogError,
    EndLine,
    IntentLine,
    LaterLine,
    LogError,
    LogLine,
    LostTail,
    RunLine,
    WrittenLine,
)

UNREADABLE_KEPT = 1000
"""How many places that cannot be read are kept apart while it is not known yet what explains them."""


class Damage(msgspec.Struct, frozen=True):
    """One or more lines, from `line` on, that could not be read. `torn` and `lost` are harmless.

    `wa_bulk.ledger.log_format` says what tells these kinds apart.
    """

    line: int
    fault: str
    kind: Literal["torn", "lost", "damaged"]
    lines: int = 1


def read(
    path: Path | str,
    on_damage: Callable[[Damage], None] | None = None,
    at_end: Callable[[], bool] | None = None,
) -> Iterator[LogLine]:
    """Read a log in order, streaming; a `LostTail` ends a stretch that lost lines.

    With `on_damage`, every unreadable place is handed to it and reading goes on. Without it, harmless ones
    are passed over and any other raises DamagedLogError. Either may come to light only with a later line.
    Where all is read, `at_end` says whether to look for more: somebody may be writing.

    Raises LogError either way for a file that cannot be opened, does not begin with a `run` line, or was
    written in a newer format.
    """
    return _Reading(Path(path), on_damage).lines(at_end)


def read_run(path: Path | str) -> RunLine:
    """Read the line that a log begins with. Raises LogError, as `read` does."""
    line = next(read(path))
    assert isinstance(line, RunLine), "read lets nothing else pass as the first line"
    return line


class _Unreadable(msgspec.Struct):
    line: int
    offset: int
    """Of its first byte in the file."""
    fault: str
    torn: bool
    """Breaks off in the middle, as a line does whose writer died."""
    lines: int = 1


class _Head(msgspec.Struct):
    """What can be told of a line without knowing its type or format."""

    type: str
    run_id: object = None
    format: object = None


class _Unknown(NamedTuple):
    """A line of a type that this version does not know."""

    run_id: str


class _Reading:
    def __init__(self, path: Path, on_damage: Callable[[Damage], None] | None) -> None:
        self._path = path
        self._on_damage = on_damage
        self._run_id: str | None = None
        self._format = FORMAT  # of the stretch
        self._unreadable: list[_Unreadable] = []  # in this stretch, not explained yet
        self._in_a_row = True  # nothing readable came between or behind them

    def lines(self, at_end: Callable[[], bool] | None) -> Iterator[LogLine]:
        for piece in pieces(self._path, at_end):
            # Nearly all pieces are read here, decoded at once.
            if not self._unreadable and (lines := _decode_piece(piece, self._run_id)) is not None:
                yield from lines
                continue
            for found in self._decode_each(piece):
                if self._run_id is None:
                    self._begin_log(found)
                if isinstance(found, _Unreadable):
                    self._keep(found)
                    continue
                if isinstance(found, RunLine):
                    yield from self._end_stretch()
                    self._format = found.format
                elif self._unreadable:
                    self._compare(found)
                if not isinstance(found, _Unknown):
                    yield found
        if self._run_id is None:
            raise LogError(
                f"{self._path} holds no run: it is empty, or its first line is cut off. Whether anything was "
                "sent cannot be told from it. Restore it from a copy if it was longer once; delete it only "
                "if you know that nothing was sent."
            )
        yield from self._end_stretch()

    def _begin_log(self, found: WrittenLine | _Unknown | _Unreadable) -> None:
        if isinstance(found, RunLine):
            self._run_id = found.run_id
        elif not (isinstance(found, _Unreadable) and found.torn):
            raise LogError(f"{self._path} is not a log of wa_bulk: it does not begin with a run line")

    def _keep(self, found: _Unreadable) -> None:
        if not self._unreadable:
            self._in_a_row = True
        if len(self._unreadable) < UNREADABLE_KEPT:
            self._unreadable.append(found)
        else:
            last = self._unreadable[-1]
            last.lines += 1
            last.torn = False

    def _compare(self, line: WrittenLine | _Unknown) -> None:
        """Tell damage by a readable line that is behind it."""
        self._in_a_row = False
        if self._format == 0:
            synced = self._unreadable[-1].offset + 1
        elif isinstance(line, IntentLine | EndLine) and line.synced is not None:
            synced = line.synced
        else:
            return
        while self._unreadable and self._unreadable[0].offset < synced:
            self._report(self._unreadable.pop(0), "damaged")

    def _end_stretch(self) -> Iterator[LostTail]:
        """Explain what could not be read in the stretch that is over."""
        found, self._unreadable = self._unreadable, []
        if not found:
            return
        torn = self._in_a_row and all(one.torn for one in found)
        is_lost = not torn and self._format > 0
        for one in found:
            self._report(one, "torn" if torn else "lost" if is_lost else "damaged")
        if is_lost:
            yield LostTail()

    def _report(self, found: _Unreadable, kind: Literal["torn", "lost", "damaged"]) -> None:
        if self._on_damage is not None:
            self._on_damage(Damage(found.line, found.fault, kind, found.lines))
        elif kind == "damaged":
            raise DamagedLogError(self._path, found.line, found.fault)

    def _decode_each(self, piece: Piece) -> Iterator[WrittenLine | _Unknown | _Unreadable]:
        number, offset, data, _ = piece
        if data is None:
            yield _Unreadable(
                number, offset, f"is longer than {log_bytes.LINE_BYTES_MAX >> 20} MiB", torn=False
            )
            return
        for raw in data.removesuffix(b"\n").split(b"\n"):
            line = self._decode_line(raw, number, offset)
            if self._run_id is None or isinstance(line, _Unreadable) or line.run_id == self._run_id:
                yield line
            else:  # no power cut writes that
                fault = f"belongs to another run, {line.run_id}"
                self._report(_Unreadable(number, offset, fault, torn=False), "damaged")
            number += 1
            offset += len(raw) + 1

    def _decode_line(self, raw: bytes, number: int, offset: int) -> WrittenLine | _Unknown | _Unreadable:
        if self._format == 0:  # zeros are told from a cut by `synced` only since format 1
            raw = raw.rstrip(b"\0")
        try:
            line = _decoder.decode(raw)
            if not isinstance(line, RunLine) or line.format <= FORMAT:
                return line
            head: _Head | None = _Head("run", line.run_id, line.format)
            fault = ""
        except _UNDECODABLE as error:
            head = _head_of(raw)
            fault = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        if head is not None:
            if head.type == "run":
                if head.format is None and (old := _decode_format_0(raw)) is not None:
                    return old
                if isinstance(head.format, int) and head.format > FORMAT:
                    raise LogError(
                        f"{self._path}, line {number}: written by a newer wa-bulk (format {head.format}; "
                        f"this one knows {FORMAT}): update it"
                    )
                if self._run_id is None:
                    raise DamagedLogError(self._path, number, f"is damaged ({fault})")
            elif head.type not in _TYPES and isinstance(head.run_id, str):
                return _Unknown(head.run_id)
        return _Unreadable(number, offset, f"is damaged ({fault})", _is_torn(raw, fault))


_decoder: msgspec.json.Decoder[WrittenLine] = msgspec.json.Decoder(WrittenLine)
_decoder_but_run: msgspec.json.Decoder[LaterLine] = msgspec.json.Decoder(LaterLine)
_head_decoder = msgspec.json.Decoder(_Head)
_TYPES = {kind.__struct_config__.tag for kind in get_args(WrittenLine)}
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_FAULT_AT_BYTE = re.compile(r"\(byte (\d+)\)$")


def _decode_piece(piece: Piece, run_id: str | None) -> list[WrittenLine] | None:
    """All lines at once, the fast way; None if any of them needs a closer look, as run lines do."""
    if piece.data is None:
        return None
    try:
        lines = _decoder_but_run.decode_lines(piece.data)
    except _UNDECODABLE:
        return None
    if len(lines) != piece.lines:  # there are blank ones
        return None
    if [line.run_id for line in lines].count(run_id) != len(lines):  # type: ignore[arg-type]
        return None
    return cast("list[WrittenLine]", lines)


def _head_of(raw: bytes) -> _Head | None:
    try:
        return _head_decoder.decode(raw)
    except _UNDECODABLE:
        return None


def _decode_format_0(raw: bytes) -> RunLine | None:
    try:
        return msgspec.convert({**msgspec.json.decode(raw), "format": 0}, RunLine)
    except _UNDECODABLE:
        return None


def _is_torn(raw: bytes, fault: str) -> bool:
    at_byte = _FAULT_AT_BYTE.search(fault)
    return "truncated" in fault if at_byte is None else int(at_byte[1]) == len(raw)
