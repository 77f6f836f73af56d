"""Characters that nobody sees: what has no shape of its own, alone or at all."""

from __future__ import annotations

import re

_PRINTABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
"""Without a shape, though `str.isprintable` takes them for letters and marks: fillers, variation selectors,
the empty Braille cell."""

_FORMAT = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\U000e0000-\U000e007f"
_CONTROL = "\x00-\x1f\x7f-\x9f"

INVISIBLE = _PRINTABLE + _FORMAT + _CONTROL
"""The inside of a regular expression's brackets."""

holds_printable_invisible = re.compile(f"[{_PRINTABLE}]").search
"""Find what `str.isprintable` does not tell."""

_is_invisible = re.compile(rf"[\s{INVISIBLE}]*").fullmatch


def is_blank(text: str) -> bool:
    """Return whether a text is empty, or looks as if it were."""
    if text.isascii() and text.isprintable():
        return not text or text.isspace()
    return _is_invisible(text) is not None


def code_points(text: str) -> str:
    """Name the characters of a text that cannot be seen, each once: `U+200B, U+FEFF`."""
    return ", ".join(dict.fromkeys(f"U+{ord(character):04X}" for character in text))
