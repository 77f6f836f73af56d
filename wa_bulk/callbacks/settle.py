"""Rows of a run that were taken although its log cannot say so, given their status by the callbacks.

A callback that speaks of a row proves that the API took it, whatever the log says of that row. Which row it
speaks of is told by the tag `custom_args.wa_bulk` alone: a row that is not accepted has no message_id yet.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

import msgspec
from msgspec import Struct

from wa_bulk.api.number_plan import has_e164_shape
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

GROW_BY = 1 << 16
_SETTLED_AT_ONCE = 50_000
"""Rows whose results are made together: for each such part the log is read once more."""


class Settled(Struct, frozen=True, kw_only=True):
    """What settling a log has changed: how many rows had which state before, and the totals now.

    `heard` counts the rows that callbacks speak of, those of `sent_twice` are spoken of under two
    message_ids.
    """

    rows: dict[RowState, int]
    totals: Totals
    heard: int
    sent_twice: int


class MessageIds:
    """The message_id that a log has for each row, in 4 bytes: enough to tell it from another."""

    def __init__(self) -> None:
        self._hashes = array("I")

    def note(self, result: ResultLine) -> None:
        """Take in the next result of the log."""
        if result.message_id is not None:
            if (missing := result.row + 1 - len(self._hashes)) > 0:
                self._hashes.frombytes(bytes(self._hashes.itemsize * (missing + GROW_BY)))
            self._hashes[result.row] = _hash(result.message_id)

    def tells_of_another(self, delivery: RowDelivery) -> bool:
        """Return whether callbacks speak of messages for a row beside the one in the log, or of several."""
        known = self._hashes[delivery.row] if delivery.row < len(self._hashes) else 0
        return delivery.sent_twice or (known != 0 and known != _hash(delivery.message_ids[0]))


def settle(log: LogFile, past: Past, deliveries: Deliveries, logged: MessageIds | None = None) -> Settled:
    """Append a result, `accepted`, for every row that callbacks speak of and the log has otherwise.

    `past` was read from `log` after that was locked; where rows are settled it is out of date afterwards,
    and `past.states` say what is known now. `logged` are the log's message_ids: without them, rows that were
    sent twice are found only where callbacks speak of both messages. Nothing is written where there is
    nothing to settle. Raises LogError, and HistoryError where the callbacks cannot be read; the rows settled
    until then stay so.
    """
    past.check_resumable()
    logged = logged or MessageIds()
    rows: Counter[RowState] = Counter()
    heard = sent_twice = 0

    def not_accepted() -> Iterator[RowDelivery]:
        nonlocal heard, sent_twice
        for delivery in _of_log(past, deliveries):
            heard += 1
            sent_twice += logged.tells_of_another(delivery)
            if past.states.state(delivery.row) != "accepted":
                yield delivery

    found = not_accepted()
    while part := list(islice(found, _SETTLED_AT_ONCE)):
        lines: list[WrittenLine] = [] if rows else [_run_line(past)]
        lines += _results(past, part)
        _append(log, lines)
        for delivery in part:
            rows[past.states.state(delivery.row)] += 1
            past.states.settle(delivery.row, "accepted")
    if rows:
        _append(log, [_end_line(log, past)])
    return Settled(rows=dict(rows), totals=past.totals(), heard=heard, sent_twice=sent_twice)


def _of_log(past: Past, deliveries: Deliveries) -> Iterator[RowDelivery]:
    """Yield the rows that callbacks speak of; a tag beyond the last row is none that this run wrote."""
    rows = past.run.source.rows or len(past.states.bytes)
    return takewhile(lambda delivery: delivery.row <= rows, deliveries.of_run(past.run.run_id))


def _hash(message_id: str) -> int:
    return hash(message_id) & 0xFFFFFFFF or 1


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
