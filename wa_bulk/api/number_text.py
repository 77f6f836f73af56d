"""Find the digits that somebody meant in a cell, or say why it holds no number.

Nothing is guessed: what may be two numbers, an extension, a word, or a figure that a spreadsheet made is
refused. Spaces, dots, dashes, brackets and characters that cannot be seen carry no meaning.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from wa_bulk.api.number_plan import plan_of

_WRITTEN_MAX = 100
"""Characters that a number may be written in, however generously it is punctuated."""

_WHOLE_MIN = 6
"""Digits that are more than a country, carrier and area code: as many on both sides of a separator are two
numbers, and what is in brackets after as many is an extension."""

_AREA_CODE_MAX, _REST_MIN = 5, 5
"""Digits before and after a slash that parts an area code from the rest (0171/1234567)."""

_GROUP_MAX = 4
"""Digits of a first group that is an area code, if it is no country code."""

_EXPONENT = re.compile(r"[-+]?[0-9](?:[.,][0-9]*)?[eE]\+?[0-9]+").fullmatch
_NEGATIVE = re.compile(r"[+(]? *-[- (+]*[0-9].*|\([0-9][0-9., ]*\)|[0-9][0-9., ]*-").fullmatch
"""With its minus before or after it, or in brackets as accountants write it."""
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?").fullmatch
_WHOLE_FIGURE = re.compile(r"(\+?[0-9]{7,15})[.,]0+").fullmatch
_DECIMALS = re.compile(r"\+?[0-9]{7,}[.,][0-9]+|.*[0-9]{5,}[.,][0-9]{1,2}").fullmatch

_BRACKETED_ZERO = re.compile(r"\( *0 *\)").search
_BRACKET = re.compile(r"\([^0-9]*[0-9]").finditer
_GROUPED = re.compile(r"[0-9]{3}[-./ ]+[0-9]{3}[-. ]+[0-9]{3,4}").fullmatch
"""As in North America, Poland, Spain, where 501 is an area code, though it is Belize's country code too."""

_FOREIGN = re.compile(r"[^-0-9+.()/ ]").search
_SEPARATOR = re.compile(r"[,;|&\n/]| [^\W\d_]+[ .:]").split
_EXTENSION = re.compile(r"[,;(]?(?:[^\W\d_]|#)[^0-9+]*[0-9]{1,5}[ )]*$").search
_WORD = re.compile(r"[A-Za-z]+").match
_MARKS = dict.fromkeys(map(ord, " -.()/"))

is_plainly_grouped = re.compile(r"\+[0-9]+(?: ?\([1-9][0-9]{1,3}\)[ -]?[0-9]+)?(?:[ -][0-9]+)*").fullmatch
"""Whether a text is `+` and groups of digits: what nearly every number that is not plain looks like."""


class Written(Struct, frozen=True):
    """A number as it is written: its digits in ASCII, without `+` or 00.

    `international`: it carries `+`, 00, or (0) after its country code. `like_national`: it begins or is
    grouped as within a country. `ungrouped`: nothing is between its digits. `trunk_zero`: where the zero
    of that (0) is among the digits. `parted`: a slash parts its digits.
    """

    digits: str
    international: bool
    like_national: bool
    ungrouped: bool
    trunk_zero: int | None = None
    parted: bool = False


def read_written(text: str) -> Written:
    """Find the digits of the number in `text`, and what the way it is written tells.

    Raises ValueError with the reason where it is not one number.
    """
    if len(text) > _WRITTEN_MAX and len(text.strip()) > _WRITTEN_MAX:
        raise ValueError(f"has more than {_WRITTEN_MAX} characters, which is too long")
    bare = digits = text
    if not (text.isdecimal() and text.isascii()):
        bare = _tidied(text)
        _reject_figure(bare, text)
        if whole := _WHOLE_FIGURE(bare):
            bare = whole[1]
        if foreign := _FOREIGN(bare):
            raise ValueError(f"{text!r} {_why_not(bare, foreign[0])}")
        digits = bare.translate(_MARKS)
        if not digits.strip("+"):
            raise ValueError(f"{text!r} has no digits")
        if "+" in digits[1:]:
            raise ValueError(f"{text!r} has '+' in it, and not only before the country code")
    prefix = "+" if digits[0] == "+" else "00" if digits.startswith("00") else ""
    if bare.removeprefix("+").isdecimal():
        return Written(digits[len(prefix) :], bool(prefix), not prefix and digits[0] == "0", ungrouped=True)
    trunk_zero = _trunk_zero(bare, prefix, text)
    parted = "/" in bare.strip("/ ")
    if parted and not _parts_area_code(bare, prefix):
        raise ValueError(f"{text!r} has an extension or a second number after a slash: leave one number")
    for bracket in _BRACKET(bare):
        if len(bare[: bracket.start()].translate(_MARKS)) - len(prefix) >= _WHOLE_MIN:
            raise ValueError(f"{text!r} has an extension or a second number in brackets: leave one number")
    international = bool(prefix) or trunk_zero is not None
    like_national = not international and _looks_national(bare)
    return Written(digits[len(prefix) :], international, like_national, False, trunk_zero, parted)


