"""Logs as runs write them, with times that the tests choose."""

from pathlib import Path

from hypothesis import strategies as st

from tests.ledger.lines import encoded
from wa_bulk.ledger.log_format import (
    EndLine,
    IntentLine,
    LogLine,
    ResultLine,
    RunLine,
    Setting,
    SourceRef,
    Stopped,
    Totals,
    WithdrawnLine,
    timestamp,
)
from wa_bulk.report.tally import STATUSES
from wa_bulk.send.outcome import Status

RUN_ID = "b168722b3176"
NOON_MS = 1_772_366_400_000


def at(seconds: float) -> str:
    """So many seconds after noon."""
    return timestamp(NOON_MS + round(seconds * 1000))


def run(seconds: float = 0.0, rows: int | None = 10, pid: int = 4711) -> RunLine:
    settings: dict[str, Setting] = {"rate": 80.0}
    source = SourceRef("/campaigns/orders.csv", "ab" * 32, rows)
    return RunLine(RUN_ID, "/campaigns/orders.toml", at(seconds), source, "cd" * 32, settings, pid)


def intent(first: int, last: int) -> IntentLine:
    return IntentLine(RUN_ID, (first, last))


def result(
    row: int,
    status: Status = "accepted",
    seconds: float = 1.0,
    *,
    attempts: int = 1,
    code: int | None = None,
    error: str | None = None,
    reason: str | None = None,
    latency_ms: float | None = None,
) -> ResultLine:
    return ResultLine(
        RUN_ID,
        row,
        f"+1212555{row:04d}",
        status,
        at(seconds),
        attempts,
        code=code,
        error=error,
        reason=reason,
        latency_ms=latency_ms,
    )


def end(seconds: float = 2.0, stopped: Stopped | None = None, detail: str | None = None) -> EndLine:
    return EndLine(RUN_ID, at(seconds), stopped, Totals(), detail)


def write(path: Path, *lines: LogLine) -> Path:
    path.write_bytes(encoded(*lines))
    return path


_rows = st.integers(1, 60)
_stretches = st.tuples(_rows, _rows).map(lambda pair: (min(pair), max(pair)))
_words = st.sampled_from(["no answer", "is '1'", "is '2'", "", None]) | st.text(max_size=4)
_results = st.builds(
    result,
    _rows,
    st.sampled_from(STATUSES),
    st.floats(-10, 1000),
    attempts=st.integers(0, 9),
    code=st.none() | st.integers(1000, 1003),
    error=_words,
    reason=_words,
)
_breaks: list[LogLine] = [run(1.0, rows=60), end(2.0), end(3.0, "interrupted")]
_lines: st.SearchStrategy[LogLine] = st.one_of(
    _results,
    _stretches.map(lambda rows: intent(*rows)),
    _stretches.map(lambda rows: WithdrawnLine(RUN_ID, rows, "stopped")),
    st.sampled_from(_breaks),
)
any_log: st.SearchStrategy[list[LogLine]] = st.lists(_lines, max_size=20).map(
    lambda lines: [run(rows=60), *lines]
)
"""Lines in any order, on few rows, so that they meet."""
