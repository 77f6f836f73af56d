"""A program of its own that writes a sheet of a workbook as CSV: the memory that it takes ends with it.

    python workbook_reader.py [SHEET] <WORKBOOK >CSV

Writes one row of CSV for each row of the sheet, blank ones too, and then, on stderr, a JSON object: `sheet`
and `sheets`, or `error`. It imports nothing of wa_bulk, so that it can be run by its path.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import BinaryIO, TextIO

Cell = str | float | bool | datetime.date | datetime.time | datetime.timedelta

_EXACT_BELOW = 1e15
"""A spreadsheet keeps and shows 15 digits of a figure."""


def main(file: BinaryIO, sheet: str | None, out: TextIO) -> dict[str, object]:
    """Write the sheet of that name, or the first that can be seen; tell which, and which there are."""
    try:
        import python_calamine as calamine
    except ImportError:
        return {"error": "missing"}
    try:
        with calamine.CalamineWorkbook.from_filelike(file) as workbook:
            sheets = [
                found.name
                for found in workbook.sheets_metadata
                if found.typ == calamine.SheetTypeEnum.WorkSheet
                and (found.visible == calamine.SheetVisibleEnum.Visible or found.name == sheet)
            ]
            if not sheets or (sheet is not None and sheet not in sheets):
                return {"error": "no sheet", "sheets": sheets}
            chosen = sheets[0] if sheet is None else sheet
            write_rows(workbook.get_sheet_by_name(chosen).iter_rows(), out)
    except calamine.PasswordError:
        return {"error": "protected"}
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        return {"error": "unreadable", "detail": str(error)}
    return {"sheet": chosen, "sheets": sheets}


def write_rows(rows: Iterable[list[Cell]], out: TextIO) -> None:
    """Write rows of cells as CSV, but for blank ones at the end."""
    write = csv.writer(out, lineterminator="\r\n").writerow
    blank = 0
    for row in rows:
        texts = [cell if type(cell) is str else plain(cell) for cell in row]
        if not "".join(texts).strip():
            blank += 1
            continue
        out.write("\r\n" * blank)
        blank = 0
        write([text.replace("\0", "") for text in texts])


def plain(cell: Cell) -> str:
    """Return what a cell holds in the form that a person would type it in."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _figure(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "milliseconds" if cell.microsecond else "seconds")
    if isinstance(cell, datetime.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(cell, datetime.time):
        return cell.isoformat("milliseconds" if cell.microsecond else "seconds")
    return str(cell)


def _figure(value: float) -> str:
    """Write a figure in full: no exponent, no `.0`, no digits that come of binary fractions."""
    if -_EXACT_BELOW < value < _EXACT_BELOW and value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return format(Decimal(text), "f") if "e" in text else text


if __name__ == "__main__":
    with io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="") as out:
        told = main(sys.stdin.buffer, sys.argv[1] if len(sys.argv) > 1 else None, out)
    sys.stderr.write("\n" + json.dumps(told))
