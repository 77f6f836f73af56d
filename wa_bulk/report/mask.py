"""Phone numbers made unreadable, for a report that is passed on."""

from __future__ import annotations

import re

import msgspec

from wa_bulk.report.summary import Summary

_SHOWN = 3
_NUMBER = re.compile(r"(?<![\w.])(?<!row )(?<!rows )\+?\(?\d(?:[ \-().\u00a0/]{0,2}\d){6,}(?![\w])")
"""What may be a phone number in a sentence: seven digits and more, as they are written."""


def mask_number(number: str) -> str:
    """Return a cell that should hold a number with all of its digits hidden but the last three."""
    hidden = sum(map(str.isdigit, number)) - _SHOWN
    masked = []
    for character in number:
        if character.isdigit() and hidden > 0:
            hidden -= 1
            character = "*"
        masked.append(character)
    return "".join(masked)


def mask_words(text: str) -> str:
    """Return a text with the phone numbers in it masked."""
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def masked(summary: Summary) -> Summary:
    """Return a summary in which no recipient's number can be read."""

    def words(text: str | None) -> str | None:
        return None if text is None else mask_words(text)

    def number(text: str | None) -> str | None:
        return None if text is None else mask_number(text)

    replace = msgspec.structs.replace
    return replace(
        summary,
        detail=words(summary.detail),
        stretches=[replace(one, detail=words(one.detail)) for one in summary.stretches],
        causes=[replace(one, text=words(one.text)) for one in summary.causes],
        unknown_rows=[
            replace(one, to=number(one.to), error=words(one.error)) for one in summary.unknown_rows
        ],
        damage=[mask_words(line) for line in summary.damage],
    )
