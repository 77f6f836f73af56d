"""What is known of each row, in one byte a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from wa_bulk.ledger.log_format import (
    EndLine,
    IntentLine,
    LogError,
    LogLine,
    ResultLine,
    RunLine,
    Totals,
    WithdrawnLine,
    read,
)
from wa_bulk.send.outcome import Status

State = Literal["never", "intended", "accepted", "rejected", "failed", "unknown", "skipped"]

CHUNK_ROWS = 1 << 16

_STATES: tuple[State, ...] = ("never", "accepted", "rejected", "failed", "unknown", "skipped", "intended")
_CODES: dict[State, int] = {state: code for code, state in enumerate(_STATES)}
_OPEN = 0x10
"""Set on what was known of a row while the process that announced it lives, so that a withdrawn intent gives
that back: a row left over from an earlier crash must never pass for one that was not sent."""


def _table(changes: dict[int, int]) -> bytes:
    return bytes(changes.get(code, code) for code in range(256))


_MAY_BE_SENT = [_CODES[state] for state in _STATES if state not in ("accepted", "rejected", "skipped")]
_INTEND = _table({code: code | _OPEN for code in _MAY_BE_SENT})
_WITHDRAW = _table({code | _OPEN: code for code in _MAY_BE_SENT})
_CRASH = _table({code | _OPEN: _CODES["intended"] for code in _MAY_BE_SENT})
_NAMES = [_STATES[code] if code < len(_STATES) else "intended" for code in range(256)]


def states_to_send(*, retry_unknown: bool, retry_failed: bool) -> list[State]:
    """The states of the rows that a run sends when it goes on."""
    states: list[State] = ["never"]
    if retry_unknown:
        states += ["unknown", "intended"]
    if retry_failed:
        states += ["failed"]
    return states


class Ledger:
    """The state of every row, from 1 on. Fed by the lines of a log, or by the run itself as it goes.

    `run` is the first run line of the log it was read from, `end` the end line that closes that log; None
    where there is none.
    """

    def __init__(self, rows: int = 0) -> None:
        self.run: RunLine | None = None
        self.end: EndLine | None = None
        self._states = bytearray(rows)

    @classmethod
    def from_log(cls, path: Path | str, on_result: Callable[[ResultLine], object] | None = None) -> Ledger:
        """What a log says of its rows, read streaming; each result is also handed to `on_result`.

        Raises LogError, or DamagedLogError: then no run can safely go on from this log.
        """
        ledger = cls()
        try:
            for line in read(path):
                if isinstance(line, ResultLine):
                    ledger.settle(line.row, line.status)
                    if on_result is not None:
                        on_result(line)
                else:
                    ledger._apply(line)
        except (ValueError, OverflowError) as error:
            raise LogError(f"{path} is damaged: {error}") from None
        ledger._crash()
        return ledger

    def _apply(self, line: LogLine) -> None:
        if isinstance(line, IntentLine):
            self.intend(*line.rows)
        elif isinstance(line, WithdrawnLine):
            self.withdraw(*line.rows)
        elif isinstance(line, EndLine):
            self.end = line
        elif isinstance(line, RunLine):
            self.end = None
            if self.run is None:
                self.run = line
                self.grow(line.source.rows or 0)
            self._crash()

    def state(self, row: int) -> State:
        """`intended`: may be on its way; nothing is known of it since its intent."""
        return _NAMES[self._states[row - 1]] if row <= len(self._states) else "never"

    def intend(self, first: int, last: int) -> None:
        """Rows first to last may leave. Those with a final status (accepted, rejected, skipped) keep it."""
        self.grow(last)
        self._states[first - 1 : last] = self._states[first - 1 : last].translate(_INTEND)

    def withdraw(self, first: int, last: int) -> None:
        """Rows first to last have not left since their intent: they are again what they were before."""
        self.grow(last)
        self._states[first - 1 : last] = self._states[first - 1 : last].translate(_WITHDRAW)

    def settle(self, row: int, status: Status) -> None:
        """The final word on a row, for now: later words win."""
        if row > len(self._states):
            self.grow(row)
        self._states[row - 1] = _CODES[status]

    def totals(self) -> Totals:
        """Rows by status; those intended count as unknown, those never intended not at all."""
        count = self._states.count
        return Totals(
            accepted=count(_CODES["accepted"]),
            rejected=count(_CODES["rejected"]),
            failed=count(_CODES["failed"]),
            unknown=count(_CODES["unknown"])
            + count(_CODES["intended"])
            + sum(count(code | _OPEN) for code in _MAY_BE_SENT),
            skipped=count(_CODES["skipped"]),
        )

    def to_send(
        self, rows: int, *, retry_unknown: bool = False, retry_failed: bool = False
    ) -> Iterator[range]:
        """Which of the source's `rows` rows are still to be sent: ascending stretches of row numbers."""
        self.grow(rows)
        return self.rows_in(*states_to_send(retry_unknown=retry_unknown, retry_failed=retry_failed))

    def rows_in(self, *states: State) -> Iterator[range]:
        """The rows in any of these states: ascending stretches of row numbers."""
        wanted = bytes(name in states for name in _NAMES)
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

    def grow(self, rows: int) -> None:
        """Makes room for rows 1 to `rows`. Raises ValueError where the source has fewer."""
        missing = rows - len(self._states)
        if missing <= 0:
            return
        if self.run is not None and self.run.source.rows is not None and rows > self.run.source.rows:
            raise ValueError(f"it tells of row {rows}, but the recipients' file has {self.run.source.rows}")
        self._states.extend(bytes(missing))

    def _crash(self) -> None:
        """The process that had rows in hand is gone: no one knows whether they left."""
        for start in range(0, len(self._states), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            self._states[chunk] = self._states[chunk].translate(_CRASH)
