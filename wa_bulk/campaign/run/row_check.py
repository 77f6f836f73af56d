"""Whether a row can and should be sent: what a run and `wa-bulk check` decide alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.campaign.sources.base import SourceRow


class LeftOut(Struct, frozen=True, gc=False):
    """A row that is not sent: `to` is its number, or what is in its place; `reason` says why."""

    status: Literal["rejected", "skipped"]
    to: str | None
    reason: str
    shows_unsent: bool = True
    """Whether that shows, of a row that may have been taken, that it never was sent."""
    columns: Sequence[str] = ()
    """Whose values the reason is about, where it is about some."""


class RowCheck:
    """Renders rows, and asks the rules about those that can be rendered."""

    def __init__(self, blueprint: Blueprint, rules: Sequence[RowRule]) -> None:
        self._blueprint = blueprint
        self._render = blueprint.render
        self._rules = rules
        self.refresh()

    def refresh(self) -> None:
        """Have the rules take in what changed elsewhere; to be called before each batch of rows."""
        self._skips = [rule.skip for rule in self._rules if rule.refresh()]

    def new(self, row: SourceRow) -> RenderedRow | LeftOut:
        """Check a row that nothing is known of yet."""
        if row.problem is not None:
            return LeftOut("rejected", None, row.problem)
        try:
            rendered = self._render(row.number, row.values)
        except RowRefused as refusal:
            return LeftOut("rejected", self.recipient(row), str(refusal), columns=refusal.columns)
        for skip in self._skips:  # as `ask_rules`, without a call
            reason = skip(rendered)
            if reason is not None:
                return LeftOut("skipped", rendered.to, reason)
        return rendered

    def rendered(self, row: SourceRow) -> RenderedRow | None:
        """Render a row with a past; None where that is no longer possible."""
        if row.problem is not None:
            return None
        try:
            return self._render(row.number, row.values)
        except RowRefused:
            return None

    def ask_rules(self, row: RenderedRow) -> LeftOut | None:
        """Ask the rules, in order, until one skips the row. Each is to see every row that could be sent."""
        for rule in self._rules:
            reason = rule.skip(row)
            if reason is not None:
                return LeftOut("skipped", row.to, reason, rule.shows_unsent)
        return None

    def recipient(self, row: SourceRow) -> str | None:
        """Tell the recipient of a row that is refused, or what is in its place."""
        if not row.values:
            return None
        try:
            return self._blueprint.recipient(row.values)
        except RowRefused:
            return self._blueprint.raw_recipient(row.values)
