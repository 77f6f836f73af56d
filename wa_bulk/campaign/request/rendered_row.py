"""A row of the recipients, ready to be sent."""

from __future__ import annotations

from wa_bulk.ledger.row_states import RowState
from wa_bulk.send.envelope import Envelope


class RenderedRow(Envelope, gc=False):
    """A row as a request, and where it stands."""

    number: int = 0
    """Of the row, from 1."""
    past: RowState = "never"
    """What was known of it before this stretch of the run."""
    attempts: int = 0
    """Requests begun for it in this stretch, those of finished deliveries."""
    maybe_taken: bool = False
    """A request for it may have been taken: it can end as accepted or unknown only."""
