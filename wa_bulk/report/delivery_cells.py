"""What callbacks said of each row, for a table of all rows."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Self

from wa_bulk.callbacks.join import rows_heard
from wa_bulk.history.delivery import RANK, STATES, Deliveries, RowDelivery
from wa_bulk.ledger.log_format import timestamp
from wa_bulk.ledger.log_reader import read_run

DELIVERY_COLUMNS = ("delivery", "delivery_at", "delivery_code")

_CODES_MOST = 255
_GROWS_BY = 1 << 16


class DeliveryCells:
    """The state of each row, since when, and Meta's code of a failure. Six bytes a row."""

    def __init__(self) -> None:
        self._states = bytearray()
        self._codes = bytearray()
        self._at_s = array("I")
        self._known_codes: list[int | None] = [None]

    @classmethod
    def of_log(cls, log: Path, deliveries: Deliveries) -> Self | None:
        """Read what is known of the rows of a log; None where nothing is.

        Raises LogError and HistoryError.
        """
        cells = cls()
        for row in rows_heard(log, read_run(log), deliveries):
            cells.add(row)
        return cells if cells._states else None

    def add(self, delivery: RowDelivery) -> None:
        """Take in a row."""
        row, best = delivery.row, delivery.best
        if row >= len(self._states):
            missing = row + _GROWS_BY - len(self._states)
            for rows in (self._states, self._codes):
                rows.extend(bytes(missing))
            self._at_s.frombytes(bytes(self._at_s.itemsize * missing))
        self._states[row] = RANK[best.state] + 1
        self._at_s[row] = min(best.at_ms // 1000, 2**32 - 1)
        if best.code is not None:
            self._codes[row] = self._code_number(best.code)

    def of_row(self, row: int) -> tuple[str, str, int | None]:
        """Return the cells of a row: empty where no callback spoke of it."""
        if row >= len(self._states) or not self._states[row]:
            return "", "", None
        at = timestamp(self._at_s[row] * 1000)
        return STATES[self._states[row] - 1], at, self._known_codes[self._codes[row]]

    def _code_number(self, code: int) -> int:
        if code in self._known_codes:
            return self._known_codes.index(code)
        if len(self._known_codes) == _CODES_MOST:
            return 0
        self._known_codes.append(code)
        return len(self._known_codes) - 1
