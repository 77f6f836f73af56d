"""The log of a run, format 1: JSON Lines, UTF-8, one object a line, only ever appended to, mode 0600.

Every line has `type` and `run_id`; the first key is `type`. Times are RFC 3339 in UTC, durations in ms.
Later lines win. A reader passes over types and keys it does not know; whatever would make it wrong to do
so gets a new format number, and a reader refuses a run line with a newer number than it knows.

**Rows** are the data rows of the source, counted from 1: the header is none, and a row whose cells are all
blank is none. That rule is part of the format, since a log names its rows by number only.

| type | says |
|---|---|
| `run` | opens the log, and each later stretch of work on it; it always has `format` |
| `intent` | these rows may be sent from now on; on disk before any of them is |
| `result` | the final word on one row, for now |
| `withdrawn` | the intent of these rows is void: none was taken since; rows with a result keep it |
| `reopened` | those of these rows whose status is `rejected` are as if they had never been sent |
| `delivery` | what a callback said of an accepted row; it changes no status |
| `collected` | how far a collector had read a cluster's results when it wrote the lines before |
| `end` | the stretch ended by itself |

A **stretch** is a run line and what follows, up to the next run line or the end of the file. A row that was
intended and has neither result nor withdrawal when its stretch is over was *cut off*: it may have been sent.

**What cannot be read.** `synced` in an intent or end line is the number of bytes of this log that were
known to be on disk, because a sync had returned, when the line was written. That tells three things apart:

- *torn*: a line that breaks off where the file, or the stretch, ends. The process died while it wrote.
  Nothing in it was relied on.
- *lost*: a line that begins at or behind the largest `synced` of its stretch. A power cut may keep later
  pages of a file and lose earlier ones, leaving zeros or rubbish. Rows are only sent once their intent is
  synced, so nothing in it was relied on either, and it is passed over. In case the disk had promised more
  than it kept, the rows that would have been intended next count as cut off: as many as the largest
  intent of that stretch had, or `settings.concurrency`, or `AHEAD_S` of `settings.rate`.
- *damaged*: any other line that cannot be read. What it said is lost, perhaps that rows were sent.

A run line without `format` (format 0) is from before format 1. Its lines have no `synced`, so that any line
that cannot be read is damaged unless it is torn; and its rows may be counted by another rule.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from wa_bulk.send.outcome import Status

FORMAT = 1
"""The newest format this version knows, and the one it writes."""

ROWS_MAX = 1_000_000_000

BASE_URL = "base_url"
"""The key, among a run line's settings, of the address that the run sends to."""

Stopped = Literal["fatal", "failures", "interrupted"]
Setting = str | int | float | bool | None
Row = Annotated[int, msgspec.Meta(ge=1, le=ROWS_MAX)]
Rows = Annotated[int, msgspec.Meta(ge=0, le=ROWS_MAX)]
Bytes = Annotated[int, msgspec.Meta(ge=0)]


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
    rows: Rows | None = None


class Sends(msgspec.Struct, omit_defaults=True):
    """What a campaign sends, as its file has it: the campaign's name, the body's type, the sending number,
    and name and language of a template. A field whose value comes by row holds its placeholder."""

    campaign: str
    kind: str | None = None
    sender: str | None = None
    template: str | None = None
    language: str | None = None


class Totals(msgspec.Struct):
    """How many rows have each status."""

    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0


class _Tagged(msgspec.Struct, tag_field="type", omit_defaults=True, gc=False):
    pass


class RunLine(_Tagged, tag="run", kw_only=True):
    """The first line, and again at each resume. `pid` is the process that writes what follows.

    `format` has no default, so that it is always written. It is 0 for a line without one.
    `collected_from` names the cluster, for the log of a run that was sent there. A stretch that
    `only_settles` sends nothing: it notes what callbacks said of rows, and ends as the one before it did.
    """

    format: Annotated[int, msgspec.Meta(ge=0)]
    run_id: str
    campaign: str
    at: str
    source: SourceRef
    campaign_sha256: str
    settings: dict[str, Setting]
    pid: int | None = None
    collected_from: str | None = None
    only_settles: bool = False
    sends: Sends | None = None

    @property
    def base_url(self) -> str | None:
        """Where the run sends to; None where the log does not say."""
        address = self.settings.get(BASE_URL)
        return address if isinstance(address, str) else None


class Line(_Tagged):
    """What every other line has. `run_id` names the run and stays the same over its resumes."""

    run_id: str


class RowsLine(Line):
    """A line about consecutive rows: `rows` is (first, last), both included."""

    rows: tuple[Row, Row]

    def __post_init__(self) -> None:
        if self.rows[0] > self.rows[1]:
            raise ValueError(f"rows {self.rows[0]} to {self.rows[1]} run backwards")


class IntentLine(RowsLine, tag="intent"):
    """These rows may be sent from now on. On disk before any of them is."""

    synced: Bytes | None = None


class WithdrawnLine(RowsLine, tag="withdrawn"):
    """The intent of these rows is void: none of them was taken since. Rows with a result keep it."""

    reason: str


class ReopenedLine(RowsLine, tag="reopened"):
    """Those of these rows whose status is `rejected` are as if they had never been sent."""

    reason: str


class ResultLine(Line, tag="result"):
    """What became of one row. `to` is the number, or what was in its place; `error` tells in the API's
    words or ours what went wrong; `reason` says why a row was skipped.

    `settled_by` says who settled it, if not the run that sent it. An accepted row has a `message_id` then
    only if it is known.
    """

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
    settled_by: str | None = None


class DeliveryLine(Line, tag="delivery"):
    """What a callback said of a row. `to` is None where it named nobody; `code` is Meta's, of a failure."""

    row: Row
    to: str | None
    message_id: str
    state: str
    at: str
    code: int | None = None


class CollectedLine(Line, tag="collected"):
    """The collector had written every result up to `position` of the cluster's results before this line."""

    position: str


class EndLine(Line, tag="end"):
    """The end of a run or of one stretch of it. `stopped` is None when every row was dealt with; `detail`
    says in words why it stopped early."""

    at: str
    stopped: Stopped | None
    totals: Totals
    detail: str | None = None
    synced: Bytes | None = None


LaterLine = IntentLine | ResultLine | WithdrawnLine | ReopenedLine | DeliveryLine | CollectedLine | EndLine
WrittenLine = RunLine | LaterLine


class LostTail(msgspec.Struct, frozen=True):
    """Mark, for a reader, where lines of a stretch were lost: behind its last line. Never written."""


LogLine = WrittenLine | LostTail


def timestamp(at_ms: int | None = None) -> str:
    """RFC 3339 in UTC, as in `2024-05-01T12:00:00.250Z`; `at_ms` since 1970, now when left out."""
    if at_ms is None:
        at_ms = time.time_ns() // 1_000_000
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
