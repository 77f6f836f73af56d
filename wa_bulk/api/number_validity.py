"""Whether a number can be in use, and how a country's own way to write it is read: libphonenumber's answers.

Its patterns are asked here without its parsing, which costs ten times as much; what the patterns alone cannot
settle is left to its parsing. phonenumbers is imported when the first number is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from wa_bulk.api.number_plan import COUNTRIES, Plan, plan_of
from wa_bulk.api.number_plan_data import PLANS
from wa_bulk.api.one_person import current_form

_KINDS = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost",
    "personal_number", "voip", "pager", "uan", "voicemail",
)  # fmt: skip
"""Of phonenumbers' kinds of number, those that a number can be valid as; the likeliest first."""

_Fits = Callable[[str], object]
"""Whether digits after a country code have a form."""
_Region = Callable[[str], str | None]
"""In which of the countries behind a code the digits after it are a valid number."""


def number_doubt(number: str) -> str | None:
    """Why nobody can have a number in E.164 form, by the numbering plans; None when somebody can."""
    plan = plan_of(number[1:4])
    if plan is None:
        return f"{number} begins with no known country code"
    if is_valid(number):
        return None
    return f"{number} is not a number of {plan.place}'s numbering plan; no one can be reached there"


def is_valid(number: str) -> bool:
    """Return whether an E.164 number is valid in its country's plan, or is WhatsApp's older form of one."""
    return region_of(number) is not None


def region_of(number: str) -> str | None:
    """Return the country (ISO 3166, two letters, or "001" for none) in whose plan an E.164 number is valid.

    None where nobody can have it: `number_doubt` says why.
    """
    find, start = _finders[number[1:4]]
    region = find(number[start:])
    if region is None and (current := current_form(number)) != number:
        return find(current[start:])
    return region


def country_of(number: str) -> str | None:
    """Return the country (ISO 3166) of an E.164 number; None where it belongs to no country.

    Where it is valid nowhere, it is the country that stands for its country code.
    """
    plan = plan_of(number[1:4]) if number.startswith("+") else None
    if plan is None or plan.regions == ("001",):
        return None
    return plan.place if len(plan.regions) == 1 else region_of(number) or plan.place


def is_mobile_within(digits: str, plan: Plan) -> bool:
    """Return whether `digits` are a mobile number within a plan's countries, with or without trunk prefix."""
    find = _regions_of(plan.country_code, ("mobile",))
    if find(digits) is not None:
        return True
    trunk = plan.trunk.match(digits) if plan.trunk is not None else None
    return trunk is not None and trunk.end() > 0 and find(digits[trunk.end() :]) is not None


def is_possible(number: str) -> bool:
    """Return whether libphonenumber finds possible the length of an E.164 number of an assigned code."""
    import phonenumbers

    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    return bool(phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number)) == possible)


def read_international(number: str) -> str:
    """Return the number that libphonenumber reads in one of E.164's shape, of an assigned country code."""
    return _read(number, None)


def read_national(digits: str, country: str) -> str | None:
    """Return the valid E.164 number that `digits` reach when dialled within `country`, or None."""
    if number := _fast_reader(country)(digits):
        return number
    import phonenumbers

    try:
        number = _read(digits, country)
    except phonenumbers.NumberParseException:
        return None
    return number if is_valid(number) else None


@cache
def _fast_reader(country: str) -> Callable[[str], str | None]:
    """Make a reader of national numbers that only removes a fixed trunk prefix; it gives None for others."""
    code = COUNTRIES[country]
    metadata, fits = _metadata(code, country), _regions_of(code)
    dials_abroad = re.compile(metadata.international_prefix or "(?!)").match
    trunk = re.compile(metadata.national_prefix_for_parsing or "(?!)")

    def read(digits: str) -> str | None:
        if digits.startswith(code) or dials_abroad(digits):
            return None
        prefix = trunk.match(digits)
        if prefix is not None:
            if trunk.groups:
                return None
            digits = digits[prefix.end() :]
        return f"+{code}{digits}" if fits(digits) else None

    return read


def _read(text: str, country: str | None) -> str:
    import phonenumbers

    parsed = phonenumbers.parse(text, country)
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


@cache
def _metadata(country_code: str, region: str) -> Any:
    from phonenumbers import PhoneMetadata

    return PhoneMetadata.metadata_for_region_or_calling_code(int(country_code), region)


@cache
def _regions_of(code: str, kinds: tuple[str, ...] = _KINDS) -> _Region:
    """Return what finds the country of a valid number of these kinds by the digits after its country code.

    Where countries share a code, one with leading digits of its own decides alone on what begins with them:
    phonenumbers' `region_code_for_number`.
    """
    countries = PLANS[code][0].split()
    if len(countries) == 1:
        (only,) = countries
        fits_only = _fits_region(_metadata(code, only), kinds)
        return lambda digits: only if fits_only(digits) else None
    regions: list[tuple[str, _Fits | None, _Fits]] = []
    for region in countries:
        metadata = _metadata(code, region)
        leading = metadata.leading_digits
        regions.append(
            (region, re.compile(leading).match if leading else None, _fits_region(metadata, kinds))
        )

    def find(digits: str) -> str | None:
        for region, claims, fits_region in regions:
            if claims is None:
                if fits_region(digits):
                    return region
            elif claims(digits):
                return region if fits_region(digits) else None
        return None

    return find


class _Finders(dict[str, tuple[_Region, int]]):
    """For the first three digits of a number: what finds its country, and where, in the number, that is
    asked from."""

    def __missing__(self, digits: str) -> tuple[_Region, int]:
        plan = plan_of(digits)
        if plan is None:
            return (lambda _: None), 0
        self[digits] = found = _regions_of(plan.country_code), 1 + len(plan.country_code)
        return found


_finders = _Finders()


def _fits_region(metadata: Any, kinds: Sequence[str] = _KINDS) -> _Fits:
    """Return a test that tells whether digits are a number of one of these kinds in a region.

    It is phonenumbers' `number_type`, without telling which.
    """
    general = metadata.general_desc
    in_general = re.compile(general.national_number_pattern).fullmatch
    general_lengths = frozenset(general.possible_length)
    described = [description for kind in kinds if (description := getattr(metadata, kind)) is not None]
    patterns = dict.fromkeys(
        (frozenset(description.possible_length) or general_lengths, description.national_number_pattern)
        for description in described
        if description.national_number_pattern
    )
    tests = [(lengths, re.compile(pattern).fullmatch) for lengths, pattern in patterns]

    def fits(digits: str) -> bool:
        length = len(digits)
        if length not in general_lengths or not in_general(digits):
            return False
        for lengths, matches in tests:  # noqa: SIM110 - any() would cost as much as the matching
            if length in lengths and matches(digits):
                return True
        return False

    return fits
