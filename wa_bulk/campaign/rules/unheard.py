"""Rows in doubt of which a callback may still speak."""

from __future__ import annotations

from collections.abc import Container

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule


class UnheardRule(RowRule):
    """Of the rows that may have been taken, lets pass those of which a callback would have spoken by now."""

    shows_unsent = False

    def __init__(self, rows: Container[int]) -> None:
        self._rows = rows

    def skip(self, row: RenderedRow) -> str | None:
        """Say that a callback may still come for a row in doubt."""
        if not row.maybe_taken or row.number in self._rows:
            return None
        return "may have been accepted: a callback may still come for it"