def without_marks(text: str) -> str:
    """Return `text` without spaces, dots, dashes, brackets and slashes."""
    return text.translate(_MARKS)


def _tidied(text: str) -> str:
    """Return `text` without what cannot be seen, its digits and punctuation in ASCII."""
    seen = text.strip()
    bare = seen.translate(_plain).strip().lstrip("'’").strip()
    if not bare:
        raise ValueError(f"is empty but for {_named(seen[0])}" if seen else "is empty")
    return bare


def _reject_figure(bare: str, text: str) -> None:
    if _EXPONENT(bare):
        raise ValueError(
            f"{text!r} was turned into a rounded figure by a spreadsheet and has lost digits: "
            "format the column as text and export it again"
        )
    if _NEGATIVE(bare):
        raise ValueError(
            f"{text!r} is a negative figure, which a spreadsheet calculated from a number with dashes: "
            "format the column as text and enter the number again"
        )
    if _THOUSANDS(bare) or (_DECIMALS(bare) and not _WHOLE_FIGURE(bare)):
        raise ValueError(
            f"{text!r} is a figure with decimals or thousands, not a number as it was given: "
            "format the column as text and export it again"
        )


def _trunk_zero(bare: str, prefix: str, text: str) -> int | None:
    """Count the digits of the country code before a (0); None where there is no country code before one."""
    found = _BRACKETED_ZERO(bare)
    if found is None:
        return None
    before = bare[: found.start()].translate(_MARKS)[len(prefix) :]
    if not before and not prefix:
        return None
    if _is_country_code(before):
        return len(before)
    raise ValueError(f"{text!r} has (0) in it, which belongs right after a country code only: remove it")


def _parts_area_code(bare: str, prefix: str) -> bool:
    """Return whether a slash ends an area code, as in Germany, and does not divide two numbers."""
    before, _, after = bare.strip("/ ").partition("/")
    area_code = before.translate(_MARKS)[len(prefix) :]
    if prefix and (plan := plan_of(area_code)) is not None:
        area_code = area_code[len(plan.country_code) :]
    return len(area_code) <= _AREA_CODE_MAX and len(after.translate(_MARKS)) >= _REST_MIN and "/" not in after


def _looks_national(bare: str) -> bool:
    """Return whether a number without `+` or 00 is written as within its country.

    Such a number begins with 0 or a bracket, or with a short group of digits that is no country code.
    """
    if bare.lstrip(" -./")[0] in "(0" or _GROUPED(bare):
        return True
    first, *more = re.findall(r"[0-9]+", bare)
    return bool(more) and len(first) <= _GROUP_MAX and not _is_country_code(first)


def _is_country_code(digits: str) -> bool:
    plan = plan_of(digits)
    return plan is not None and plan.country_code == digits


def _why_not(bare: str, foreign: str) -> str:
    if bare[0] == "=":
        return "is a formula, not the number that it gives: put the number itself in the cell"
    parts = [part for part in _SEPARATOR(bare) if sum(map(str.isdecimal, part)) >= _WHOLE_MIN]
    if len(parts) > 1:
        return f"holds {'two' if len(parts) == 2 else 'several'} numbers: leave one"
    extension = _EXTENSION(bare)
    if extension and sum(map(str.isdecimal, bare[: extension.start()])) >= _WHOLE_MIN:
        return f"has the extension {extension[0].strip()!r} after it: remove it, or give a direct number"
    word = _WORD(bare, bare.index(foreign))
    return f"has {repr(word[0]) if word else _named(foreign)} in it"


def _named(character: str) -> str:
    """Name a character in a message: itself where it is visible, its code point where it is not ASCII."""
    code_point = f"U+{ord(character):04X}"
    if not character.isprintable() or character.isspace():
        return code_point
    return repr(character) if character.isascii() else f"{character!r} ({code_point})"


_DASHES = "\u2212\u30fc\u02d7\u207b\u208b"
"""Used as dashes, and not of Unicode's category for them."""
_NOT_DASHES = "\u301c\u3030\u30a0"
"""Of that category, and no dashes: a wave dash between digits is a range."""
_INVISIBLE = {0x34F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
"""Without a shape of their own, and not of Unicode's category of format characters."""
_LINE_BREAKS = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"


class _Plain(dict[int, str | None]):
    """For each code point met, the ASCII character that it is in a number; None for one without meaning."""

    def __missing__(self, code: int) -> str | None:
        self[code] = plain = _plain_form(chr(code))
        return plain


def _plain_form(character: str) -> str | None:
    category = unicodedata.category(character)
    if category == "Cf" or ord(character) in _INVISIBLE:
        return None
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if character in _LINE_BREAKS:
        return "\n"
    if category == "Zs" or character == "\t":
        return " "
    if (category == "Pd" and character not in _NOT_DASHES) or character in _DASHES:
        return "-"
    compatible = unicodedata.normalize("NFKC", character)
    if len(compatible) == 1 and compatible in "+().,;/[]#":
        character = compatible
    return {"[": "(", "]": ")"}.get(character, character)


_plain = _Plain()
