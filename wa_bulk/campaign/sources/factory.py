"""Which source reads a file of recipients."""

from __future__ import annotations

import sys
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from wa_bulk.campaign.sources.base import STANDARD_INPUT, RowSource
from wa_bulk.campaign.sources.csv import CsvSource
from wa_bulk.campaign.sources.kinds import is_workbook
from wa_bulk.campaign.sources.reading import Reading
from wa_bulk.campaign.sources.source_file import SourceFile
from wa_bulk.campaign.sources.spool import Spool, copy_standard_input

_STANDARD_INPUT = f"give it as standard input, --recipients {STANDARD_INPUT}"


def open_source(
    path: Path,
    reading: Reading | None = None,
    columns: Collection[str] = (),
    *,
    sheet_of_workbooks_only: bool = False,
) -> RowSource:
    """Open a table with a header, of whatever kind the file is: CSV, packed by gzip or not, or a workbook.

    `-` is standard input. `columns` are those that somebody will ask for: they tell which delimiter is meant
    where several fit. A sheet is asked for in vain of a file that is no workbook: an error, unless
    `sheet_of_workbooks_only`. Raises SourceError.
    """
    reading = reading or Reading()
    file = (
        _spooled(sys.stdin) if path == STANDARD_INPUT else SourceFile(path, instead_of_pipe=_STANDARD_INPUT)
    )
    if is_workbook(file):
        from wa_bulk.campaign.sources.workbook import WorkbookSource

        return WorkbookSource(file, reading.sheet)
    if reading.sheet is not None and not sheet_of_workbooks_only:
        raise file.error(
            f"is no workbook, and has no sheet {reading.sheet!r}: leave --sheet out, or sheet in the campaign"
        )
    return CsvSource(file, reading, columns)


@lru_cache(maxsize=1)
def _spooled(_: TextIO) -> SourceFile:
    """Read standard input, once for however many look at it."""
    spool = Spool()
    copy_standard_input(spool.file)
    return SourceFile(spool.path, shown=STANDARD_INPUT, kept_by=spool)
