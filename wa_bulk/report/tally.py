"""The last word on every row and why, in one byte a row.

The campaign's ledger knows each row's status; a report also tells why. So a row's byte here numbers a
cause: a status with its code and words. Its highest bit says that the row was intended again since.
What an intent, its withdrawal and a crash do to a row is the same as in the ledger.
"""

import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from wa_bulk.ledger.log_format import IntentLine, LogError, LogLine, ResultLine, RunLine, WithdrawnLine
from wa_bulk.send.outcome import Status

STATUSES: tuple[Status, ...] = ("accepted", "rejected", "failed", "unknown", "skipped")
NO_RESULT = "no result in the log: the run was cut off while the message may have been on its way"

_INTENDED = 0x80
_NEVER = 0
_ACCEPTED = 1 + STATUSES.index("accepted")
_MAY_BE_SENT_AGAIN = ("failed", "unknown")
_VALUE = re.compile(r"((?<!\[)\b\d+\b|'[^']*'|\"[^\"]*\"|…)")
_TEXTS_REMEMBERED = 4096
_WITHDRAW = bytes(value & ~_INTENDED for value in range(256))


class Cause(Struct):
    """Why rows have the status they have. `text` is what was said, with … for values that differ."""

    status: Status
    code: int | None = None
    http_status: int | None = None
    text: str | None = None
    rows: int = 0


class Tally:
    """Follows a log line by line; knows at any moment how many rows have which status, and why."""

    def __init__(self) -> None:
        self._rows = bytearray(1)
        """By row: 0 for no result, else 1 + the index of its cause."""
        self._run: RunLine | None = None
        self._causes: list[Cause] = []
        self._by_text: dict[tuple[Status, int | None, int | None, str | None], int] = {}
        self._by_words: dict[tuple[Status, int | None, int | None, tuple[str, ...]], int] = {}
        for status in STATUSES:  # these also take what finds no number of its own
            self._add(Cause(status))
        self._cut_off = self._add(Cause("unknown", text=NO_RESULT))

    def follow(self, line: LogLine) -> None:
        """Take in the next line of the log. Raises LogError if it tells of a row that cannot be."""
        match line:
            case ResultLine():
                self._settle(line)
            case IntentLine(rows=(first, last)):
                self._reach(last)
                self._rows[first : last + 1] = self._rows[first : last + 1].translate(self._intend)
            case WithdrawnLine(rows=(first, last)):
                self._reach(last)
                self._rows[first : last + 1] = self._rows[first : last + 1].translate(_WITHDRAW)
            case RunLine():
                if self._run is None:
                    self._run = line
                self.cut_off()

    def cut_off(self) -> None:
        """Nobody is at work any more: the rows in flight are unknown."""
        crash = bytes(self._cut_off if value & _INTENDED else value for value in range(256))
        self._rows = self._rows.translate(crash)

    def _settle(self, line: ResultLine) -> None:
        if line.row >= len(self._rows):
            self._reach(line.row)
        if line.status == "accepted":
            self._rows[line.row] = _ACCEPTED
            return
        key = (line.status, line.code, line.http_status, line.error or line.reason)
        number = self._by_text.get(key)
        if number is None:
            number = self._number(*key)
            if len(self._by_text) < _TEXTS_REMEMBERED:
                self._by_text[key] = number
        self._rows[line.row] = number

    def _reach(self, row: int) -> None:
        if row >= len(self._rows):
            rows = self._run.source.rows if self._run is not None else None
            if rows is not None and row > rows:
                raise LogError(f"the log tells of row {row}, but its recipients' file has {rows}: damaged?")
            self._rows.extend(bytes(row + 1 - len(self._rows)))

    def _number(self, status: Status, code: int | None, http_status: int | None, text: str | None) -> int:
        if (code, http_status, text) == (None, None, None):
            return 1 + STATUSES.index(status)
        words_and_values = _VALUE.split(text or "")
        key = (status, code, http_status, tuple(words_and_values[::2]))
        number = self._by_words.get(key)
        if number is None:
            if len(self._causes) == _INTENDED - 1:
                return 1 + STATUSES.index(status)
            number = self._by_words[key] = self._add(Cause(status, code, http_status, text))
        else:
            cause = self._causes[number - 1]
            known = _VALUE.split(cause.text or "")
            cause.text = "".join(a if a == b else "…" for a, b in zip(known, words_and_values, strict=True))
        return number

    def _add(self, cause: Cause) -> int:
        self._causes.append(cause)
        may_be_sent = [
            _NEVER,
            *(n for n, known in enumerate(self._causes, 1) if known.status in _MAY_BE_SENT_AGAIN),
        ]
        self._intend = bytes(value | _INTENDED if value in may_be_sent else value for value in range(256))
        return len(self._causes)

    def causes(self) -> list[Cause]:
        """Every cause that is the last word on some row, the most frequent first."""
        rows_by_value = Counter(self._rows)
        for number, cause in enumerate(self._causes, 1):
            cause.rows = rows_by_value[number]
        return sorted((cause for cause in self._causes if cause.rows), key=lambda cause: -cause.rows)

    def in_flight(self) -> int:
        """How many rows were intended and have had no result since. None are, once they are `cut_off`."""
        return sum(rows for value, rows in Counter(self._rows).items() if value >= _INTENDED)

    def has_result(self, row: int) -> bool:
        """Whether the last word on `row` is a line of the log, and not that a run was cut off over it."""
        return self._rows[row] != self._cut_off

    def rows_cut_off(self) -> Iterator[int]:
        """The rows that a run was cut off over, ascending."""
        cut_off = self._cut_off
        return (row for row, value in enumerate(self._rows) if value == cut_off)

    def rows_unknown(self) -> Iterator[int]:
        """The rows with the status `unknown`, ascending."""
        unknown = {number for number, cause in enumerate(self._causes, 1) if cause.status == "unknown"}
        return (row for row, value in enumerate(self._rows) if value in unknown)
