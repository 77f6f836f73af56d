"""Where recipients come from, whatever holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

STANDARD_INPUT = Path("-")
"""In place of a file, on the command line."""

CELL_MAX = 1 << 16
"""Characters of the longest cell that a field may take. Of a longer one a source gives one more than these,
so that cutting it never makes it fit."""


class SourceError(Exception):
    """The recipients cannot be used; the text says where, what is wrong and how to mend it.

    `line` of the file and `column` of the table, both from 1; None where the problem has no such place.
    """

    def __init__(self, text: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(text)
        self.line = line
        self.column = column


def in_words(source: RowSource) -> str:
    """Name a source to a person: its file and, of a workbook, the sheet."""
    return str(source.path) if source.sheet is None else f"{source.path}, sheet {source.sheet}"


class SourceRow(Struct, gc=False):
    """One row: `number` counts the rows of data, `line` is the one that a spreadsheet shows, both from 1.

    A spreadsheet counts the header and blank rows too, and a row with line breaks in its cells once.
    `values` are in the header's order, without blanks around them. Where they do not fit it, they are empty
    and `problem` says why.
    """

    number: int
    line: int
    values: list[str]
    problem: str | None = None


class Scan(Struct, frozen=True):
    """A whole source: how many rows of data, its bytes' SHA-256 in hex, its size in bytes."""

    rows: int
    sha256: str
    size: int


class RowSource(Protocol):
    """A table of recipients with a header, streamed, read as often as needed and never held."""

    header: list[str]
    """The columns' names, in NFC and without blanks around them."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def sheet(self) -> str | None:
        """Which sheet of a workbook it is, in words, such as `'People', the first of 3`; else None."""
        ...

    def rows(self) -> Iterator[SourceRow]:
        """Stream all rows; rows whose cells are all blank are none. Raises SourceError."""
        ...

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of these ascending ranges; None now and then where many others are passed over, for
        whoever has other things to do meanwhile. A range is drawn only when the one before it is done."""
        ...

    def scan(self) -> Scan:
        """Read the source once, to its end. Raises SourceError, also where there are no rows."""
        ...

    def sha256(self) -> str:
        """Hash the bytes of the file, without a look at its rows."""
        ...

    def has_changed(self) -> bool:
        """Tell whether the file is no longer what it was when it was opened."""
        ...
