"""The recipients' file: CSV, streamed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec


class SourceError(Exception):
    """The file cannot be used. Says what is wrong, where (file, line, column) and how to mend it."""


class SourceRow(msgspec.Struct, gc=False):
    """`number` counts data rows from 1; `line` is the physical line it begins on, from 1; `values` are the fields in the
    header's order, or `problem` says why there are none."""

    number: int
    line: int
    values: list[str]
    problem: str | None = None


class Scan(msgspec.Struct, frozen=True):
    rows: int
    sha256: str
    size: int


class Source:
    path: Path
    header: list[str]
    encoding: str
    delimiter: str

    def __init__(self, path: Path | str) -> None:
        """Opens, sniffs, reads the header. Raises SourceError."""
        raise NotImplementedError

    def rows(self) -> Iterator[SourceRow]:
        """Raises SourceError on bytes that are no text, or a quote that is never closed."""
        raise NotImplementedError

    def scan(self) -> Scan:
        """One pass over the file. Raises SourceError, also when there is no row at all."""
        raise NotImplementedError
