"""Only some people, or all but some: by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.history.number_map import NumberMap, key_of

Kind = Literal["only", "except", "exclude"]
"""The option that a selection came by."""


class SelectionRule(RowRule):
    """Skips rows whose number is not among some (`only`), or is among them.

    `named` is what the user wrote; `run_id` is of the log it names, None for a file of numbers.
    """

    shows_unsent = True
    """The selection of a run stays what it was: a row beyond it was never sent."""

    def __init__(
        self, kind: Kind, named: str, numbers: NumberMap, chosen: frozenset[int], run_id: str | None = None
    ) -> None:
        """`chosen`: the values in `numbers` that make a number one of the selection."""
        self.kind: Kind = kind
        self.named = named
        self.run_id = run_id
        self._numbers = numbers
        self._chosen = chosen
        self._is_only = kind == "only"
        self._reason = f"not in {named}" if self._is_only else f"in {named}"

    def skip(self, row: RenderedRow) -> str | None:
        """Say that the row's number is not in the selection, or is in what is left out."""
        chosen = self._numbers.get(key_of(row.to)) in self._chosen
        return None if chosen is self._is_only else self._reason

    def lets_pass(self, key: int) -> bool:
        """Tell whether a number is to be written to, as far as this rule goes."""
        return (self._numbers.get(key) in self._chosen) is self._is_only

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the selection, in an order that stays the same."""
        return self._numbers.keys_of(self._chosen)
