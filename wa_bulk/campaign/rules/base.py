"""What decides, of a row that could be sent, that it is not to be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

from wa_bulk.campaign.request.rendered_row import RenderedRow


class RowRule(ABC):
    """Lets a row pass, or says why it is skipped. Asked once of each row that would be sent, in order."""

    shows_unsent: bool
    """Whether what it says shows, of a row that may have been taken, that it never was sent."""

    def refresh(self) -> bool:
        """Take in what changed elsewhere, between batches of rows; return whether to be asked of the next."""
        return True

    def tried(self) -> AbstractContextManager[None]:
        """Within what is returned, be asked of rows before it is their turn: what they teach is forgotten."""
        return nullcontext()

    @abstractmethod
    def skip(self, row: RenderedRow) -> str | None:
        """Say why `row` is not to be sent, such as "duplicate of row 7"; None lets it pass."""
