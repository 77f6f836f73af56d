"""Plain counters that a run keeps up to date and a screen reads when it likes."""

from __future__ import annotations

from wa_bulk.ledger.log_format import Totals
from wa_bulk.send.outcome import Status


class Progress:
    """`totals` of the whole run so far, earlier stretches included; `sent` are the rows this stretch sent."""

    def __init__(self, rows: int, totals: Totals | None = None) -> None:
        self.rows = rows
        self.totals = totals or Totals()
        self.sent = 0
        self.handled = 0
        """Rows that got a status in this stretch, those that were not to be sent among them."""

    @property
    def done(self) -> int:
        """Rows that have their final status."""
        t = self.totals
        return t.accepted + t.rejected + t.failed + t.unknown + t.skipped

    def settled(self, status: Status, before: Status | None = None) -> None:
        """A row has this status now, and no longer the one it had before."""
        self.handled += 1
        totals = self.totals
        if status == "accepted":
            totals.accepted += 1
        else:
            setattr(totals, status, getattr(totals, status) + 1)
        if before is not None:
            setattr(totals, before, getattr(totals, before) - 1)
