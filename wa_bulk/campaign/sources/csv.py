"""The recipients' file: CSV, streamed, read as often as needed and never held.

UTF-8 or, by its byte order mark, UTF-16; delimited by comma, semicolon, tab or bar, whichever fits; quotes
as in RFC 4180, so that a value may hold delimiters and line breaks. What cannot be read for certain is an
error that names the line, not a guess: a wrong guess here writes to the wrong people.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from wa_bulk.campaign.sources.base import Scan, SourceRow
from wa_bulk.campaign.sources.text_file import TextFile

if TYPE_CHECKING:
    import _csv

DELIMITERS = ",;\t|"
SAMPLE_CHARACTERS = 1 << 16
BLOCK_CHARACTERS = 1 << 18
SAMPLE_ROWS = 50
ALL = (range(1, sys.maxsize),)
PASSED_OVER = 4096  # rows, which take 1 to 4 ms

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no name has on purpose; line breaks and tabs within quotes do occur."""

_WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""There is none beyond U+3000."""

_EXCEL_HINT = re.compile(r'"?sep=([^\w\s"]|\t)"?[\r\n]')
"""A first line by which Excel tells itself the delimiter."""


class CsvSource:
    """A CSV file with a header. `encoding` is Python's name; `header` has the columns' names, trimmed."""

    def __init__(self, path: Path | str) -> None:
        """Look at the beginning of the file. Raises SourceError."""
        self.path = Path(path)
        self._file = TextFile(self.path)
        self.encoding = self._file.encoding
        sample = self._sample()
        if len(sample) == SAMPLE_CHARACTERS and not re.search(r"[\r\n]", sample):
            raise self._file.error(
                f"has no line break in {SAMPLE_CHARACTERS} characters: is this a CSV file?", 1
            )
        hint = _EXCEL_HINT.match(sample)
        self._lines_before = 1 if hint else 0
        self.delimiter = hint[1] if hint else _delimiter(sample)
        self.header = self._checked_header()

    def has_changed(self) -> bool:
        """Return whether the file is no longer the one that was looked at first."""
        return self._file.has_changed()

    def rows(self) -> Iterator[SourceRow]:
        """Stream all rows; lines whose cells are all blank are none.

        Raises SourceError where the file, as far as it is read, is no CSV text.
        """
        yield from cast(Iterator[SourceRow], self.rows_in(ALL))

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of these ascending ranges, as `rows` does; None now and then where many others are
        passed over, for whoever has other things to do meanwhile."""
        with self._file.open() as text:
            yield from self._rows(text, ranges)

    def scan(self) -> Scan:
        """Read the file once, to its end. Raises SourceError, as `rows` does or if there are no rows."""
        digest = hashlib.sha256()
        with self._file.open(digest.update) as text:
            rows = self._count_lines(text)
        if rows is None:
            rows = 0
            digest = hashlib.sha256()
            with self._file.open(digest.update) as text:
                for row in cast(Iterator[SourceRow], self._rows(text, ALL)):
                    rows = row.number
        if not rows:
            raise self._file.error("has a header but no rows under it")
        return Scan(rows, digest.hexdigest(), self._file.size)

    def _count_lines(self, text: io.TextIOWrapper) -> int | None:
        """Count the rows in a quarter of the time, where every line is one.

        None where a quote or a lone carriage return may make it otherwise, or a line is longer than a block.
        """
        lines = itertools.dropwhile(lambda line: not line.strip("\r\n"), self._lines(text))
        header = next(lines, "")
        if '"' in header or not header.endswith("\n") or self.delimiter.isspace():
            return None
        rows, rest = 0, ""
        while block := text.read(BLOCK_CHARACTERS):
            if len(rest) > BLOCK_CHARACTERS:
                return None
            block = rest + block
            end = block.rfind("\n") + 1
            block, rest = block[:end], block[end:]
            if '"' in block or block.count("\r") != block.count("\r\n"):
                return None
            rows += self._count_rows(block.split("\n"))
        if '"' in rest or "\r" in rest:
            return None
        return rows + self._count_rows([rest])

    def _count_rows(self, lines: list[str]) -> int:
        """Count those of these lines that have more than blank cells."""
        nothing = self.delimiter + _WHITE_SPACE
        return len(lines) - [line.strip(nothing) for line in lines].count("")

    def sha256(self) -> str:
        """Return the hash of the file's bytes, without a look at its rows."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _sample(self) -> str:
        with self._file.open() as text:
            return text.read(SAMPLE_CHARACTERS)

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        return itertools.islice(text, self._lines_before, None)

    def _reader(self, text: io.TextIOWrapper) -> _csv.Reader:
        return csv.reader(self._lines(text), delimiter=self.delimiter, strict=True)

    def _line(self, reader: _csv.Reader) -> int:
        """Return the line last read."""
        return self._lines_before + reader.line_num

    def _names(self, reader: _csv.Reader) -> list[str]:
        """Return the first row that is not blank."""
        line = self._line(reader) + 1
        try:
            return [name.strip() for name in next(filter(None, reader), [])]
        except csv.Error as error:
            fault = self._malformed(line, self._line(reader), error)
            raise self._file.error(f"the header {fault}", line) from None

    def _checked_header(self) -> list[str]:
        with self._file.open() as text:
            reader = self._reader(text)
            header = self._names(reader)
            line = self._line(reader)
        if not header:
            raise self._file.error("is empty; its first line must name the columns")
        for column, name in enumerate(header, 1):
            first_column = header.index(name) + 1
            if not name:
                fault = "has no name in the header: name it, or remove it"
                raise self._file.error(fault, line, column)
            if _CONTROL.search(name):
                raise self._file.error(f"is named {name!r}, with control characters: rename it", line, column)
            if first_column != column:
                fault = f"is named {name!r}, as column {first_column} is: every column needs its own name"
                raise self._file.error(fault, line, column)
        return header

    def _rows(self, text: io.TextIOWrapper, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of these ascending ranges; None stands for `PASSED_OVER` others."""
        wanted = iter(ranges)
        rows = next(wanted, None)
        if rows is None:
            return
        first, last = rows[0], rows[-1]
        reader = self._reader(text)
        self._names(reader)
        columns = len(self.header)
        number = 0
        at_end = False
        while not at_end:
            line = self._line(reader) + 1
            try:
                for values in reader:
                    if not (values and "!" < values[0] < "~") and _are_blank(values):
                        line = self._lines_before + reader.line_num + 1
                        continue
                    number += 1
                    if number >= first:
                        if len(values) == columns:
                            yield SourceRow(number, line, values)
                        else:
                            yield SourceRow(number, line, [], self._ragged(line, len(values)))
                        if number == last:
                            if (rows := next(wanted, None)) is None:
                                return
                            first, last = rows[0], rows[-1]
                    elif not number % PASSED_OVER:
                        yield None
                    line = self._lines_before + reader.line_num + 1
                at_end = True
            except csv.Error as error:
                number += 1
                fault = self._malformed(line, self._line(reader), error)
                if number >= first:
                    yield SourceRow(number, line, [], f"line {line} {fault}")
                    if number == last:
                        if (rows := next(wanted, None)) is None:
                            return
                        first, last = rows[0], rows[-1]

    def _ragged(self, line: int, values: int) -> str:
        columns = len(self.header)
        problem = f"line {line} has {_many(values, 'value')}, but the header names {_many(columns, 'column')}"
        if values > columns:
            problem += f": a value with {self.delimiter!r} in it must stand in quotes"
        return problem

    def _malformed(self, first_line: int, last_line: int, error: csv.Error) -> str:
        """Say what is wrong with a row of one line. One of several may have swallowed others: SourceError."""
        if first_line == last_line:
            hint = "" if "limit" in str(error) else ": a quote within a quoted value must be written twice"
            return f"is not valid CSV ({error}){hint}"
        with self._file.open() as text:
            row = "".join(itertools.islice(text, first_line - 1, last_line))
        other = rf"[^\r\n{re.escape(self.delimiter)}]"
        value = rf'(?:"(?:[^"]++|"")*+"|(?!"){other}++)?'
        whole_values = re.match(rf"(?:{value}{re.escape(self.delimiter)})*+", row)
        assert whole_values
        before = io.IncrementalNewlineDecoder(None, translate=True).decode(row[: whole_values.end()])
        raise self._file.error(
            f"a quote is opened here that is not closed where it should be (the next is in line {last_line}, "
            "or there is none): close it, or remove it",
            first_line + before.count("\n"),
        )


def _are_blank(values: Sequence[str]) -> bool:
    return not "".join(values).strip()


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _delimiter(sample: str) -> str:
    """Find the delimiter by which most of the first rows are as wide as the header; the wider, the better."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths: list[int] = []
        with contextlib.suppress(csv.Error):
            widths += (len(values) for values in itertools.islice(rows, SAMPLE_ROWS) if values)
        if not widths or widths[0] == 1:
            return 0, 0
        return widths.count(widths[0]) / len(widths), widths[0]

    return max(DELIMITERS, key=fit)
