"""Phone numbers: one key for all the ways people write them."""

from __future__ import annotations

import re

is_e164 = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch
"""Whether a text is a number in E.164 form, with its `+` and nothing else."""

_SPREADSHEET_FLOAT = re.compile(r"[0-9](?:[.,][0-9]*)?[eE]\+?[0-9]+").fullmatch
_WHOLE_FLOAT = re.compile(r"(\+?[0-9]{7,15})\.0+").fullmatch
_FLOAT = re.compile(r"\+?[0-9]{7,}[.,][0-9]+").fullmatch
_TWO_NUMBERS = re.compile(r".*[0-9].*/[^0-9]*[0-9]{1,3}").fullmatch
_WRITTEN_MAX = 100
"""Characters that a number may be written in, however generously it is punctuated."""

_PUNCTUATION = dict.fromkeys(
    map(ord, " \t\r\n-.()/\u00a0\u202f\u2007\u2009\u2010\u2011\u2012\u2013\u2014\u200b\u200e\u200f\ufeff")
) | dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Written between digits by people, or left around them by copy and paste; carries no meaning."""


def e164(text: str) -> str:
    """The number in E.164 form with its `+`, e.g. `+447911123456`.

    `+447911123456`, `00447911123456` and `447911123456` are the same number, as the vendor's
    examples write it; spaces, dots, dashes and brackets are dropped. Only the shape is checked
    (7 to 15 digits, ITU-T E.164), not whether the number is in use.

    Raises ValueError with the reason when no such number can be read from `text`.
    """
    if is_e164(text):
        return text
    bare = text.strip().lstrip("'")
    if not bare:
        raise ValueError("is empty")
    if len(bare) > _WRITTEN_MAX:
        raise ValueError(f"has {len(bare)} characters, which is too long")
    if _SPREADSHEET_FLOAT(bare):
        raise ValueError(
            f"{text!r} was turned into a rounded figure by a spreadsheet and has lost digits: "
            "format the column as text and export it again"
        )
    if "(0)" in bare:
        raise ValueError(f"{text!r} has a national (0) in it: remove it, +44 (0)7911 is +447911")
    if whole := _WHOLE_FLOAT(bare):
        bare = whole[1]
    elif _FLOAT(bare):
        raise ValueError(f"{text!r} is a figure with decimals, not a number as it was given")
    elif _TWO_NUMBERS(bare):
        raise ValueError(f"{text!r} has an extension or a second number behind a slash")
    digits = bare.translate(_PUNCTUATION)
    if digits.startswith("+"):
        number = digits
    elif digits.startswith("00"):
        number = "+" + digits[2:]
    else:
        number = "+" + digits
    if is_e164(number):
        return number
    raise ValueError(_why_not(text, number[1:]))


def _why_not(text: str, digits: str) -> str:
    if not digits:
        return f"{text!r} has no digits"
    if not (digits.isascii() and digits.isdigit()):
        strange = next(c for c in digits if not (c.isascii() and c.isdigit()))
        return f"{text!r} has {strange!r} in it"
    if digits.startswith("0"):
        return f"{text!r} has no country code"
    if len(digits) < 7:
        return f"{text!r} is too short ({len(digits)} digits)"
    return f"{text!r} is too long ({len(digits)} digits)"
