"""A small log of every kind of line, and hypothesis strategies for lines."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from wa_bulk.ledger.log_format import (
    FORMAT,
    CollectedLine,
    DeliveryLine,
    EndLine,
    IntentLine,
    ReopenedLine,
    ResultLine,
    RunLine,
    Setting,
    SourceRef,
    Totals,
    WithdrawnLine,
    WrittenLine,
    timestamp,
)
from wa_bulk.ledger.row_states import STATUSES
from wa_bulk.send.outcome import Status

RUN_ID = "5f0c"


def run_line(
    run_id: str = RUN_ID,
    rows: int | None = None,
    pid: int | None = None,
    log_format: int = FORMAT,
    settings: dict[str, Setting] | None = None,
) -> RunLine:
    return RunLine(
        format=log_format,
        run_id=run_id,
        campaign="/campaigns/orders.toml",
        at=timestamp(),
        source=SourceRef("/campaigns/recipients.csv", "ab" * 32, rows),
        campaign_sha256="cd" * 32,
        settings={"rate": 80.0, "limit": None, "on_unknown": "hold", **(settings or {})},
        pid=pid,
    )


def result_line(row: int, status: Status = "accepted") -> ResultLine:
    return ResultLine(RUN_ID, row, f"+4479{row:08d}", status, timestamp(), 1, latency_ms=12.5)


def intent(first: int, last: int, synced: int | None = None) -> IntentLine:
    return IntentLine(RUN_ID, (first, last), synced)


def withdrawn(first: int, last: int) -> WithdrawnLine:
    return WithdrawnLine(RUN_ID, (first, last), "stopped")


def reopened(first: int, last: int) -> ReopenedLine:
    return ReopenedLine(RUN_ID, (first, last), "every answer was the same")


def encoded(*lines: WrittenLine) -> bytes:
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
    settled_by=st.none() | texts,
)
later_lines: st.SearchStrategy[WrittenLine] = st.one_of(
    result_lines,
    st.builds(IntentLine, run_id=st.just(RUN_ID), rows=stretches, synced=st.none() | st.integers(0, 1 << 62)),
    st.builds(WithdrawnLine, run_id=st.just(RUN_ID), rows=stretches, reason=texts),
    st.builds(ReopenedLine, run_id=st.just(RUN_ID), rows=stretches, reason=texts),
    st.builds(
        DeliveryLine,
        run_id=st.just(RUN_ID),
        row=rows,
        to=st.none() | texts,
        message_id=texts,
        state=texts,
        at=texts,
        code=st.none() | st.integers(),
    ),
    st.builds(CollectedLine, run_id=st.just(RUN_ID), position=texts),
    st.builds(
        EndLine,
        run_id=st.just(RUN_ID),
        at=st.just(timestamp(0)),
        stopped=st.sampled_from([None, "fatal", "failures", "interrupted"]),
        totals=st.builds(Totals, st.integers(0), st.integers(0), st.integers(0), st.integers(0)),
        detail=st.none() | texts,
        synced=st.none() | st.integers(0, 1 << 62),
    ),
    st.builds(
        run_line,
        log_format=st.integers(0, FORMAT),
        rows=st.none() | rows,
        pid=st.none() | st.integers(1, 4_194_304),
    ),
)
logs: st.SearchStrategy[list[WrittenLine]] = st.lists(later_lines, max_size=12).map(
    lambda lines: [run_line(), *lines]
)
