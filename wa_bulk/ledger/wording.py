"""Sentences that differ in their values only: reasons are counted together by their words."""

from __future__ import annotations

import re

_VALUE = re.compile(r"((?<!\[)\b\d+\b|'[^']*'|\"[^\"]*\"|…)")


def words_of(text: str) -> tuple[str, ...]:
    """Return what is around the numbers and quoted values of a sentence."""
    return tuple(_VALUE.split(text)[::2])


def in_common(one: str, other: str) -> str:
    """Return a sentence with … for the values in which another with the same words differs."""
    if one == other:
        return one
    parts = zip(_VALUE.split(one), _VALUE.split(other), strict=True)
    return "".join(a if a == b else "…" for a, b in parts)
