"""Recipients in a workbook: Excel's .xlsx, .xlsm, .xlsb and .xls, and OpenDocument's .ods.

A sheet is turned into CSV once, by a process of its own, and streamed from there: a reader of workbooks holds
the whole sheet. The run is bound to the workbook itself, by its hash, and not to what it was turned into.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from wa_bulk.campaign.sources import workbook_reader
from wa_bulk.campaign.sources.base import Scan, SourceRow
from wa_bulk.campaign.sources.csv import CsvSource
from wa_bulk.campaign.sources.reading import Reading
from wa_bulk.campaign.sources.source_file import SourceFile
from wa_bulk.campaign.sources.spool import Spool

_SHEETS_LISTED = 20
_AS_SPOOLED = Reading(delimiter=",", encoding="utf-8")


class _Told(msgspec.Struct):
    """What the reader tells, as JSON."""

    sheet: str = ""
    sheets: list[str] = msgspec.field(default_factory=list)
    hidden_rows: int = 0
    error: str | None = None
    detail: str = ""


class WorkbookSource:
    """A sheet of a workbook, with a header. `sheet` says in words which."""

    def __init__(self, file: SourceFile, sheet: str | None = None) -> None:
        """Read the sheet of that name, or else the first. Raises SourceError."""
        self._file = file
        file.sha256()
        self._spool = Spool()
        told = self._read(sheet)
        if file.has_changed():
            raise file.changed()
        which = f", the first of {len(told.sheets)}" if sheet is None and len(told.sheets) > 1 else ""
        self.sheet = f"{told.sheet!r}{which}{_hidden(told.hidden_rows)}"
        if not self._spool.path.stat().st_size:
            raise file.error(f"has nothing in sheet {told.sheet!r}{_listed(told.sheets)}")
        spooled = SourceFile(self._spool.path, shown=file.shown, kept_by=self._spool)
        self._table = CsvSource(spooled, _AS_SPOOLED, too_wide="name all columns, or empty those")
        self.header = self._table.header

    @property
    def path(self) -> Path:
        """The workbook."""
        return self._file.shown

    def rows(self) -> Iterator[SourceRow]:
        """Stream all rows; a row's line is the sheet's."""
        return self._table.rows()

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of these ascending ranges, as a CSV file does."""
        return self._table.rows_in(ranges)

    def scan(self) -> Scan:
        """Count the rows. Raises SourceError where there are none."""
        return Scan(self._table.scan().rows, self.sha256(), self._file.size)

    def sha256(self) -> str:
        """Return the hash of the workbook's bytes."""
        return self._file.sha256()

    def has_changed(self) -> bool:
        """Return whether the workbook is no longer what it was when it was opened."""
        return self._file.has_changed()

    def _read(self, sheet: str | None) -> _Told:
        # -P: no module is taken from the working directory.
        command = [sys.executable, "-P", workbook_reader.__file__, *([] if sheet is None else [sheet])]
        with self._file.path.open("rb") as workbook:
            ended = subprocess.run(
                command, stdin=workbook, stdout=self._spool.file, stderr=subprocess.PIPE, check=False
            )
        try:
            told = msgspec.json.decode(ended.stderr.rpartition(b"\n")[2], type=_Told)
        except msgspec.MsgspecError:
            words = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            told = _Told(error="broken", detail=words or f"its reader ended with {ended.returncode}")
        if told.error is not None:
            raise self._file.error(self._fault(told, sheet))
        return told

    def _fault(self, told: _Told, sheet: str | None) -> str:
        match told.error:
            case "missing":
                return (
                    "is a workbook, and what reads workbooks is not installed: "
                    "pip install 'wa-bulk[excel]', or save it as CSV UTF-8"
                )
            case "no sheet" if told.sheets:
                return f"has no sheet {sheet!r}{_listed(told.sheets)}"
            case "no sheet":
                return "has no sheet with cells that can be seen"
            case "protected":
                return "is protected by a password: remove the password, and save it again"
            case _:
                mend = "open it in your spreadsheet program and save it again"
                return f"cannot be read as a workbook ({told.detail}): {mend}"


def _hidden(rows: int) -> str:
    if not rows:
        return ""
    return f", whose {rows:,} hidden row{' is' if rows == 1 else 's are'} read like the others"


def _listed(sheets: list[str]) -> str:
    shown = ", ".join(map(repr, sheets[:_SHEETS_LISTED]))
    more = len(sheets) - _SHEETS_LISTED
    return f"; its sheets are: {shown}{f' and {more} more' if more > 0 else ''}"
