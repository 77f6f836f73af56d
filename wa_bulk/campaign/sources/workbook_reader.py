"""A program of its own that writes a sheet of a workbook as CSV: the memory that it takes ends with it.

    python workbook_reader.py [SHEET] <WORKBOOK >CSV

Writes one row of CSV for each row of the sheet, blank ones too, and then, on stderr, a JSON object: `sheet`,
`sheets` and `hidden_rows`, or `error`. It imports nothing of wa_bulk, so that it can be run by its path.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import posixpath
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import IO, BinaryIO, TextIO
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

Cell = str | float | bool | datetime.date | datetime.time | datetime.timedelta

_EXACT_BELOW = 1e15
"""A spreadsheet keeps and shows 15 digits of a figure."""

_BLOCK_BYTES = 1 << 20
_EMPTY_TEXT = b't="str"'
"""Of a formula that was computed, and gave an empty text."""
_SHARED = "…".encode()
"""In place of a formula that is written in another cell."""
_ERROR = b't="e"'
_CELL = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="e"(?:[^>]*[^/>])?)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_VALUE = re.compile(rb"<(?:\w+:)?v>(#[^<]{1,20})</")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]").search
_NOT_COMPUTED = re.compile(
    rb"<(?:\w+:)?c\b([^>]*[^>/])><(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
).findall
"""Cells with a formula that a program wrote, and no spreadsheet program has computed since."""
_HIDDEN_ROWS = re.compile(rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"[^>]*>\s*<(?:\w+:)?c\b').findall
"""Rows with cells that a filter, or a person, has hidden."""


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
            rows = workbook.get_sheet_by_name(chosen).iter_rows()
            unread = unread_in(file, chosen)
            write_rows(rows, unread.cells, out)
    except calamine.PasswordError:
        return {"error": "protected"}
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        return {"error": "unreadable", "detail": str(error)}
    return {"sheet": chosen, "sheets": sheets, "hidden_rows": unread.hidden_rows}


def write_rows(rows: Iterable[list[Cell]], unread: Mapping[int, Mapping[int, str]], out: TextIO) -> None:
    """Write rows of cells as CSV, but for blank ones at the end; `unread` are cells as `Unread` has them."""
    write = csv.writer(out, lineterminator="\r\n").writerow
    blank = 0
    for number, row in enumerate(rows):
        texts = [cell if type(cell) is str else plain(cell) for cell in row]
        for column, text in unread.get(number, {}).items():
            if column < len(texts):
                texts[column] = text
        if not "".join(texts).strip():
            blank += 1
            continue
        out.write("\r\n" * blank)
        blank = 0
        write([text.replace("\0", "") for text in texts])


def unread_in(workbook: BinaryIO, sheet: str) -> Unread:
    """Find what the reader does not tell of a sheet; of another format than .xlsx there is nothing."""
    unread = Unread()
    with (
        suppress(zipfile.BadZipFile, ElementTree.ParseError, KeyError, OSError, EOFError, ValueError),
        zipfile.ZipFile(workbook) as archive,
    ):
        part = _part_of(archive, sheet)
        if part is not None:
            with archive.open(part) as xml:
                unread.read(xml)
    return unread


class Unread:
    """What the reader does not tell of a sheet.

    `cells` are those that it gives as empty, by row and column, both from 0: errors, such as `#N/A`, and
    formulas, such as `=A1`, that have no value saved with them. `hidden_rows` counts rows that nobody sees.
    """

    def __init__(self) -> None:
        self.cells: dict[int, dict[int, str]] = {}
        self.hidden_rows = 0

    def read(self, xml: IO[bytes]) -> None:
        """Gather it from the sheet's XML."""
        rest = b""
        while block := xml.read(_BLOCK_BYTES):
            text = rest + block
            end = text.rfind(b"</row>") + 1 or text.rfind(b"<")
            text, rest = text[:end], text[end:]
            self.hidden_rows += len(_HIDDEN_ROWS(text))
            found: list[tuple[bytes, bytes]] = []
            if _ERROR in text:
                values = ((attributes, _VALUE.search(content)) for attributes, content in _CELL.findall(text))
                found += ((attributes, value[1]) for attributes, value in values if value is not None)
            if _FORMULA(text):
                found += (
                    (attributes, b"=" + (formula or _SHARED))
                    for attributes, formula in _NOT_COMPUTED(text)
                    if _EMPTY_TEXT not in attributes
                )
            for attributes, shown in found:
                if (place := _PLACE.search(attributes)) is not None:
                    row, column = int(place[2]) - 1, _column(place[1])
                    self.cells.setdefault(row, {})[column] = unescape(shown.decode(errors="replace"), _QUOTES)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Find the file within an .xlsx that holds the sheet of that name."""
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter()
    element = next((one for one in sheets if one.tag.endswith("}sheet") and one.get("name") == sheet), None)
    if element is None:
        return None
    wanted = next(value for name, value in element.items() if name.endswith("}id"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next((one.get("Target") for one in relations if one.get("Id") == wanted), None)
    return None if target is None else posixpath.join("/xl", target).removeprefix("/")


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - ord("A") + 1
    return column - 1


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
