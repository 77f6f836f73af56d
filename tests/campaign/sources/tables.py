"""The same table in every kind of file that recipients come in."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import xlwt

from wa_bulk.campaign.sources.csv import CsvSource
from wa_bulk.campaign.sources.reading import Reading
from wa_bulk.campaign.sources.source_file import SourceFile

Cell = str | float | bool | datetime.date | datetime.time | None
Table = Sequence[Sequence[Cell]]

_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ODS_BEGIN = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{_ODF}:office:1.0" '
    f'xmlns:table="{_ODF}:table:1.0" xmlns:text="{_ODF}:text:1.0" office:version="1.2">'
    "<office:body><office:spreadsheet>"
)
_ODS_END = "</office:spreadsheet></office:body></office:document-content>"
_ODS_EMPTY_ROWS = (
    '<table:table-row table:number-rows-repeated="1048000">'
    '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
)
_MANIFEST = f'<?xml version="1.0"?><m:manifest xmlns:m="{_ODF}:manifest:1.0"/>'


def write_xlsx(path: Path, rows: Table, *, sheet: str = "People", others: Sequence[str] = ()) -> None:
    """Write rows of an Excel workbook, whose further sheets have nothing but their name."""
    workbook = openpyxl.Workbook()
    page = workbook.active
    page.title = sheet
    for at, row in enumerate(rows, 1):
        for column, cell in enumerate(row, 1):
            page.cell(at, column, cell)
    for name in others:
        workbook.create_sheet(name)["A1"] = name
    workbook.save(path)


def write_xls(path: Path, rows: Table) -> None:
    workbook = xlwt.Workbook()
    page = workbook.add_sheet("People")
    date = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is not None:
                styled = (date,) if isinstance(cell, datetime.date) else ()
                page.write(at, column, cell, *styled)
    workbook.save(str(path))


def write_ods(path: Path, rows: Table) -> None:
    lines = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    table = f'<table:table table:name="People">{lines}{_ODS_EMPTY_ROWS}</table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _ODS_BEGIN + table + _ODS_END)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)


def write_csv(path: Path, rows: Table) -> None:
    path.write_bytes(_csv(rows))


def write_gzip(path: Path, rows: Table) -> None:
    path.write_bytes(gzip.compress(_csv(rows)))


WRITERS: dict[str, Callable[[Path, Table], None]] = {
    "csv": write_csv,
    "csv.gz": write_gzip,
    "xlsx": write_xlsx,
    "xls": write_xls,
    "ods": write_ods,
}


def _csv(rows: Table) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue().encode()


def _ods_cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, bool):
        kind = f'boolean" office:boolean-value="{str(cell).lower()}'
    elif isinstance(cell, int | float):
        kind = f'float" office:value="{cell!r}'
    elif isinstance(cell, datetime.date):
        kind = f'date" office:date-value="{cell.isoformat()}'
    elif isinstance(cell, datetime.time):
        kind = f'time" office:time-value="PT{cell.hour:02d}H{cell.minute:02d}M{cell.second:02d}S'
    else:
        kind = "string"
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(cell).split("\n"))
    return f'<table:table-cell office:value-type="{kind}">{lines}</table:table-cell>'


def source_of(
    path: Path, content: str | bytes, encoding: str = "utf-8", reading: Reading | None = None
) -> CsvSource:
    """A CSV with this content, opened."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return CsvSource(SourceFile(path), reading)
