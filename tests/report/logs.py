"""Logs as runs write them, with times that the tests choose."""

from pathlib import Path

from hypothesis import strategies as st

from tests.ledger.lines import encoded
from wa_bulk.ledger.log_format import (
    FORMAT,
    EndLine,
    IntentLine,
    ReopenedLine,
    ResultLine,
    RunLine,
    Setting,
    SourceRef,
    Stopped,
    Totals,
    WithdrawnLine,
    WrittenLine,
    timestamp,
)
from wa_bulk.ledger.row_states import STATUSES
from wa_bulk.send.outcome import Status

RUN_ID = "b168722b3176"
NOON_MS = 1_772_366_400_000


def at(seconds: float) -> str:
    """Return the time that many seconds after noon."""
    return timestamp(NOON_MS + round(seconds * 1000))


def run(seconds: float = 0.0, rows: int | None = 10, pid: int = 4711) -> RunLine:
    settings: dict[str, Setting] = {"rate": 80.0}
    source = SourceRef("/campaigns/orders.csv", "ab" * 32, rows)
    return RunLine(
        format=FORMAT,
        run_id=RUN_ID,
        campaign="/campaigns/orders.toml",
        at=at(seconds),
        source=source,
        campaign_sha256="cd" * 32,
        settings=settings,
        pid=pid,
    )


def intent(first: int, last: int, synced: int | None = None) -> IntentLine:
    return IntentLine(RUN_ID, (first, last), synced)


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


def write(path: Path, *lines: WrittenLine) -> Path:
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
_breaks: list[WrittenLine] = [run(1.0, rows=60), end(2.0), end(3.0, "interrupted")]
_lines: st.SearchStrategy[WrittenLine] = st.one_of(
    _results,
    _stretches.map(lambda rows: intent(*rows)),
    _stretches.map(lambda rows: WithdrawnLine(RUN_ID, rows, "stopped")),
    _stretches.map(lambda rows: ReopenedLine(RUN_ID, rows, "all the same")),
    st.sampled_from(_breaks),
)
any_log: st.SearchStrategy[bytes] = st.builds(
    lambda before, lost, lines: encoded(run(rows=60), *before) + lost + encoded(*lines),
    st.lists(_lines, max_size=20),
    st.sampled_from([b"", b"\0" * 40 + b"\n"]),
    st.lists(_lines, max_size=10),
)
"""Lines in any order, on few rows, so that they meet; some were lost in a power cut, perhaps."""
