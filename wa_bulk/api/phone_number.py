"""Phone numbers: one key for all the ways people write them, and never one that somebody else has."""

from __future__ import annotations

from wa_bulk.api.number_plan import (
    COUNTRIES,
    DIGITS_MAX,
    DIGITS_MIN,
    Plan,
    country_named,
    has_e164_shape,
    is_plain,
    plan_of,
)
from wa_bulk.api.number_text import Written, is_plainly_grouped, read_written, without_marks
from wa_bulk.api.number_validity import is_possible, is_valid, read_international, read_national


class NoCountryError(ValueError):
    """A number that can only be read by knowing the country it is of, and no country was given."""


def e164(text: str, country: str | None = None) -> str:
    """Read a number in E.164 form with its `+`, e.g. `+447911123456`.

    `+447911123456`, `00447911123456` and `447911123456` are the same number, as the vendor's
    examples write it; so are `+44 (0)7911 123456` and, with `country` "GB" (ISO 3166, two letters),
    `07911 123456`. What is read is what libphonenumber reads. With `+` or 00 it needs a length that its
    country has, or a country code that no country has (`number_doubt` tells); without, it must be valid.

    Raises ValueError with the reason when no number, or more than one, can be read from `text`:
    NoCountryError where `country` would tell.
    """
    if is_plain(text):
        return text
    if is_plainly_grouped(text) and is_plain(number := without_marks(text)):
        return number
    written = read_written(text)
    if written.international:
        return _international(written, text)
    if country is None:
        return _without_country(written, text)
    return _with_country(written, country if country in COUNTRIES else country_named(country), text)


def has_country_code(text: str) -> bool:
    """Return whether a number, which `e164` reads, is written with its country code: with `+` or 00."""
    return is_plain(text) or read_written(text).international


def _international(written: Written, text: str) -> str:
    digits, zero = written.digits, written.trunk_zero
    number = "+" + digits
    if not has_e164_shape(number):
        raise ValueError(f"{text!r} {_why_no_shape(digits)}")
    plan = plan_of(digits)
    if plan is None:
        return number
    if zero is None:
        return _in_plan(digits, plan, text, must_be_valid=written.parted)
    read = _in_plan(digits, plan, text, must_be_valid=True)
    if read == number and _valid(without := digits[:zero] + digits[zero + 1 :]):
        raise ValueError(
            f"{text!r} is a valid number with and without the (0), which {plan.place} does not use: "
            f"write {number} or +{without}"
        )
    return read


def _in_plan(digits: str, plan: Plan, text: str, *, must_be_valid: bool) -> str:
    """Return the number that libphonenumber reads in `+digits`: valid where it is another, or has to be."""
    number = "+" + digits
    national = plan.national_part(number)
    if plan.has_trunk_prefix(national):
        read = read_international(number)
        if is_valid(read) and has_e164_shape(read):
            return read
        raise ValueError(
            f"{text!r} begins, after +{plan.country_code}, with what is dialled within {plan.place} only, "
            "and is no valid number with or without it"
        )
    # The table has the lengths of the main country behind a code, and the installed metadata may be newer.
    if not (plan.has_possible_length(national) or is_valid(number) or is_possible(number)):
        *fewer, most = map(str, plan.lengths)
        lengths = f"{', '.join(fewer)} or {most}" if fewer else most
        found = f"{len(national)} digits after +{plan.country_code}"
        raise ValueError(f"{text!r} has {found}, where {plan.place} has {lengths}")
    if must_be_valid and not _valid(digits):
        raise ValueError(f"{text!r} is no valid number of {plan.place}")
    return number


def _without_country(written: Written, text: str) -> str:
    digits = written.digits
    if written.like_national:
        raise NoCountryError(f"{text!r} is written like a national number, without a country code")
    if not has_e164_shape("+" + digits):
        raise ValueError(f"{text!r} {_why_no_shape(digits)}")
    if _valid(digits):
        return "+" + digits
    plan = plan_of(digits)
    why = "begins with no country code" if plan is None else f"is no valid number of {plan.place}"
    raise NoCountryError(f"{text!r} has no +, and {why} (+{digits})")


def _with_country(written: Written, country: str, text: str) -> str:
    digits = written.digits
    abroad = "+" + digits if not written.like_national and _valid(digits) else None
    if abroad is not None and digits.startswith(COUNTRIES[country]):
        return abroad
    within = read_national(digits, country)
    if within is None or not has_e164_shape(within):
        if abroad is None:
            raise ValueError(f"{text!r} is no valid number within {country}, nor one with a country code")
        return abroad
    if abroad not in (None, within):
        raise ValueError(f"{text!r} may be {within} ({country}) or {abroad}: write the one that is meant")
    return within


def _valid(digits: str) -> bool:
    """Return whether `+digits` is right as it is, and is valid."""
    number = "+" + digits
    if not is_plain(number):
        plan = plan_of(digits)
        if plan is None or not has_e164_shape(number):
            return False
        if plan.has_trunk_prefix(plan.national_part(number)) and read_international(number) != number:
            return False
    return is_valid(number)


def _why_no_shape(digits: str) -> str:
    if digits.startswith("0"):
        return "has no country code: none begins with 0"
    if len(digits) < DIGITS_MIN:
        return f"is too short ({len(digits)} digit{'' if len(digits) == 1 else 's'})"
    return f"is too long ({len(digits)} digits; at most {DIGITS_MAX})"
