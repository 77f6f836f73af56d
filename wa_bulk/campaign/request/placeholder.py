"""`{column}` in a campaign's strings; `{{` and `}}` stand for braces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from typing import Literal

from msgspec import Struct


class Column(Struct, frozen=True):
    """A place that a CSV column fills.

    `fallback` takes its place where the cell is empty; `optional`: what holds it is left out there. `number`:
    the cell becomes a number of JSON, not text.
    """

    name: str
    fallback: str | None = None
    optional: bool = False
    number: Literal["int", "float"] | None = None


Piece = str | Column

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_TYPED = re.compile(r"(.*?)\s*:\s*(\w+)", re.DOTALL).fullmatch


def split(text: str, columns: Container[str] = ()) -> list[Piece]:
    """Return the constant and the variable pieces of `text`, in order; neighbouring constants are joined.

    `{name|fallback}`, `{name?}` and `{name:int}` say more of a column, unless one of `columns` is called just
    so. Raises ValueError for a brace without its partner and for `{}`.
    """
    pieces: list[Piece] = []
    constant = ""
    end = 0
    for match in _PIECE.finditer(text):
        constant += text[end : match.start()]
        end = match.end()
        found = match[0]
        if found in ("{{", "}}"):
            constant += found[0]
        elif match[1] is None:
            raise ValueError(f"has a lone {found!r} in it; write {found * 2!r} for a brace")
        else:
            if constant:
                pieces.append(constant)
                constant = ""
            pieces.append(_column(unicodedata.normalize("NFC", match[1].strip()), columns))
    constant += text[end:]
    if constant or not pieces:
        pieces.append(constant)
    return pieces


def _column(text: str, columns: Container[str]) -> Column:
    if text in columns:
        return Column(text)
    name, bar, fallback = (part.strip() for part in text.partition("|"))
    optional, number = False, None
    if name not in columns and name.endswith("?"):
        optional, name = True, name[:-1].rstrip()
    if name not in columns and (typed := _TYPED(name)):
        if typed[2] in ("int", "float"):
            name, number = typed[1], typed[2]
        elif typed[1] in columns:
            raise ValueError(f"has {{{text}}} in it; expected {{{typed[1]}:int}} or {{{typed[1]}:float}}")
    if not name:
        raise ValueError("has a placeholder without a column name; write '{{}}' for braces")
    if optional and bar:
        raise ValueError(
            f"has {{{text}}} in it; expected {{{name}?}}, which leaves the key out where the cell is empty, "
            f"or {{{name}|{fallback}}}"
        )
    return Column(name, fallback if bar else None, optional, number)  # type: ignore[arg-type]
