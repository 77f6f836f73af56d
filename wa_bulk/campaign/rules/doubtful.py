"""Numbers that nobody can have."""

from __future__ import annotations

from wa_bulk.api.number_validity import number_doubt
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule


class DoubtfulNumberRule(RowRule):
    """Skips rows whose number is none of its country's numbering plan."""

    shows_unsent = False

    def skip(self, row: RenderedRow) -> str | None:
        """Say why nobody can have the row's number."""
        doubt = number_doubt(row.to)
        return None if doubt is None else f"doubtful: {doubt}"
