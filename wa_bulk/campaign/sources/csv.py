"""The recipients' file: CSV, streamed, read as often as needed and never held.

UTF-8 or, by its byte order mark, UTF-16; delimited by comma, semicolon, tab or bar, whichever fits; quotes
as in RFC 4180, so that a value may hold delimiters and line breaks. What cannot be read for certain is an
error that names the line, not a guess: a wrong guess here writes to the wrong people.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import cast

from wa_bulk.campaign.sources.base import Scan, SourceError, SourceRow
from wa_bulk.campaign.sources.dialect import column_name, excel_hint, fitting_delimiter
from wa_bulk.campaign.sources.quoted_rows import MalformedRowError, QuotedRows
from wa_bulk.campaign.sources.reading import Reading
from wa_bulk.campaign.sources.source_file import SourceFile
from wa_bulk.campaign.sources.text_file import LINE_MAX, TextFile

SAMPLE_CHARACTERS = 1 << 16
ALL = (range(1, sys.maxsize),)
PASSED_OVER = 4096  # rows, which take 1 to 4 ms

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no name has on purpose; line breaks and tabs within quotes do occur."""

_WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""There is none beyond U+3000."""


class CsvSource:
    """A CSV file with a header.

    `header` has the names of its columns; those without a name are none, and must be empty throughout.
    """

    sheet = None

    def __init__(
        self,
        file: SourceFile,
        reading: Reading | None = None,
        columns: Collection[str] = (),
        *,
        too_wide: str = "a value with {delimiter!r} in it must stand in quotes",
    ) -> None:
        """Look at the beginning of the file.

        `columns` are those that somebody will ask for: they tell which delimiter is meant where several fit.
        `too_wide` says how to mend a row with more values than columns. Raises SourceError.
        """
        reading = reading or Reading()
        self._file = file
        self._text = TextFile(file, reading.encoding)
        self.encoding = self._text.encoding
        sample = self._sample()
        if len(sample) == SAMPLE_CHARACTERS and not re.search(r"[\r\n]", sample):
            raise file.error(f"has no line break in {SAMPLE_CHARACTERS} characters: is this a CSV file?", 1)
        hint = excel_hint(sample)
        self._lines_before = 0 if hint is None else 1
        self.delimiter = reading.delimiter or hint or fitting_delimiter(sample, columns)
        self._too_wide = too_wide.format(delimiter=self.delimiter)
        self._read_header()

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.shown

    def has_changed(self) -> bool:
        """Return whether the file is no longer what it was when it was looked at first."""
        return self._file.has_changed()

    def sha256(self) -> str:
        """Return the hash of the file's bytes, without a look at its rows."""
        return self._file.sha256()

    def rows(self) -> Iterator[SourceRow]:
        """Stream all rows; rows whose cells are all blank are none.

        Raises SourceError where the file, as far as it is read, is no CSV text.
        """
        return cast(Iterator[SourceRow], self.rows_in(ALL))

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of these ascending ranges, as `rows` does; None now and then where many others are
        passed over, for whoever has other things to do meanwhile."""
        wanted = iter(ranges)
        rows = next(wanted, None)
        if rows is None:
            return
        first, last = rows[0], rows[-1]
        lines, quoted, line, _ = self._begin()
        strip, delimiter, width = str.strip, self.delimiter, 0 if self._unnamed else len(self.header)
        number, passed_over = 0, first - 1
        nothing = delimiter + _WHITE_SPACE
        for text in lines:
            line += 1
            if number < passed_over and '"' not in text and len(text) < LINE_MAX:  # its cells are not needed
                if text.strip(nothing):
                    number += 1
                    if not number % PASSED_OVER:
                        yield None
                continue
            problem = None
            if '"' in text or len(text) >= LINE_MAX:
                try:
                    values = quoted.read(text, line)
                except MalformedRowError as error:
                    values, problem = [], f"is not valid CSV ({error})"
            else:
                values = [*map(strip, text.split(delimiter))]
            if problem is None and not values[0] and not any(values):
                continue
            number += 1
            if number >= first:
                if len(values) != width and problem is None:
                    values, problem = self._fit(values, line, number)
                yield SourceRow(number, line, values, problem)
                if number == last:
                    if (rows := next(wanted, None)) is None:
                        return
                    first, last = rows[0], rows[-1]
                    passed_over = first - 1
            elif not number % PASSED_OVER:
                yield None

    def scan(self) -> Scan:
        """Read the file once, to its end. Raises SourceError, as `rows` does or if there are no rows."""
        rows = None if self._unnamed else self._count_rows()
        if rows is None:
            rows = 0
            for row in self.rows():
                rows = row.number
        if not rows:
            raise self._file.error("has a header but no rows under it")
        return Scan(rows, self.sha256(), self._file.size)

    def _count_rows(self) -> int | None:
        """Count the rows in a quarter of the time, where every line is one.

        None where a quote or a lone carriage return may make it otherwise, or a line is very long.
        """
        rows, rest = -1 - self._lines_before - self._invisible_before, ""  # for the header
        nothing = self.delimiter + _WHITE_SPACE
        for block in self._text.texts():
            if len(rest) > LINE_MAX:
                return None
            text = rest + block
            end = text.rfind("\n") + 1
            text, rest = text[:end], text[end:]
            if '"' in text or text.count("\r") != text.count("\r\n"):
                return None
            lines = text.split("\n")
            rows += len(lines) - [line.strip(nothing) for line in lines].count("")
        if '"' in rest or "\r" in rest:
            return None
        return rows + bool(rest.strip(nothing))

    def _sample(self) -> str:
        sample = ""
        for text in self._text.texts():
            sample += text
            if len(sample) >= SAMPLE_CHARACTERS:
                break
        return sample[:SAMPLE_CHARACTERS]

    def _begin(self) -> tuple[Iterator[str], QuotedRows, int, list[str]]:
        """Go to the first row: return the lines from there, who reads rows with quotes, which line the header
        is in, by a spreadsheet's count, and its names."""
        lines = self._text.lines()
        for _ in range(self._lines_before):
            next(lines)
        self._invisible_before = 0  # lines above the header, of what no name has
        quoted = QuotedRows(lines, self.delimiter, self._error_at)
        for line, text in enumerate(lines, 1):
            try:
                names = [*map(column_name, quoted.read(text, line))]
            except MalformedRowError as error:
                raise self._error_at(f"the header is not valid CSV ({error})", line) from None
            if any(names):
                return lines, quoted, line, names
            self._invisible_before += bool(text.strip(self.delimiter + _WHITE_SPACE))
        raise self._file.error("is empty; its first line must name the columns")

    def _error_at(self, fault: str, line: int) -> SourceError:
        return self._file.error(fault, self._lines_before + line)

    def _read_header(self) -> None:
        *_, line, names = self._begin()
        while not names[-1]:
            names.pop()
        self.header = [name for name in names if name]
        self._header_line = line
        self._unnamed = [column for column, name in enumerate(names) if not name]
        self._width = len(names)
        for column, name in enumerate(names, 1):
            first_column = names.index(name) + 1
            fault = None
            if _CONTROL.search(name):
                fault = f"is named {name!r}, with control characters: rename it"
            elif name and first_column != column:
                fault = f"is named {name!r}, as column {first_column} is: every column needs its own name"
            if fault:
                raise self._file.error(fault, self._lines_before + line, column)

    def _fit(self, values: list[str], line: int, number: int) -> tuple[list[str], str | None]:
        """Leave out of a row what stands under no name, where that is nothing; else say what is wrong."""
        width = len(values)
        while len(values) > self._width and not values[-1]:
            values.pop()
        if len(values) != self._width:
            columns = f"{self._width} column{'' if self._width == 1 else 's'}"
            problem = f"has {width} value{'' if width == 1 else 's'}, but the header names {columns}"
            if width > self._width:
                problem += f": {self._too_wide}"
            return [], problem
        for column in reversed(self._unnamed):
            if value := values.pop(column):
                raise self._file.error(
                    f"has no name in the header, but row {number} (line {line}) has {value[:50]!r} in it: "
                    "name it, or remove it",
                    self._lines_before + self._header_line,
                    column + 1,
                )
        return values, None
