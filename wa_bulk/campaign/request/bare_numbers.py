"""Numbers without a country code, in a campaign that names no country: they are not guessed at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from wa_bulk.api.number_country import suggest_country
from wa_bulk.campaign.sources.base import SourceRow

ROWS_MAX = 1_000_000
"""Rows in which such numbers are looked for."""


class BareNumbers:
    """Tells whose own numbers the bare ones of a file could be. The file is read when that is first asked."""

    def __init__(self, rows: Callable[[], Iterable[SourceRow]]) -> None:
        """`rows` streams the file's rows from the first."""
        self._rows = rows
        self._countries: list[str] | None = None

    def countries(self, cell: Callable[[Sequence[str]], str]) -> list[str]:
        """Return the countries (ISO 3166), likeliest first; none where their own digits tell whose they are.

        `cell` gives a row's text for the number. Raises SourceError.
        """
        if self._countries is None:
            rows = islice(self._rows(), ROWS_MAX)
            self._countries = suggest_country(cell(row.values) for row in rows if row.values)
        return self._countries
