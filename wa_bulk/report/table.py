"""Every row and what became of it, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from wa_bulk.ledger.log_format import ResultLine
from wa_bulk.report.delivery_cells import DELIVERY_COLUMNS, DeliveryCells
from wa_bulk.report.last_words import LastWords
from wa_bulk.report.mask import mask_number, mask_words
from wa_bulk.report.spreadsheet import as_text
from wa_bulk.report.words import plain

COLUMNS = (
    "row",
    "to",
    "status",
    "message_id",
    "request_id",
    "http_status",
    "code",
    "error",
    "reason",
    "attempts",
    "latency_ms",
    "at",
)


def write_table(
    path: Path,
    to: TextIO,
    delivery: DeliveryCells | None = None,
    *,
    mask: bool = False,
    for_terminal: bool = False,
) -> int:
    """Write one line a row of the source to `to`, in the order of the rows, and return how many.

    Each has what the log at `path` says last of its row: `unsent` where it says nothing, `in flight` while a
    process has it in hand. With `delivery`, three more columns have what callbacks said of it. Nothing is
    run or altered by a spreadsheet program. With `mask`, no recipient's number can be read; with
    `for_terminal`, control characters are shown as escapes, line breaks too. Memory stays at nine bytes a
    row. Raises LogError if `path` cannot be read or is no log.
    """

    def text(value: str | None, hide: Callable[[str], str] = mask_words) -> str:
        value = value or ""
        value = hide(value) if mask else value
        return as_text(plain(value) if for_terminal else value)

    def cells(line: ResultLine) -> list[object]:
        return [
            line.row,
            text(line.to, mask_number),
            line.status,
            text(line.message_id, str),
            text(line.request_id, lambda id_: _without_number(id_, line.to or "")),
            line.http_status,
            line.code,
            text(line.error),
            text(line.reason),
            line.attempts,
            line.latency_ms,
            text(line.at, str),
        ]

    to.write(csv_line(COLUMNS if delivery is None else COLUMNS + DELIVERY_COLUMNS))
    with LastWords(path, lambda line: csv_line(cells(line)).encode()) as log:
        for row in range(1, log.rows + 1):
            if (words := log.words(row)) is not None:
                line = words.decode()
            else:
                known = {"row": row, "status": log.status(row), "reason": log.reason_without_result(row)}
                line = csv_line([known.get(column, "") for column in COLUMNS])
            if delivery is not None:
                line = f"{line[:-1]},{csv_line(delivery.of_row(row))}"
            to.write(line)
        return log.rows


def _without_number(request_id: str, to: str) -> str:
    """Return a request id, which may be made from a row's number, with that masked."""
    number = "".join(filter(str.isdigit, to))
    return request_id.replace(number, mask_number(number)) if number else request_id


class _Line:
    """Hands back what is written to it."""

    @staticmethod
    def write(text: str) -> str:
        return text


_write_row = csv.writer(_Line, lineterminator="\n").writerow
_write_row_in_quotes = csv.writer(_Line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow


def csv_line(cells: Sequence[object]) -> str:
    """Return cells as one line of CSV."""
    line: str = _write_row(cells)
    # Left to itself, the writer of older Pythons puts no quotes around a lone carriage return.
    return _write_row_in_quotes(cells) if "\r" in line else line
