"""Which rows of a log callbacks speak of.

A row is known by the tag `custom_args.wa_bulk`, and an accepted one whose callbacks came without a tag by the
message_id that the log has for it. Never by its number alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from wa_bulk.history.delivery import Deliveries, MessageState, RowDelivery, row_delivery
from wa_bulk.ledger.log_format import ROWS_MAX, ResultLine, RunLine
from wa_bulk.ledger.log_reader import Damage, read

_LOOKED_UP_AT_ONCE = 5_000
_GROWS_BY = 1 << 16


def rows_heard(log: Path, run: RunLine, deliveries: Deliveries) -> Iterator[RowDelivery]:
    """Yield the rows of the run that `log` tells of and callbacks speak of, each once.

    The tagged ones first, ascending. Memory stays at one byte a row. What cannot be read of the log is
    passed over. Raises LogError and HistoryError.
    """
    rows = rows_of(run)
    heard = bytearray()
    for delivery in deliveries.of_run(run.run_id, last_row=rows):
        _mark(heard, delivery.row)
        yield delivery
    if not deliveries.any_without_run():
        return
    results = _accepted(log, heard)
    while part := list(islice(results, _LOOKED_UP_AT_ONCE)):
        row_of = {line.message_id: line.row for line in part if line.message_id is not None}
        found: dict[int, list[MessageState]] = {}
        for message in deliveries.of_messages(row_of):
            if message.row is None:  # else it is another row's, which was told of already
                found.setdefault(row_of[message.message_id], []).append(message)
        for row, messages in found.items():
            yield row_delivery(messages, row)


def rows_of(run: RunLine) -> int:
    """Return the highest row that a run has: a tag beyond is none that it wrote."""
    return ROWS_MAX if run.source.rows is None else run.source.rows


class MessageIds:
    """The message_id that a log has for each row, in 4 bytes: enough to tell it from another."""

    def __init__(self) -> None:
        self._hashes = array("I")

    def note(self, result: ResultLine) -> None:
        """Take in the next result of the log."""
        if result.message_id is not None:
            if (missing := result.row + 1 - len(self._hashes)) > 0:
                self._hashes.frombytes(bytes(self._hashes.itemsize * (missing + _GROWS_BY)))
            self._hashes[result.row] = _hash(result.message_id)

    def tells_of_another(self, delivery: RowDelivery) -> bool:
        """Return whether callbacks speak of a message for a row beside the one in the log, or of several."""
        known = self._hashes[delivery.row] if delivery.row < len(self._hashes) else 0
        return delivery.sent_twice or (known != 0 and known != _hash(delivery.message_ids[0]))


def _accepted(log: Path, heard: bytearray) -> Iterator[ResultLine]:
    for line in read(log, _pass_over):
        if isinstance(line, ResultLine) and line.status == "accepted" and not _is_marked(heard, line.row):
            _mark(heard, line.row)
            yield line


def _mark(rows: bytearray, row: int) -> None:
    if row >= len(rows):
        rows.extend(bytes(row + _GROWS_BY - len(rows)))
    rows[row] = 1


def _is_marked(rows: bytearray, row: int) -> bool:
    return row < len(rows) and bool(rows[row])


def _hash(message_id: str) -> int:
    return hash(message_id) & 0xFFFFFFFF or 1


def _pass_over(damage: Damage) -> None:
    pass
