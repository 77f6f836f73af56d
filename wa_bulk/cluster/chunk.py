"""Rows on their way from submit to a worker, and results on theirs to the collector, as bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from wa_bulk.ledger.log_format import ResultLine, timestamp
from wa_bulk.ledger.row_states import STATUSES
from wa_bulk.send.outcome import Outcome, Status

ROWS = 1000
"""Most rows of a chunk."""
BYTES = 1 << 18
"""A chunk whose values have that many bytes takes no more rows."""


class QueuedRow(Struct, array_like=True, omit_defaults=True, gc=False):
    """A row with its values or, where it is not to be sent, with what is said of it instead."""

    number: int
    line: int
    values: list[str] = []
    status: Status | None = None
    to: str | None = None
    reason: str | None = None


class Result(Struct, array_like=True, omit_defaults=True, gc=False):
    """What became of a row. `at_ms` since 1970; the rest is as in a log's result line."""

    row: int
    to: str | None
    code: int
    at_ms: int
    attempts: int
    message_id: str | None = None
    request_id: str | None = None
    http_status: int | None = None
    error_code: int | None = None
    error: str | None = None
    latency_ms: float | None = None
    reason: str | None = None


_encoder = msgspec.msgpack.Encoder()
_decode_rows = msgspec.msgpack.Decoder(list[QueuedRow]).decode
_decode_results = msgspec.msgpack.Decoder(list[Result]).decode


def encode_rows(rows: list[QueuedRow]) -> bytes:
    """Encode the rows of a chunk."""
    return zlib.compress(_encoder.encode(rows), 1)


def decode_rows(data: bytes) -> list[QueuedRow]:
    """Decode the rows of a chunk."""
    return _decode_rows(zlib.decompress(data))


def encode_results(results: list[Result]) -> bytes:
    """Encode results."""
    return _encoder.encode(results)


def result_of(
    row: int, to: str | None, code: int, outcome: Outcome, reason: str | None, at_ms: int
) -> Result:
    """Make the result of a row that has `code` now."""
    return Result(
        row,
        to,
        code,
        at_ms,
        outcome.attempts,
        outcome.message_id,
        outcome.request_id,
        outcome.http_status,
        outcome.code,
        outcome.message,
        outcome.latency_ms,
        reason,
    )


def result_lines(data: bytes, run_id: str) -> Iterator[ResultLine]:
    """Decode results into the lines of a log."""
    for result in _decode_results(data):
        yield ResultLine(
            run_id=run_id,
            row=result.row,
            to=result.to,
            status=STATUSES[result.code - 1],
            at=timestamp(result.at_ms),
            attempts=result.attempts,
            message_id=result.message_id,
            request_id=result.request_id,
            http_status=result.http_status,
            code=result.error_code,
            error=result.error,
            latency_ms=result.latency_ms,
            reason=result.reason,
        )


class Packer:
    """Divides queued rows into chunks: the same rows into the same chunks, whoever packs them."""

    def __init__(self) -> None:
        self._rows: list[QueuedRow] = []
        self._bytes = 0

    def add(self, row: QueuedRow) -> list[QueuedRow] | None:
        """Add a row; return the chunk that it makes complete."""
        self._rows.append(row)
        self._bytes += sum(map(len, row.values)) + len(row.reason or "") + 16
        return self.rest() if len(self._rows) >= ROWS or self._bytes >= BYTES else None

    def rest(self) -> list[QueuedRow] | None:
        """Return the rows that make no complete chunk; None where there are none."""
        rows, self._rows, self._bytes = self._rows, [], 0
        return rows or None
