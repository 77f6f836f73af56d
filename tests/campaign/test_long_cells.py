"""A cell of any length in a column that is used: it meets the field's rule, in linear time and few words."""

from __future__ import annotations

from itertools import cycle, product
from pathlib import Path

import pytest

from wa_bulk.campaign.doubtful_value import value_doubt
from wa_bulk.campaign.file import load
from wa_bulk.campaign.request.blueprint import RowRefused, compile_campaign
from wa_bulk.campaign.sources.base import CELL_MAX

CAMPAIGN = """
name = "long"
[message]
to = "{to}"
[message.body]
type = "template"
[message.body.template]
name = "{name}"
language = "{language}"
[[message.body.template.components]]
type = "header"
parameters = [{ type = "document", document = { link = "{link}", filename = "{file}" } }]
[[message.body.template.components]]
type = "body"
parameters = [
  { type = "text", text = "{text}" },
  { type = "currency", currency = { fallback_value = "{shown}", code = "{code}", amount_1000 = "{amount}" } },
]
[message.custom_args]
any = "{any}"
number = "{number:float}"
"""
FINE = {
    "to": "+447911123456",
    "name": "order",
    "language": "en",
    "link": "https://example.com/a.pdf",
    "file": "a.pdf",
    "text": "Ada",
    "shown": "$1",
    "code": "USD",
    "amount": "1000",
    "any": "x",
    "number": "1.5",
}
BEFORE = ["y", "+44", "https://example.com/"]
FILLINGS = ["x", " ", "1", "1 ", "-", ".", "(1)", "\u200b", "\n", "Ã©", "%20", "{a}", "<a ", "//", "1e"]


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([*zip(cycle(BEFORE), FILLINGS)], id="some"),
        pytest.param([*product(BEFORE, FILLINGS)], id="every", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("column", FINE)
def test_it_is_refused_at_once_with_a_reason_that_can_be_read(
    tmp_path: Path, column: str, cells: list[tuple[str, str]]
) -> None:
    campaign = tmp_path / "campaign.toml"
    campaign.write_text(CAMPAIGN)
    blueprint = compile_campaign(load(campaign), list(FINE), "run")
    for before, filling in cells:
        cell = (before + filling * CELL_MAX)[:CELL_MAX] + "y"
        with pytest.raises(RowRefused) as refused:
            blueprint.render(1, [*{**FINE, column: cell}.values()])
        assert len(str(refused.value)) < 1000, filling
        assert str(CELL_MAX + 1) not in str(refused.value), "no count of what was cut"
        value_doubt(cell)
