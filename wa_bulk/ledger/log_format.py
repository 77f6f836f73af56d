"""The log of a run: JSON Lines, one struct a line, only ever appended to.

`run` opens the log and every resume; `intent` says which rows may leave from now on; `result` is the
final word on one row; `withdrawn` takes an intent back for rows that provably never left; `end` closes
a run. Later lines win.

`read` is the one reader. A process that dies while it writes leaves a torn line: the last of the file
or, after a resume, one directly before a `run` line. Nothing in it was ever relied on, so it is passed
over. Any other line that cannot be read is damage, reported with its number and never skipped in silence.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import Annotated, Literal, TypeGuard

import msgspec

from wa_bulk.send.outcome import Status

Stopped = Literal["fatal", "failures", "interrupted"]
Setting = str | int | float | bool | None
Row = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]

BLOCK_BYTES = 1 << 18
LINE_BYTES_MAX = 1 << 24


class LogError(Exception):
    """The log cannot be opened, locked, read or written; the text says which, why and what to do."""


class DamagedLogError(LogError):
    """A line of the log, counted from 1, cannot be read or believed, and no crash explains it."""

    def __init__(self, path: Path, line: int, fault: str) -> None:
        super().__init__(
            f"{path}, line {line}: {fault}. What the line said is lost, perhaps that rows were sent, so "
            "nothing can safely be built on this log. Restore it from a copy."
        )
        self.path = path
        self.line = line
        self.fault = fault


class SourceRef(msgspec.Struct, omit_defaults=True):
    """The recipients' file a run began with. `rows` counts its data rows."""

    path: str
    sha256: str
    rows: int | None = None


class Totals(msgspec.Struct):
    """How many rows have each status."""

    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0


class Line(msgspec.Struct, tag_field="type", omit_defaults=True, gc=False):
    """What every line has. `run_id` names the run and stays the same over its resumes."""

    run_id: str


class RunLine(Line, tag="run"):
    """The first line, and again at each resume. `pid` is the process that writes what follows."""

    campaign: str
    at: str
    source: SourceRef
    campaign_sha256: str
    settings: dict[str, Setting]
    pid: int | None = None


class RowsLine(Line):
    """A line about a stretch of rows: `rows` is (first, last), both included."""

    rows: tuple[Row, Row]

    def __post_init__(self) -> None:
        if self.rows[0] > self.rows[1]:
            raise ValueError(f"rows {self.rows[0]} to {self.rows[1]} run backwards")


class IntentLine(RowsLine, tag="intent"):
    """These rows may be sent from now on. On disk before any of them is."""


class WithdrawnLine(RowsLine, tag="withdrawn"):
    """The intent of these rows is void: none of them left since. Rows with a result keep it."""

    reason: str


class ResultLine(Line, tag="result"):
    """What became of one row. `to` is the number, or what stood in its place; `error` tells in the API's
    words or ours what went wrong; `reason` says why a row was skipped."""

    row: Row
    to: str | None
    status: Status
    at: str
    attempts: int
    message_id: str | None = None
    request_id: str | None = None
    http_status: int | None = None
    code: int | None = None
    error: str | None = None
    latency_ms: float | None = None
    reason: str | None = None


class EndLine(Line, tag="end"):
    """The end of a run or of one stretch of it. `stopped` is None when every row was dealt with; `detail`
    says in words why it stopped early."""

    at: str
    stopped: Stopped | None
    totals: Totals
    detail: str | None = None


LogLine = RunLine | IntentLine | ResultLine | WithdrawnLine | EndLine


class Damage(msgspec.Struct, frozen=True):
    """A line that could not be read. `torn`: cut off by a crash, and harmless."""

    line: int
    fault: str
    torn: bool


