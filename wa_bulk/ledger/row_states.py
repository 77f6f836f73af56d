"""What is known of each row, in one byte a row: the one state machine over the lines of a log.

The low seven bits of a byte are a code: what was last said of the row. The high bit is set while the row is
intended and nothing has been said of it since. So a withdrawn intent gives back what was known before, and a
row left over from an earlier crash never passes for one that was not sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from typing import Literal

from wa_bulk.ledger.log_format import (
    ROWS_MAX,
    IntentLine,
    LogLine,
    LostTail,
    ReopenedLine,
    ResultLine,
    RunLine,
    Setting,
    Totals,
    WithdrawnLine,
)
from wa_bulk.send.outcome import Status

RowState = Literal["never", "intended", "cut off", "accepted", "rejected", "failed", "unknown", "skipped"]
"""`intended`: may be on its way at this moment. `cut off`: was intended when a process died or a log lost
its end, and nothing is known since; it counts as unknown."""

STATUSES: tuple[Status, ...] = ("accepted", "rejected", "failed", "unknown", "skipped")
NEVER = 0
CODES: dict[Status, int] = {status: code for code, status in enumerate(STATUSES, 1)}
CUT_OFF = 6
CODES_MAX = 0x80
"""How many codes there can be, `NEVER` among them."""

AHEAD_S = 0.05
"""How far the intents on disk may run ahead of the sending, in seconds of the rate."""
AHEAD_ROWS_MAX = 1_000_000
"""Limits what a log can say of that."""

CHUNK_ROWS = 1 << 16
_INTENDED = 0x80
CODE_MASK = 0x7F
_WITHDRAW = bytes(code & ~_INTENDED for code in range(256))
_CUT_OFF = bytes(CUT_OFF if code & _INTENDED else code for code in range(256))
_RUNS = re.compile(rb"\x01+|\x02+|\x03+|\x04+|\x05+")


class RowStates:
    """The state of every row, from 1 on. Fed by the lines of a log, or by a run itself as it goes.

    `rows` is the number of rows of the source; None where it is not known. Whatever tells of a row beyond
    raises ValueError. Memory grows with the highest row that was told of, not with `rows`.
    """

    def __init__(self, rows: int | None = None) -> None:
        self._rows = rows
        self._states = bytearray()
        self.bytes = self._states
        """The bytes themselves, as far as any row was told of, for whoever has no time for a call. They stay
        the same object."""
        self._statuses: list[Status | None] = [None, *STATUSES, "unknown"]
        self._make_tables()
        self._settings: dict[str, Setting] = {}
        self._begin_stretch()

    # What lines do to rows

    def follow(self, line: LogLine) -> None:
        """Take in the next line of a log. Its first run line says how many rows there are."""
        if isinstance(line, IntentLine):
            self.intend(*line.rows)
            self._note_intent(line)
        elif isinstance(line, ResultLine):
            self.settle(line.row, line.status)
        elif isinstance(line, WithdrawnLine):
            self.withdraw(*line.rows)
        elif isinstance(line, ReopenedLine):
            self.reopen(*line.rows)
        elif isinstance(line, LostTail):
            self._cut_off_next_rows()
        elif isinstance(line, RunLine):
            self.cut_off()
            if self._rows is None:
                self._rows = line.source.rows
            self._settings = line.settings
            self._begin_stretch()
            self._sends = not line.only_settles

    def settle(self, row: int, status: Status) -> None:
        """Note the final word on a row, for now: later words win."""
        if row > len(self._states):
            self._grow(row)
        self._states[row - 1] = CODES[status]

    def set_code(self, row: int, code: int) -> None:
        """Do the same with any code but `NEVER`."""
        if row > len(self._states):
            self._grow(row)
        self._states[row - 1] = code

    def replace_code(self, row: int, code: int) -> int:
        """Do the same and return the code that was there before."""
        if row > len(self._states):
            self._grow(row)
        before = self._states[row - 1]
        self._states[row - 1] = code
        return before & ~_INTENDED

    def intend(self, first: int, last: int) -> None:
        """Note that rows `first` to `last` may be sent. Accepted and skipped ones keep their state."""
        if last > len(self._states):
            self._grow(last)
        self._states[first - 1 : last] = self._states[first - 1 : last].translate(self._intend)

    def withdraw(self, first: int, last: int) -> None:
        """Note that these rows were not taken since their intent: they are again what they were before."""
        self._check(last)
        self._states[first - 1 : last] = self._states[first - 1 : last].translate(_WITHDRAW)

    def reopen(self, first: int, last: int) -> int:
        """Make the rejected ones of these rows as if they had never been sent; return how many these are."""
        self._check(last)
        rows = self._states[first - 1 : last]
        self._states[first - 1 : last] = rows.translate(self._reopen)
        return sum(rows.count(code) + rows.count(code | _INTENDED) for code in self._codes_with("rejected"))

    def cut_off(self) -> None:
        """Note that the process that had rows in hand is gone: nobody knows whether they were sent."""
        for start in range(0, len(self._states), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            self._states[chunk] = self._states[chunk].translate(_CUT_OFF)

    def add_code(self, status: Status) -> int:
        """Return a new code for rows of this status. Raises ValueError when there are `CODES_MAX`."""
        if len(self._statuses) == CODES_MAX:
            raise ValueError("there is no code left")
        self._statuses.append(status)
        self._make_tables()
        return len(self._statuses) - 1

    # What is known

    def code(self, row: int) -> int:
        """Return what was last said of a row; it may be intended again since."""
        return self._states[row - 1] & ~_INTENDED if row <= len(self._states) else NEVER

    def state(self, row: int) -> RowState:
        """Return what is known of a row."""
        return self._names[self._states[row - 1]] if row <= len(self._states) else "never"

    def count(self, code: int) -> int:
        """Return how many rows have this code and are not intended since."""
        return self._states.count(code)

    def first_with(self, code: int, at_most: int) -> list[int]:
        """Return the first rows that have this code and are not intended since."""
        rows: list[int] = []
        at = self._states.find(code)
        while at >= 0 and len(rows) < at_most:
            rows.append(at + 1)
            at = self._states.find(code, at + 1)
        return rows

    def intended(self) -> int:
        """Return how many rows are intended."""
        return sum(map(self._states.count, range(_INTENDED, _INTENDED + len(self._statuses))))

    def totals(self) -> Totals:
        """Count the rows by status. Intended and cut off ones are unknown; those never sent have none."""
        by_status = dict.fromkeys(STATUSES, 0)
        for code, status in enumerate(self._statuses):
            if status is not None:
                by_status[status] += self.count(code)
        by_status["unknown"] += self.intended()
        return Totals(**by_status)

    def rows_in(self, *states: RowState) -> Iterator[range]:
        """Find the rows in any of these states, all but `never`: ascending ranges."""
        wanted = bytes(name in states for name in self._names)
        first: int | None = None
        for start in range(0, len(self._states), CHUNK_ROWS):
            flags = self._states[start : start + CHUNK_ROWS].translate(wanted)
            at = flags.find(first is None)
            while at >= 0:
                if first is None:
                    first = start + at + 1
                else:
                    yield range(first, start + at + 1)
                    first = None
                at = flags.find(first is None, at)
        if first is not None:
            yield range(first, len(self._states) + 1)

    def alike(self, first: int, last: int, states: Collection[RowState]) -> list[tuple[range, RowState]]:
        """Divide rows `first` to `last` into ranges of one state; leave out those in none of `states`.

        Takes at most five states, and a bounded number of rows: what it returns is made at once.
        """
        wanted = tuple(states)
        numbers = bytes(wanted.index(name) + 1 if name in wanted else 0 for name in self._names)
        rows = bytes(self._states[first - 1 : last]).ljust(last - first + 1, bytes([NEVER]))
        return [
            (range(first + run.start(), first + run.end()), wanted[run[0][0] - 1])
            for run in _RUNS.finditer(rows.translate(numbers))
        ]

    # The window behind the last intent

    def _begin_stretch(self) -> None:
        self._sends = True
        self._last_intended = 0
        self._largest_intent = 0
        self._intended_together = 0
        self._synced: int | None = None

    def _note_intent(self, line: IntentLine) -> None:
        """Note an intent. Rows with gaps between them are intended together: lines with the same `synced`."""
        first, last = line.rows
        together = last - first + 1
        if line.synced is not None and line.synced == self._synced:
            together += self._intended_together
        self._synced, self._intended_together = line.synced, together
        if together > self._largest_intent:
            self._largest_intent = together
        if last > self._last_intended:
            self._last_intended = last

    def _cut_off_next_rows(self) -> None:
        """Cut off the rows whose intent may be in what a log lost: the next that its stretch would send."""
        left = min(max(self._largest_intent, self._rows_ahead()), AHEAD_ROWS_MAX) if self._sends else 0
        sent: list[Status | None] = [None]
        sent += ["failed"] if self._settings.get("retry_failed") else []
        sent += ["rejected"] if self._settings.get("retry_rejected") else []
        flags = bytes(
            code < len(self._statuses) and code != CUT_OFF and self._statuses[code] in sent
            for code in range(256)
        )
        rows_end = ROWS_MAX if self._rows is None else self._rows
        at = self._last_intended
        while left and at < rows_end:
            if at >= len(self._states):
                self._grow(min(rows_end, at + left))
            chunk = self._states[at : at + CHUNK_ROWS].translate(flags)
            found = chunk.find(1)
            while left and found >= 0:
                self._states[at + found] = CUT_OFF
                left -= 1
                found = chunk.find(1, found + 1)
            at += len(chunk)

    def _rows_ahead(self) -> int:
        concurrency, rate = (self._settings.get(name) for name in ("concurrency", "rate"))
        ahead = 1
        if isinstance(concurrency, int | float):
            ahead = max(ahead, math.ceil(min(concurrency, AHEAD_ROWS_MAX)))
        if isinstance(rate, int | float):
            ahead = max(ahead, math.ceil(min(rate, AHEAD_ROWS_MAX / AHEAD_S) * AHEAD_S))
        return ahead

    # How it is kept

    def _codes_with(self, *statuses: Status | None) -> list[int]:
        return [code for code, status in enumerate(self._statuses) if status in statuses]

    def _make_tables(self) -> None:
        may_be_sent = self._codes_with(None, "failed", "unknown", "rejected")
        self._intend = bytes(code | _INTENDED if code in may_be_sent else code for code in range(256))
        rejected = self._codes_with("rejected")
        self._reopen = bytes(
            code & _INTENDED if code & ~_INTENDED in rejected else code for code in range(256)
        )
        known: list[RowState] = [status or "never" for status in self._statuses]
        known[CUT_OFF] = "cut off"
        self._names: list[RowState] = [
            known[code] if code < len(known) else "intended" for code in range(256)
        ]

    def _check(self, row: int) -> None:
        if row > len(self._states) and self._rows is not None and row > self._rows:
            raise ValueError(f"it tells of row {row}, but the recipients' file has {self._rows}")

    def _grow(self, row: int) -> None:
        self._check(row)
        room = max(row, len(self._states) + CHUNK_ROWS)  # at once, since rows often come one by one
        if self._rows is not None:
            room = min(room, self._rows)
        try:
            self._states.extend(bytes(room - len(self._states)))
        except MemoryError:
            raise ValueError(f"it tells of row {row}, and there is no memory for that many rows") from None
