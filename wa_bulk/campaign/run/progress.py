"""How far a run has come, for whoever watches it."""

from __future__ import annotations

from typing import Protocol

from wa_bulk.ledger.base import Ledger
from wa_bulk.ledger.log_format import Totals


class CountingLedger(Ledger, Protocol):
    """A ledger that also counts what it does."""

    @property
    def handled(self) -> int:
        """Rows that were settled since it was opened."""
        ...


class Progress:
    """What became of the rows is asked of the ledger, once there is one."""

    def __init__(self, totals: Totals) -> None:
        self.ledger: CountingLedger | None = None
        self._totals = totals

    @property
    def totals(self) -> Totals:
        """Rows by status, earlier stretches included."""
        return self._totals if self.ledger is None else self.ledger.totals()

    @property
    def handled(self) -> int:
        """Rows that got a status in this stretch, those that were not to be sent among them."""
        return 0 if self.ledger is None else self.ledger.handled
