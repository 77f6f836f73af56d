"""What decides, of a row that could be sent, that it is not to be."""

from __future__ import annotations

from typing import Protocol

from wa_bulk.campaign.request.rendered_row import RenderedRow


class RowRule(Protocol):
    """Lets a row pass, or says why it is skipped. Asked once of each row that would be sent, in order."""

    @property
    def shows_unsent(self) -> bool:
        """Whether what it says shows, of a row that may have been taken, that it never was sent."""
        ...

    def skip(self, row: RenderedRow) -> str | None:
        """Say why `row` is not to be sent, such as "duplicate of row 7"; None lets it pass."""
        ...
