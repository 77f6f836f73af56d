"""A function written for one campaign, that renders its common rows in one go.

Nearly all rows bring printable texts, and whole numbers in plain digits. To test all texts of a row together,
and to spell out what is to be done for this campaign alone, takes half the time of going from field to field.
Any other row is left to the careful way. For the campaign of the README the function reads

    def render(row, values):
      number = values[0]
      cell_1 = values[1]
      …
      if is_fine_1(cell_1) and cell_4.isdecimal() and … and text.isprintable() and '  ' not in text …:
        to = number if len(number) in lengths[number[:5]] and … else recipient(values)
        sender = sender_of_all
        hole_0 = json(sender)
        …
        return RenderedRow(to, request % (hole_0, …,), sender, None, 1, row)
      return otherwise(row, values)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import msgspec

from wa_bulk.api.generated_code import compile_function
from wa_bulk.api.invisible import holds_printable_invisible
from wa_bulk.api.number_plan import IS_PLAIN, LENGTHS
from wa_bulk.api.rules import TextRule, WholeRule
from wa_bulk.campaign.request.bound_field import BoundField
from wa_bulk.campaign.request.rendered_row import RenderedRow

Render = Callable[[int, Sequence[str]], RenderedRow]
"""Render a row's number and cells. Raises RowRefused."""


Hole = Literal["row", "to", "from"] | BoundField

DIGITS_MAX = 18
"""A number of at most this many digits fits 64 bits, whatever it is."""


def renderer(
    request: bytes,
    holes: Sequence[Hole],
    recipient: BoundField,
    sender: BoundField | str | None,
    otherwise: Render,
) -> Render:
    """Make the function for `request`, a format with a %b for each of `holes`; rows that are not common it
    hands on to `otherwise`.

    Of the campaign, only numbers stand in its text; all else it is given as objects.
    """
    given: dict[str, Any] = {
        "RenderedRow": RenderedRow,
        "request": request,
        "otherwise": otherwise,
        "json": msgspec.json.Encoder().encode,
        IS_PLAIN[0]: LENGTHS,
        "recipient": recipient.number,
        "sender_of": sender.number if isinstance(sender, BoundField) else None,
        "sender_of_all": None if isinstance(sender, BoundField) else sender,
        "invisible_in": holds_printable_invisible,
    }
    cells = {f"values[{recipient.column}]": "number"}
    texts: dict[str, int] = {}
    conditions: list[str] = []
    encoded: dict[str, str] = {}
    filling: list[str] = []
    for number, hole in enumerate(holes):
        value: str
        if isinstance(hole, str):
            value = {"row": "row", "to": "to", "from": "sender"}[hole]
        elif hole.field.kind == "text" and hole.field.is_one_column:
            cell = f"values[{hole.column}]"
            if hole.field.fallback is not None:
                given[f"fallback_{number}"] = hole.field.fallback
                cell += f" or fallback_{number}"
            value = cells.setdefault(cell, f"cell_{len(cells)}")
            if isinstance(hole.field.rule, TextRule) and not hole.field.rule.takes_easy_text:
                given[f"is_fine_{number}"] = hole.is_fine
                conditions.append(f"is_fine_{number}({value})")
            else:
                texts[value] = min(texts.get(value, hole.longest), hole.longest)
        elif hole.field.kind == "whole" and hole.field.fallback is None:
            text, rule = cells.setdefault(f"values[{hole.column}]", f"cell_{len(cells)}"), hole.field.rule
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
        # A blank one, or one with blanks around it, makes two blanks in a row: as rare as two within a text.
        together = "".join(f"{{{value}}} " for value in texts)
        conditions.append(f"len(text := f' {together}') <= {min(texts.values())}")
        conditions.append("text.isprintable() and '  ' not in text")
        conditions.append("(text.isascii() or invisible_in(text) is None)")
    is_plain = IS_PLAIN[1].format("number")
    to = f"number if {is_plain} else " if recipient.field.is_one_column else ""
    lines = [
        "def render(row, values):",
        *(f"  {name} = {cell}" for cell, name in cells.items()),
        f"  if {' and '.join(conditions) or True}:",
        f"    to = {to}recipient(values)",
        f"    sender = {'sender_of(values)' if isinstance(sender, BoundField) else 'sender_of_all'}",
        *(f"    {name} = {value}" for value, name in encoded.items()),
        f"    return RenderedRow(to, request % ({', '.join(filling)},), sender, None, 1, row)",
        "  return otherwise(row, values)",
    ]
    return cast(Render, compile_function("render", lines, given))
