"""Rows of a run that were taken although its log cannot say so, given their status by the callbacks.

A callback that speaks of a row proves that the API took it, whatever the log says of that row. Which row it
speaks of is told by the tag `custom_args.wa_bulk` alone: a row that is not accepted has no message_id yet.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import msgspec
from msgspec import Struct

from wa_bulk.api.number_plan import has_e164_shape
from wa_bulk.callbacks.join import rows_of
from wa_bulk.history.delivery import Deliveries, RowDelivery
from wa_bulk.ledger.log_file import LogFile
from wa_bulk.ledger.log_format import (
    FORMAT,
    EndLine,
    LogError,
    ResultLine,
    RunLine,
    Stopped,
    Totals,
    WrittenLine,
    timestamp,
)
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.past import Past
from wa_bulk.ledger.row_states import RowState

SETTLED_BY = "callback"

_SETTLED_AT_ONCE = 50_000
"""Rows whose results are made together: for each such part the log is read once more."""


class Settled(Struct, frozen=True):
    """What settling a log has changed: how many rows had which state before, and the totals now."""

    rows: dict[RowState, int]
    totals: Totals


def settle(log: LogFile, past: Past, deliveries: Deliveries) -> Settled:
    """Append a result, `accepted`, for every row that callbacks speak of and the log has otherwise.

    `past` was read from `log` after that was locked; where rows are settled it is out of date afterwards,
    and `past.states` say what is known now. Nothing is written where there is nothing to settle. Raises
    LogError, and HistoryError where the callbacks cannot be read; the rows settled until then stay so.
    """
    past.check_format()
    found = _not_accepted(past, deliveries)
    rows: Counter[RowState] = Counter()
    while part := list(islice(found, _SETTLED_AT_ONCE)):
        lines: list[WrittenLine] = [] if rows else [_run_line(past)]
        lines += _results(past, part)
        _append(log, lines)
        for delivery in part:
            rows[past.states.state(delivery.row)] += 1
            past.states.settle(delivery.row, "accepted")
    if rows:
        _append(log, [_end_line(log, past)])
    return Settled(dict(rows), past.totals())


def _not_accepted(past: Past, deliveries: Deliveries) -> Iterator[RowDelivery]:
    """Yield the rows that callbacks speak of and that the log does not call accepted."""
    first, beyond = 1, rows_of(past.run) + 1
    for rows in chain(past.states.rows_in("accepted"), [range(beyond, beyond + 1)]):
        if first < rows[0]:
            yield from deliveries.of_run(past.run.run_id, first, rows[0] - 1)
        first = rows[-1] + 1


def _results(past: Past, part: Sequence[RowDelivery]) -> Iterator[ResultLine]:
    before = _last_results(past, {delivery.row for delivery in part})
    at = timestamp()
    for delivery in part:
        earlier = before.get(delivery.row)
        yield ResultLine(
            run_id=past.run.run_id,
            row=delivery.row,
            to=_recipient(earlier, delivery),
            status="accepted",
            at=at,
            attempts=max(1, earlier.attempts if earlier is not None else 0),
            message_id=delivery.best.message_id,
            request_id=earlier.request_id if earlier is not None else None,
            settled_by=SETTLED_BY,
        )


def _last_results(past: Past, rows: set[int]) -> dict[int, ResultLine]:
    results: dict[int, ResultLine] = {}
    for line in read(past.path):
        if isinstance(line, ResultLine) and line.row in rows:
            results[line.row] = line
    return results


def _recipient(earlier: ResultLine | None, delivery: RowDelivery) -> str | None:
    """Return the number as the run wrote it, or else as the callback did; a user id is no number."""
    for number in (earlier.to if earlier is not None else None, delivery.to):
        if number and has_e164_shape(number):
            return number
    return None


def _run_line(past: Past) -> RunLine:
    return msgspec.structs.replace(
        past.run, format=FORMAT, at=timestamp(), pid=os.getpid(), only_settles=True
    )


def _end_line(log: LogFile, past: Past) -> EndLine:
    stopped: Stopped | None
    if past.end is not None:
        stopped, detail = past.end.stopped, past.end.detail
    else:
        stopped, detail = "interrupted", "the run was cut off"
    return EndLine(
        run_id=past.run.run_id,
        at=timestamp(),
        stopped=stopped,
        totals=past.totals(),
        detail=detail,
        synced=log.size(),
    )


def _append(log: LogFile, lines: Sequence[WrittenLine]) -> None:
    data = msgspec.json.Encoder().encode_lines(lines)
    try:
        if log.ends_within_line():
            data = b"\n" + data
        log.append(data)
        log.sync()
    except OSError as error:
        raise LogError(f"cannot write the log {log.path}: {error.strerror or error}") from error
