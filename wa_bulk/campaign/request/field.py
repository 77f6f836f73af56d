"""A field of the request that rows fill, and what a row's text is worth in it."""

from __future__ import annotations

import re
from math import isfinite
from typing import Literal

from msgspec import Struct

from wa_bulk.api import ValidationError
from wa_bulk.api.errors import shortened
from wa_bulk.api.rules import Rule, WholeRule
from wa_bulk.campaign.request.placeholder import Column, Piece
from wa_bulk.campaign.sources.base import CELL_MAX

FieldKind = Literal["text", "whole", "decimal", "number", "row"]

ANY_WHOLE = WholeRule("expected a whole number of 64 bits", -(2**63), 2**63 - 1)

_link_goes_on = re.compile(r"https?://\S*\Z", re.IGNORECASE).search
_whole = re.compile(r"([+-]?[0-9]{1,19})(?:\.0{1,9})?").fullmatch
"""Programs that keep all figures as fractions write 12500 as 12500.0."""
_is_decimal = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?").fullmatch


class Field(Struct, frozen=True, kw_only=True):
    """A field of the request with at least one placeholder in it.

    `mark` is what gives way, in the encoded message, to what a row brings: the field's whole value, quotes
    and all, or for the kind "row" the digits of the row's number within it. `related` tells that its value
    matters to other fields, so that the whole message must be looked at.
    """

    path: str
    kind: FieldKind
    rule: Rule | None
    pieces: list[Piece]
    mark: bytes
    related: bool = False

    @property
    def places(self) -> list[Column]:
        """The columns it takes, in order, with what is said of each."""
        return [piece for piece in self.pieces if isinstance(piece, Column)]

    @property
    def columns(self) -> list[str]:
        """The names of the columns it takes, in order."""
        return [place.name for place in self.places]

    @property
    def is_one_column(self) -> bool:
        """Whether it is one column's text, or its fallback, and nothing more."""
        return len(self.pieces) == 1

    @property
    def fallback(self) -> str | None:
        """What stands for an empty cell, where the field is one column."""
        piece = self.pieces[0]
        return piece.fallback if self.is_one_column and isinstance(piece, Column) else None


def in_links(field: Field) -> list[str]:
    """Return the columns that stand within a link in the field's text."""
    found, before = [], ""
    for piece in field.pieces:
        if isinstance(piece, Column):
            if _link_goes_on(before):
                found.append(piece.name)
            before += "x"
        else:
            before += piece
    return found


def value_of(field: Field, text: str) -> str | int | float:
    """Return what `text` is worth in a field of any kind but a phone number. Raises ValidationError."""
    value: str | int | float = text
    whole = _whole(text.strip()) if field.kind == "whole" else None
    if field.kind == "decimal":
        fault = None if _is_decimal(text.strip()) else f"is {shortened(text)}, not a number"
        if fault is None and not isfinite(value := float(text)):
            fault = f"is {shortened(text)}"
        expects = "expected a number such as 12.5"
    elif field.kind == "whole" and whole is None:
        fault, expects = f"is {shortened(text)}, not a whole number", _expects(field)
    else:
        value = text if whole is None else int(whole[1])
        if len(text) > CELL_MAX:  # its source may have cut it
            fault = f"has more than {CELL_MAX:,} characters"
        else:
            fault = field.rule.fault(value) if field.rule is not None else None
        expects = _expects(field)
    if fault is not None:
        raise ValidationError(field.path, fault, expects)
    return value


def _expects(field: Field) -> str:
    return field.rule.expects if field.rule is not None else "expected a text"
