"""`{column}` in a campaign's strings; `{{` and `}}` stand for braces."""

from __future__ import annotations

import re

from msgspec import Struct


class Column(Struct, frozen=True):
    """A place that a CSV column fills."""

    name: str


Piece = str | Column

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def split(text: str) -> list[Piece]:
    """Return the constant and the variable pieces of `text`, in order; neighbouring constants are joined.

    Raises ValueError for a brace without its partner and for `{}`.
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
        elif not match[1].strip():
            raise ValueError("has a placeholder without a column name; write '{{}}' for braces")
        else:
            if constant:
                pieces.append(constant)
                constant = ""
            pieces.append(Column(match[1].strip()))
    constant += text[end:]
    if constant or not pieces:
        pieces.append(constant)
    return pieces
