"""A small log of every kind of line, and hypothesis strategies for lines."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from wa_bulk.ledger.log_format import (
    EndLine,
    IntentLine,
    LogLine,
    ResultLine,
    RunLine,
    SourceRef,
    Totals,
    WithdrawnLine,
    timestamp,
)
from wa_bulk.send.outcome import Status

RUN_ID = "5f0c"
STATUSES: list[Status] = ["accepted", "rejected", "failed", "unknown", "skipped"]


def run_line(run_id: str = RUN_ID, rows: int | None = None, pid: int | None = None) -> RunLine:
    return RunLine(
        run_id,
        "/campaigns/orders.toml",
        timestamp(),
        SourceRef("/campaigns/recipients.csv", "ab" * 32, rows),
        "cd" * 32,
        {"rate": 80.0, "limit": None, "on_unknown": "hold"},
        pid,
    )


def result_line(row: int, status: Status = "accepted") -> ResultLine:
    return ResultLine(RUN_ID, row, f"+4479{row:08d}", status, timestamp(), 1, latency_ms=12.5)


def encoded(*lines: LogLine) -> bytes:
    return msgspec.json.Encoder().encode_lines(lines)


texts = st.text(st.characters(exclude_categories=["Cs"]))
rows = st.integers(1, 1_000_000)
stretches = st.tuples(rows, rows).map(lambda pair: (min(pair), max(pair)))
result_lines = st.builds(
    ResultLine,
    run_id=st.just(RUN_ID),
    row=rows,
    to=st.none() | texts,
    status=st.sampled_from(STATUSES),
    at=st.integers(0, 4_000_000_000_000).map(timestamp),
    attempts=st.integers(0, 20),
    message_id=st.none() | texts,
    request_id=st.none() | texts,
    http_status=st.none() | st.integers(100, 599),
    code=st.none() | st.integers(),
    error=st.none() | texts,
    latency_ms=st.none() | st.floats(0, 1e6),
    reason=st.none() | texts,
)
later_lines: st.SearchStrategy[LogLine] = st.one_of(
    result_lines,
    st.builds(IntentLine, run_id=st.just(RUN_ID), rows=stretches),
    st.builds(WithdrawnLine, run_id=st.just(RUN_ID), rows=stretches, reason=texts),
    st.builds(
        EndLine,
        run_id=st.just(RUN_ID),
        at=st.just(timestamp(0)),
        stopped=st.sampled_from([None, "fatal", "failures", "interrupted"]),
        totals=st.builds(Totals, st.integers(0), st.integers(0), st.integers(0), st.integers(0)),
        detail=st.none() | texts,
    ),
    st.builds(run_line, rows=st.none() | rows, pid=st.none() | st.integers(1, 4_194_304)),
)
logs: st.SearchStrategy[list[LogLine]] = st.lists(later_lines, max_size=12).map(
    lambda lines: [run_line(), *lines]
)