def timestamp(at_ms: int | None = None) -> str:
    """RFC 3339 in UTC, as in `2024-05-01T12:00:00.250Z`; `at_ms` since 1970, now when left out."""
    if at_ms is None:
        at_ms = time.time_ns() // 1_000_000
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def read(path: Path | str, on_damage: Callable[[Damage], None] | None = None) -> Iterator[LogLine]:
    """The lines of a log in order, streaming.

    With `on_damage`, every unreadable line is handed to it, torn ones included, and reading goes on.
    Without it, torn lines are passed over and any other unreadable line raises DamagedLogError. A file
    that cannot be opened, or does not begin with a `run` line, raises LogError either way.
    """
    path = Path(path)

    def report(damage: Damage) -> None:
        if on_damage is not None:
            on_damage(damage)
        elif not damage.torn:
            raise DamagedLogError(path, damage.line, damage.fault)

    run_id: str | None = None
    cut_off: list[Damage] = []
    for first_number, lines in _decoded_blocks(path):
        if run_id is not None and not cut_off and _all_of_run(lines, run_id):
            yield from lines  # nearly all blocks are like that
            continue
        for number, line in enumerate(lines, first_number):
            if isinstance(line, Damage):
                if line.torn:
                    cut_off.append(line)
                    continue
            elif run_id is None and isinstance(line, RunLine):
                run_id = line.run_id
            if run_id is None:
                raise LogError(f"{path} is not a log of wa_bulk: it does not begin with a run line")
            for damage in cut_off:
                report(Damage(damage.line, damage.fault, torn=isinstance(line, RunLine)))
            cut_off.clear()
            if isinstance(line, Damage):
                report(line)
            elif line.run_id != run_id:
                report(Damage(number, f"belongs to another run, {line.run_id}", torn=False))
            else:
                yield line
    for damage in cut_off:
        report(damage)
    if run_id is None:
        raise LogError(f"{path} holds no run: nothing was sent under it. Delete it and send again.")


def read_run(path: Path | str) -> RunLine:
    """The line that a log begins with. Raises LogError, as `read` does."""
    line = next(read(path))
    assert isinstance(line, RunLine), "read lets nothing else pass as the first line"
    return line


def _all_of_run(lines: list[LogLine | Damage], run_id: str) -> TypeGuard[list[LogLine]]:
    try:
        return all(line.run_id == run_id for line in lines)  # type: ignore[union-attr]
    except AttributeError:  # one is damaged
        return False


def _decoded_blocks(path: Path) -> Iterator[tuple[int, list[LogLine | Damage]]]:
    """Blocks of decoded lines, each with the number of its first line."""
    number = 1
    try:
        with path.open("rb", buffering=0) as file:
            for block in _blocks_of_whole_lines(file, path):
                raw_count = block.count(b"\n") + (not block.endswith(b"\n"))
                lines = _decode_block(block)
                if lines is None or len(lines) != raw_count:
                    lines = [
                        _decode_line(raw, raw_number)
                        for raw_number, raw in enumerate(block.removesuffix(b"\n").split(b"\n"), number)
                    ]
                yield number, lines
                number += raw_count
    except OSError as error:
        raise LogError(f"cannot read the log {path}: {error.strerror}") from error


def _blocks_of_whole_lines(file: FileIO, path: Path) -> Iterator[bytes]:
    rest = b""
    while block := file.read(BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        elif len(rest) < LINE_BYTES_MAX:
            rest += block
        else:
            raise LogError(f"{path} is not a log of wa_bulk: it has a line of more than 16 MiB")
    if rest:
        yield rest


_decoder: msgspec.json.Decoder[LogLine] = msgspec.json.Decoder(LogLine)
_FAULT_AT_BYTE = re.compile(r"\(byte (\d+)\)$")


def _decode_block(block: bytes) -> list[LogLine | Damage] | None:
    """All lines at once, the fast way; None if any of them is damaged."""
    try:
        return [*_decoder.decode_lines(block)]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _decode_line(raw: bytes, number: int) -> LogLine | Damage:
    # Some file systems keep the length of what a power cut lost, and fill it with zeros.
    raw = raw.rstrip(b"\0")
    try:
        return _decoder.decode(raw)
    except UnicodeDecodeError:
        return Damage(number, "is damaged (not UTF-8)", torn=False)
    except msgspec.MsgspecError as error:
        fault = str(error)
        at_byte = _FAULT_AT_BYTE.search(fault)
        torn = "truncated" in fault if at_byte is None else int(at_byte[1]) == len(raw)
        return Damage(number, f"is damaged ({fault})", torn=torn)
