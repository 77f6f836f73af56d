"""Which source reads a file of recipients."""

from __future__ import annotations

from pathlib import Path

from wa_bulk.campaign.sources.base import RowSource
from wa_bulk.campaign.sources.csv import CsvSource


def open_source(path: Path) -> RowSource:
    """Open the recipients in `path`, of whatever kind they are. Raises SourceError."""
    return CsvSource(path)
