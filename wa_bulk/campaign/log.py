"""The log of a run: JSON Lines, one struct a line, only ever appended to.

`run` opens the log and every resume; `intent` says which rows may leave from now on; `result` is the final word on one
row; `withdrawn` takes an intent back for rows that provably never left; `end` closes a run. Later lines win.

`read` is the one reader. A process that dies while it writes leaves a torn line: the last of the file, or, after a
resume, one directly before a `run` line. Nothing in it was ever relied on, so it is passed over. Any other line that
cannot be read is damage, reported with its number and never skipped in silence.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Status = Literal["accepted", "rejected", "failed", "unknown", "skipped"]
Stopped = Literal["fatal", "failures", "interrupted"]
Setting = str | int | float | bool | None
Row = Annotated[int, msgspec.Meta(ge=1)]

BLOCK_BYTES = 1 << 18
LINE_BYTES_MAX = 1 << 24


class LogError(Exception):
    """The log cannot be opened, locked, read or written; the text says which, why and what to do."""


class LogDamage(LogError):
    """A line of the log cannot be read, and no crash explains it. `line` counts from 1."""

    def __init__(self, path: Path, line: int, fault: str) -> None:
        super().__init__(f"{path}, line {line}: {fault}")
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


class LogLine(msgspec.Struct, tag_field="type", omit_defaults=True, gc=False):
    """What every line has. `run_id` names the run and stays the same over its resumes."""

    run_id: str


class RunLine(LogLine, tag="run"):
    """The first line, and again at each resume. `pid` is the process that writes what follows."""

    campaign: str
    at: str
    source: SourceRef
    campaign_sha256: str
    settings: dict[str, Setting]
    pid: int | None = None


class RowsLine(LogLine):
    """A line about a stretch of rows, `rows` = (first, last), both included."""

    rows: tuple[Row, Row]

    def __post_init__(self) -> None:
        if self.rows[0] > self.rows[1]:
            raise ValueError(f"rows {self.rows[0]} to {self.rows[1]} run backwards")


class IntentLine(RowsLine, tag="intent"):
    """These rows may be sent from now on. On disk before any of them is."""


class WithdrawnLine(RowsLine, tag="withdrawn"):
    """These rows' intent is void: none of them left since. Rows with a result keep it."""

    reason: str


class ResultLine(LogLine, tag="result"):
    """What became of one row. `to` is the number, or what stood in its place; `error` is the API's or our own words on
    what went wrong; `reason` says why a row was skipped."""

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


class EndLine(LogLine, tag="end"):
    """The end of a run or of one stretch of it. `stopped` is None when every row was dealt with; `detail` says in words
    why it stopped early."""

    at: str
    stopped: Stopped | None
    totals: Totals
    detail: str | None = None


AnyLine = RunLine | IntentLine | ResultLine | WithdrawnLine | EndLine


class Damage(msgspec.Struct, frozen=True):
    """A line that could not be read. `torn`: left by a crash, and harmless."""

    line: int
    fault: str
    torn: bool


def timestamp(at_ms: int | None = None) -> str:
    """RFC 3339 in UTC with milliseconds, as in `2024-05-01T12:00:00.250Z`; `at_ms` since 1970, now when left out."""
    if at_ms is None:
        at_ms = time.time_ns() // 1_000_000
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03d}Z"


def read(path: Path | str, on_damage: Callable[[Damage], None] | None = None) -> Iterator[AnyLine]:
    """The lines of a log in order, streaming.

    With `on_damage`, every unreadable line is handed to it, torn ones included, and reading goes on. Without it, torn
    lines are passed over and any other unreadable line raises LogDamage. A file without a leading `run` line is no log:
    LogError either way.
    """
    raise NotImplementedError
