"""Whether the numbers of a file that carry no country code need one: nothing is guessed for a whole file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from wa_bulk.api.number_plan import COUNTRIES, is_plain, plan_of
from wa_bulk.api.number_text import read_written
from wa_bulk.api.number_validity import is_mobile_within, is_valid

CELLS_MAX = 1000
"""Cells without a country code that are looked at: more would not change the answer."""

_SUGGESTED_MAX = 3

_CODES = sorted(set(COUNTRIES.values()))


def suggest_country(cells: Iterable[str]) -> list[str]:
    """List the countries (ISO 3166) whose own mobile numbers most cells without a country code could be.

    At most three, those that read most of them first, though the user's may be another; none where the cells
    can be taken as international numbers. Of several countries with one country code the main one is named.
    Cells with `+`, 00 or no number in them, and numbers grouped after their country code, speak for none.
    """
    bare = 0
    readings: Counter[str] = Counter()
    for cell in cells:
        if is_plain(cell):
            continue
        try:
            written = read_written(cell)
        except ValueError:
            continue
        if written.international:
            continue
        bare += 1
        if written.like_national or written.ungrouped:
            readings.update(_countries_of(written.digits))
        if bare == CELLS_MAX:
            break
    return [country for country, count in readings.most_common(_SUGGESTED_MAX) if 2 * count > bare]


def _countries_of(digits: str) -> list[str]:
    abroad = plan_of(digits) if is_valid("+" + digits) else None
    plans = (plan for code in _CODES if (plan := plan_of(code)) is not None)
    return [plan.place for plan in plans if plan is not abroad and is_mobile_within(digits, plan)]
