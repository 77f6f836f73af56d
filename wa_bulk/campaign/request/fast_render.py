"""A function written for one campaign, that renders its ordinary rows in one go.

Nearly all rows bring ordinary values: printable texts, and whole numbers in plain digits. To look at all
texts of a row together, and to spell out what is to be done for this campaign alone, takes half the time of
going from field to field. A row that is not ordinary is left to that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import msgspec

from wa_bulk.api.number_plan import is_plain
from wa_bulk.api.rules import TextRule, WholeRule
from wa_bulk.campaign.request.bound_field import BoundField
from wa_bulk.campaign.request.rendered_row import RenderedRow

Render = Callable[[int, Sequence[str]], RenderedRow]
"""What makes a row's number and cells ready to be sent. Raises RowRefused."""

Hole = Literal["row", "to", "from"] | BoundField

DIGITS_MAX = 18
"""So many make a number that fits 64 bits, whatever it is."""


def renderer(
    request: bytes,
    holes: Sequence[Hole],
    recipient: BoundField,
    sender: BoundField | str | None,
    otherwise: Render,
) -> Render:
    """The function for `request`, a format with a %b for each of `holes`; rows that are not ordinary it hands
    on to `otherwise`.

    Of the campaign, only numbers stand in its text; all else it is given as objects.
    """
    given: dict[str, Any] = {
        "RenderedRow": RenderedRow,
        "request": request,
        "otherwise": otherwise,
        "json": msgspec.json.Encoder().encode,
        "is_plain": is_plain,
        "recipient": recipient.number,
        "sender": sender.number if isinstance(sender, BoundField) else sender,
        "no_blank_in": frozenset(" " * count for count in range(5)).isdisjoint,
    }
    cells = {f"values[{recipient.column}]": "number"}
    texts: dict[str, int] = {}
    conditions: list[str] = []
    encoded: dict[str, str] = {}
    filling: list[str] = []
    for number, hole in enumerate(holes):
        value: str
        if isinstance(hole, str):
            value = {"row": "row", "to": "to", "from": "line"}[hole]
        elif hole.field.kind == "text" and hole.field.is_one_column:
            value = cells.setdefault(f"values[{hole.column}]", f"cell_{hole.column}")
            if isinstance(hole.field.rule, TextRule) and not hole.field.rule.takes_easy_text:
                given[f"is_fine_{number}"] = hole.is_fine
                conditions.append(f"is_fine_{number}({value})")
            else:
                texts[value] = min(texts.get(value, hole.longest), hole.longest)
        elif hole.field.kind == "whole":
            text, rule = cells.setdefault(f"values[{hole.column}]", f"cell_{hole.column}"), hole.field.rule
            assert isinstance(rule, WholeRule)
            conditions.append(f"{text}.isdecimal() and {text}.isascii() and len({text}) <= {DIGITS_MAX}")
            value = f"int({text})"
            if rule.low > 0 or rule.high < 10**DIGITS_MAX:
                conditions.append(f"{rule.low} <= {value} <= {rule.high}")
        else:
            given[f"value_{number}"] = hole.value
            value = f"value_{number}(values)"
        filling.append(encoded.setdefault(f"json({value})", f"hole_{len(encoded)}"))
    if texts:
        together = f"({''.join(f'{value}, ' for value in texts)})"
        conditions.append(
            f"no_blank_in({together}) and len(text := ''.join({together})) <= {min(texts.values())}"
        )
        conditions.append(f"text.isprintable() and {' ' * 5!r} not in text")
    to = "number if is_plain(number) else " if recipient.field.is_one_column else ""
    lines = [
        "def render(row, values):",
        *(f"  {name} = {cell}" for cell, name in cells.items()),
        f"  if {' and '.join(conditions) or True}:",
        f"    to = {to}recipient(values)",
        f"    line = {'sender(values)' if isinstance(sender, BoundField) else 'sender'}",
        *(f"    {name} = {value}" for value, name in encoded.items()),
        f"    return RenderedRow(row, to, request % ({', '.join(filling)},), line)",
        "  return otherwise(row, values)",
    ]
    exec("\n".join(lines), given)
    return cast(Render, given["render"])
