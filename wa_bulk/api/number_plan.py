"""What the numbering plans say of a number at a glance: its country code, possible lengths, trunk prefix.

Of all countries together, from a table made of libphonenumber's metadata, so that the number nearly every
row has (`+` and digits) is told from one that needs a closer inspection in a fraction of a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from msgspec import Struct

from wa_bulk.api.number_plan_data import PLANS

DIGITS_MIN, DIGITS_MAX = 7, 15
"""Of a whole number without its `+`; the upper bound is ITU-T E.164's."""

COUNTRIES = {region: code for code, plan in PLANS.items() for region in plan[0].split() if region != "001"}
"""The country code of each country (ISO 3166, two letters)."""

has_e164_shape = re.compile(rf"\+[1-9][0-9]{{{DIGITS_MIN - 1},{DIGITS_MAX - 1}}}").fullmatch
"""Whether a text is `+` and 7 to 15 digits, whatever they say."""

_OLDER_LENGTHS = {"52": ("1", 11), "229": ("", 8)}
"""By country code: first digits and length of a number that WhatsApp knows and the plan no longer does."""

_NO_LENGTHS: frozenset[int] = frozenset()

_START = 5
"""Characters of a number, its `+` among them, by which possible lengths are looked up."""


class Plan(Struct, frozen=True):
    """The numbering plan behind one country code. `lengths` count the digits after it.

    `openings` are the first digits of whatever the trunk prefix may be; `trunk` is its pattern, which can
    take more than the prefix itself (carrier codes, Argentina's 15).
    """

    country_code: str
    regions: tuple[str, ...]
    lengths: tuple[int, ...]
    openings: tuple[str, ...]
    trunk: re.Pattern[str] | None

    @property
    def place(self) -> str:
        """The country that stands for the plan, or the country code of no country, for messages."""
        return self.regions[0] if self.regions[0] != "001" else f"+{self.country_code}"

    def national_part(self, number: str) -> str:
        """Return the digits after the country code of an E.164 number of this plan."""
        return number[1 + len(self.country_code) :]

    def has_trunk_prefix(self, digits: str) -> bool:
        """Return whether the digits after the country code begin with a prefix dialled within the country."""
        match = self.trunk.match(digits) if self.trunk is not None else None
        return match is not None and match.end() > 0

    def has_possible_length(self, digits: str) -> bool:
        """Return whether numbers of that length exist, or once did and WhatsApp still knows them."""
        return len(digits) in self.lengths or self.has_older_length(digits, len(digits))

    def has_older_length(self, start: str, length: int) -> bool:
        """Return whether the plan gave up numbers of that length which WhatsApp still knows.

        They begin with `start` after the country code.
        """
        first, older = _OLDER_LENGTHS.get(self.country_code, ("", 0))
        return length == older and start.startswith(first)

    def lengths_from(self, start: str) -> frozenset[int]:
        """Return the lengths of numbers (`+` included) that are certainly right as they are.

        The digits after their country code begin with `start`. There are none where these may begin with a
        trunk prefix.
        """
        if any(opening.startswith(start) or start.startswith(opening) for opening in self.openings):
            return _NO_LENGTHS
        before = len(self.country_code)
        return frozenset(
            1 + before + length
            for length in range(DIGITS_MIN - before, DIGITS_MAX - before + 1)
            if length in self.lengths or self.has_older_length(start, length)
        )


@cache
def _plan_for(code: str) -> Plan:
    regions, lengths, openings, trunk = PLANS[code]
    return Plan(
        country_code=code,
        regions=tuple(regions.split()),
        lengths=tuple(map(int, lengths.split())),
        openings=tuple(openings.split()),
        trunk=re.compile(trunk) if trunk else None,
    )


def plan_of(digits: str) -> Plan | None:
    """Return the plan of the country code that `digits`, an international number without `+`, begin with."""
    return _plan_at(digits[:3])


@lru_cache(maxsize=1000)
def _plan_at(start: str) -> Plan | None:
    codes = (start[:width] for width in (1, 2, 3))
    return next((_plan_for(code) for code in codes if code in PLANS), None)


class _Lengths(dict[str, frozenset[int]]):
    """For the first characters of a number, the lengths at which it is right as it is."""

    def __missing__(self, start: str) -> frozenset[int]:
        digits = start[1:]
        if not (start[:1] == "+" and len(start) == _START and digits.isdecimal() and digits.isascii()):
            return _NO_LENGTHS
        plan = plan_of(digits)
        lengths = _NO_LENGTHS if plan is None else plan.lengths_from(digits[len(plan.country_code) :])
        self[start] = lengths
        return lengths


_lengths = _Lengths()

IS_PLAIN = ("lengths", "len({0}) in lengths[{0}[:5]] and {0}.rstrip('0123456789') == '+'")
"""What `is_plain` does, for a function without time to call it: the name of `LENGTHS` in it, and its text."""
LENGTHS: Mapping[str, frozenset[int]] = _lengths


def is_plain(text: str) -> bool:
    """Return whether a text is certainly a number in E.164 form already.

    It has `+`, an assigned country code, the number of digits which that country has, and no trunk prefix.
    """
    return len(text) in _lengths[text[:_START]] and text.rstrip("0123456789") == "+"


def country_named(text: str) -> str:
    """Return the country (ISO 3166, two capitals) that `text` names.

    Raises ValueError, with what was probably meant, where there is none such.
    """
    name = text.strip().upper()
    if name in COUNTRIES:
        return name
    digits = name.lstrip("+0")
    if digits in PLANS and digits in COUNTRIES.values():
        meant: str | None = PLANS[digits][0].split()[0]
    else:
        meant = _OFTEN_WRITTEN.get(name)
    hint = f'; did you mean "{meant}"?' if meant else ' such as "GB"'
    raise ValueError(f"{text!r} is no country; expected its two letters (ISO 3166){hint}")


_OFTEN_WRITTEN = {"UK": "GB", "EN": "GB", "GBR": "GB", "USA": "US", "GER": "DE", "DEU": "DE", "UAE": "AE"}
