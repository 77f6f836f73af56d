"""Numbers that are not to be written to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from wa_bulk.api.one_person import FIRST_DIGITS, person_key
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.history import HistoryError
from wa_bulk.history.suppression import Suppressed

REFRESH_S = 1.0
"""How old the list may be: a STOP that comes during a run counts for the rows that are still to come."""


class SuppressedNumbers(Protocol):
    """Whom a rule asks: a `SuppressionList`, say."""

    @property
    def people(self) -> Mapping[str, object]:
        """Who is not to be written to, by their keys; always the same object."""
        ...

    def get(self, number: str) -> Suppressed | None:
        """Return the entry of a number, None where it may be written to."""
        ...

    def refresh(self) -> bool:
        """Take in what changed since, and return whether anything did. Raises HistoryError."""
        ...


class SuppressionRule(RowRule):
    """Skips rows whose number is on the account's list of suppressed numbers."""

    shows_unsent = False

    def __init__(self, numbers: SuppressedNumbers, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._numbers = numbers
        self._people = numbers.people
        self._clock = clock
        self._refreshed = clock()

    def refresh(self) -> bool:
        """Take in what changed, unless that was done a moment ago; return whether anybody is on the list."""
        now = self._clock()
        if now - self._refreshed > REFRESH_S:
            self._refreshed = now
            with suppress(HistoryError):  # what was read stays in force
                self._numbers.refresh()
        return bool(self._people)

    def skip(self, row: RenderedRow) -> str | None:
        """Say since when and why the row's number is suppressed."""
        to = row.to
        if (person_key(to) if to[1] in FIRST_DIGITS else to) not in self._people:
            return None
        found = self._numbers.get(to)
        return None if found is None else found.words
