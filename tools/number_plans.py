"""Write `wa_bulk/api/number_plan_data.py` from the metadata of the installed phonenumbers.

`python3 dev.py numbers` runs this, and a test fails when the table no longer says what phonenumbers says.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from re import _parser
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

import wa_bulk.api

TABLE = Path(wa_bulk.api.__file__).with_name("number_plan_data.py")

OPENING_MAX = 3
"""Digits of an opening: as many as are needed to tell China's 179 from its 13x, Brazil's 90 from its 91."""

HEAD = '''"""The numbering plans of all country codes. Written by tools/number_plans.py: do not edit by hand.

Of each country code: its regions (ISO 3166; the first stands for all, 001 for no country), the possible
lengths of a number after the country code, the openings, which are the first digits of everything that the
trunk prefix pattern can match, and that pattern (of phonenumbers' `national_prefix_for_parsing`).
"""

# ruff: noqa: E501
# fmt: off
PLANS: dict[str, tuple[str, str, str, str]] = {
'''


def plans() -> dict[str, tuple[str, str, str, str]]:
    """The table: for each country code its regions, lengths, openings and trunk prefix pattern."""
    return {str(code): _plan(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE, key=str)}


def source() -> str:
    """The table as the text of its module."""
    lines = [f'    "{code}": ({", ".join(map(_quoted, plan))}),\n' for code, plan in plans().items()]
    return HEAD + "".join(lines) + "}\n"


def _plan(code: int) -> tuple[str, str, str, str]:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
    lengths = metadata.general_desc.possible_length
    pattern = metadata.national_prefix_for_parsing or ""
    return " ".join(regions), " ".join(map(str, lengths)), " ".join(openings(pattern)), pattern


def _quoted(text: str) -> str:
    return f'r"{text}"' if "\\" in text else f'"{text}"'


def openings(pattern: str) -> list[str]:
    """The first digits, at most OPENING_MAX, of every text that `pattern` matches, the empty one aside.

    As few as will do: none begins with another, and ten that differ in their last digit alone are one.
    """
    found = {text for text in _beginnings(_parser.parse(pattern)) if text}
    for width in range(OPENING_MAX - 1, 0, -1):
        for start in {text[:width] for text in found if len(text) > width}:
            if all(start + digit in found for digit in "0123456789"):
                found.add(start)
    return sorted(text for text in found if not any(text[:width] in found for width in range(1, len(text))))


def _beginnings(nodes: Iterable[tuple[Any, Any]]) -> set[str]:
    texts = {""}
    for operation, argument in nodes:
        tails = _beginnings_of_one(str(operation), argument)
        texts = {(text + tail)[:OPENING_MAX] for text in texts for tail in tails}
    return texts


def _beginnings_of_one(operation: str, argument: Any) -> set[str]:
    match operation:
        case "LITERAL":
            return {chr(argument)}
        case "IN":
            return {digit for digit in "0123456789" if any(_holds(digit, *part) for part in argument)}
        case "BRANCH":
            return set().union(*map(_beginnings, argument[1]))
        case "SUBPATTERN":
            return _beginnings(argument[-1])
        case "MAX_REPEAT":
            least, most, repeated = argument
            times = range(min(least, OPENING_MAX), min(most, OPENING_MAX) + 1)
            return set().union(*(_beginnings(list(repeated) * number) for number in times))
        case "AT":
            return {""}
    raise ValueError(f"a trunk prefix pattern has {operation} in it, which is not provided for")


def _holds(digit: str, operation: object, argument: Any) -> bool:
    match str(operation):
        case "LITERAL":
            return ord(digit) == int(argument)
        case "RANGE":
            return bool(argument[0] <= ord(digit) <= argument[1])
        case "CATEGORY":
            return str(argument) == "CATEGORY_DIGIT"
    raise ValueError(f"a trunk prefix pattern has {operation} in it, which is not provided for")


if __name__ == "__main__":
    TABLE.write_text(source(), encoding="utf-8")
    print(f"wrote {TABLE.name} from phonenumbers {phonenumbers.__version__}")
