"""A row of the recipients, ready to be sent."""

from __future__ import annotations

from wa_bulk.ledger.row_states import RowState
from wa_bulk.send.envelope import Envelope, request_id_of


class RenderedRow(Envelope, gc=False):
    """A row as a request, with its number and its past.

    Its request_id is in the payload only: few rows need it by itself, and the others are not to pay for it.
    """

    number: int = 0
    """Of the row, from 1."""
    past: RowState = "never"
    """What was known of it before this stretch of the run."""
    attempts: int = 0
    """Requests begun for it in this stretch, those of finished deliveries."""
    maybe_taken: bool = False
    """A request for it may have been taken: it can end as accepted or unknown only."""

    def echoes(self, request_id: str) -> bool:
        """Return whether a reply with this request_id has the one that was sent."""
        return f'"request_id":"{request_id}"'.encode() in self.payload or request_id == self.own_request_id()

    def own_request_id(self) -> str | None:
        """Give the request_id that was sent."""
        return request_id_of(self.payload)
