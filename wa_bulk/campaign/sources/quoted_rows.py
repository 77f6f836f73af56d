"""Rows that take more than a split at every delimiter: with quotes in them, or too long to be held."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Literal

from wa_bulk.campaign.sources.base import CELL_MAX, SourceError
from wa_bulk.campaign.sources.text_file import LINE_MAX

if TYPE_CHECKING:
    import _csv

ROW_MAX = 1 << 22
"""Characters that are kept of a row in all."""

CELLS_MAX = 1 << 17

_State = Literal["before", "plain", "quoted", "quote", "after"]
"""Where in a cell one is: before it, or within a plain or a quoted one; behind a quote in a quoted one, which
ends it unless another follows; and behind that."""

ErrorAt = Callable[[str, int], SourceError]
"""Makes an error of a fault and the file's line, from 1."""


class MalformedRowError(Exception):
    """A row of one line that is no CSV; the text says why."""


class QuotedRows:
    """Reads single rows from an iterator of lines, for whoever finds a quote in one of them.

    Quotes are as in RFC 4180, and blanks before and behind them mean nothing. `extra_lines` counts the lines
    read so far beyond one a row.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, error: ErrorAt) -> None:
        self.extra_lines = 0
        self.lines = lines
        self.delimiter = delimiter
        self.error = error
        self._between = f'"{delimiter}"'
        self._blank_and_quote = re.compile(rf'[^\S \r\n{re.escape(delimiter)}]\s*"').search
        self._taken: list[str] = []
        self._is_begun = True
        self._reader = self._new_reader()

    def read(self, first: str, line: int) -> list[str]:
        """Return the values of the row that the text `first` begins, without blanks around them.

        `line` is where that is if no row before had several. Raises MalformedRowError, or SourceError where a
        row of several lines is malformed: it may have swallowed others.
        """
        self._taken, self._is_begun = [first], False
        if len(first) < LINE_MAX:
            bare = first.rstrip(" \r\n")
            if bare[:1] == bare[-1:] == '"':
                cells = bare[1:-1].split(self._between)
                if 2 * len(cells) == first.count(
                    '"'
                ):  # each cell in quotes and no others, as in most exports
                    return [*map(str.strip, cells)]
            try:
                values = [*map(str.strip, next(self._reader))]
            except csv.Error:  # among them what it does not know: blanks around quotes, long cells
                self._reader = self._new_reader()
            else:
                if '"' not in "".join(values):
                    if len(self._taken) > 1:
                        self.extra_lines += len(self._taken) - 1
                    return values
        reading = CarefulReading(self, self._taken, line + self.extra_lines)
        try:
            return reading.values()
        finally:
            self.extra_lines += reading.line - reading.first_line

    def _new_reader(self) -> _csv.Reader:
        return csv.reader(self._feed(), delimiter=self.delimiter, skipinitialspace=True, strict=True)

    def _feed(self) -> Iterator[str]:
        """Give the reader the lines of each row, and note which it takes."""
        size = 0
        while True:
            if not self._is_begun:
                self._is_begun, size = True, 0
                yield self._taken[0]
            elif size > ROW_MAX:
                raise csv.Error("too long to be held")
            elif self._blank_and_quote(self._taken[-1]):
                raise csv.Error("a quote that is taken for a part of a plain value")
            elif (line := next(self.lines, None)) is not None:
                self._taken.append(line)
                size += len(line)
                yield line
            else:
                return


class CarefulReading:
    """The reading of one row, piece by piece, that keeps of each cell no more than there is a use for.

    `line` is the file's line that has been come to.
    """

    def __init__(self, rows: QuotedRows, taken: list[str], line: int) -> None:
        """`taken` are the pieces that were taken from the rows' lines already."""
        self.first_line = self.line = line
        self._opened_line = line
        self._again = iter(taken)
        self._pieces = chain(self._again, rows.lines)
        self._delimiter = rows.delimiter
        self._error = rows.error
        self._cells: list[str] = []
        self._parts: list[str] = []
        self._room, self._row_room = CELL_MAX + 1, ROW_MAX
        self._is_too_long = False
        self._blanks = re.compile(rf"[^\S\r\n{re.escape(rows.delimiter)}]*").match
        self._plain = re.compile(rf"[^\r\n{re.escape(rows.delimiter)}]*").match

    def values(self) -> list[str]:
        """Read the row to its end. Raises as `QuotedRows.read` does."""
        state: _State = "before"
        piece = next(self._pieces)
        at = 0
        while True:
            if at < len(piece):
                state, at = self._step(state, piece, at)
                continue
            is_line_end = piece[-1] in "\r\n"
            if is_line_end and state != "quoted":
                break
            following = next(self._pieces, None)
            if following is None:
                if state == "quoted":
                    raise self._malformed("a quote is opened and not closed")
                break
            self.line += is_line_end
            piece, at = following, 0
        self._end_cell()
        if next(self._again, None) is not None:
            raise self._misplaced_quote()
        if self._is_too_long:
            raise MalformedRowError(f"more than {ROW_MAX:,} characters or {CELLS_MAX:,} values")
        return self._cells

    def _step(self, state: _State, piece: str, at: int) -> tuple[_State, int]:
        """Go on from `at` in `piece`, over what belongs together; return where that leads."""
        if state == "quoted":
            quote = piece.find('"', at)
            self._keep(piece, at, quote if quote >= 0 else len(piece))
            return ("quoted", len(piece)) if quote < 0 else ("quote", quote + 1)
        if state == "quote" and piece[at] == '"':
            self._keep(piece, at, at + 1)
            return "quoted", at + 1
        if state == "plain":
            end = self._end(self._plain, piece, at)
            self._keep(piece, at, end)
        else:
            end = self._end(self._blanks, piece, at)
        if end == len(piece):
            return ("after" if state == "quote" else state), end
        found = piece[end]
        if found == self._delimiter:
            self._end_cell()
            return "before", end + 1
        if found in "\r\n":
            return ("after" if state == "quote" else state), len(piece)
        if state != "before":
            self._skip_line(piece)
            raise self._malformed(f"{found!r} after a quoted value")
        if found == '"':
            self._opened_line = self.line
            return "quoted", end + 1
        return "plain", end

    @staticmethod
    def _end(match: Callable[[str, int], re.Match[str] | None], piece: str, at: int) -> int:
        found = match(piece, at)
        assert found is not None, "it matches nothing at least"
        return found.end()

    def _keep(self, piece: str, start: int, end: int) -> None:
        size = min(end - start, self._room)
        if size > self._row_room:
            size, self._is_too_long = self._row_room, True
        if size:
            self._parts.append(piece[start : start + size])
            self._room -= size
            self._row_room -= size

    def _end_cell(self) -> None:
        value = "".join(self._parts)
        if self._room:  # else it was cut, and is to stay too long
            value = value.strip()
        self._parts.clear()
        self._room = CELL_MAX + 1
        if len(self._cells) < CELLS_MAX:
            self._cells.append(value)
        elif value:
            self._is_too_long = True

    def _skip_line(self, piece: str) -> None:
        """Pass over the rest of a line that comes in pieces, so that the next row begins where it does."""
        while piece[-1] not in "\r\n" and (following := next(self._pieces, None)) is not None:
            piece = following

    def _malformed(self, fault: str) -> Exception:
        if self.line != self.first_line or next(self._again, None) is not None:
            return self._misplaced_quote()
        return MalformedRowError(f"{fault}: a quote within a quoted value must be written twice")

    def _misplaced_quote(self) -> SourceError:
        return self._error(
            f"a quote is opened here that is not closed where it should be (the next is in line {self.line}, "
            "or there is none): close it, or remove it",
            self._opened_line,
        )
