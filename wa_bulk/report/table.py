"""Every row and what became of it, as CSV."""

import csv
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TextIO

from wa_bulk.ledger.lock import is_being_written
from wa_bulk.ledger.log_format import LogError, ResultLine
from wa_bulk.ledger.log_reader import Damage, read
from wa_bulk.report.tally import NO_RESULT, Tally

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

_MANY = 255


def write_table(path: Path, to: TextIO) -> int:
    """Write one line a row to `to`, as the log at `path` has it last, and return how many.

    Rows come in the order they were settled; those a run was cut off over come last, as `unknown`. Rows
    the run has not come to, or is sending, are left out. The log is read twice, so that memory stays at
    two bytes a row. Lines that cannot be read are passed over; the summary tells of them. Raises LogError if
    `path` cannot be read or is no log.
    """
    tally = Tally()
    results = bytearray()
    more_results: Counter[int] = Counter()
    lines = 0
    for line in read(path, _pass_over):
        lines += 1
        try:
            tally.follow(line)
        except ValueError as error:
            raise LogError(f"{path} is damaged: {error}") from None
        if isinstance(line, ResultLine):
            row = line.row
            if row >= len(results):
                results.extend(bytes(row + 1 - len(results)))
            if results[row] < _MANY:
                results[row] += 1
            else:
                more_results[row] += 1

    if not is_being_written(path):
        tally.states.cut_off()
    table = csv.DictWriter(to, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    # Left to itself, the writer of older Pythons puts no quotes around a lone carriage return.
    quoted = csv.DictWriter(to, COLUMNS, restval="", lineterminator="\n", quoting=csv.QUOTE_ALL)
    written = 0
    for line in islice(read(path, _pass_over), lines):  # the log of a running run grows
        if not isinstance(line, ResultLine):
            continue
        row = line.row
        if more_results[row]:
            more_results[row] -= 1
        elif results[row] > 1:
            results[row] -= 1
        elif tally.has_result(row):
            texts = (line.to, line.message_id, line.request_id, line.error, line.reason, line.at)
            writer = quoted if "\r" in "".join(filter(None, texts)) else table
            writer.writerow({column: getattr(line, column) for column in COLUMNS})
            written += 1
    for row in tally.rows_cut_off():
        table.writerow({"row": row, "status": "unknown", "reason": NO_RESULT})
        written += 1
    return written


def _pass_over(damage: Damage) -> None:
    pass
