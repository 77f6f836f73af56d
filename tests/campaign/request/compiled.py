"""A campaign of every kind of field, compiled."""

import tomllib
from pathlib import Path

import pytest

from wa_bulk.campaign.file import CampaignError, CampaignFile
from wa_bulk.campaign.request.blueprint import Blueprint, compile_campaign

CAMPAIGN = """
name = "order-updates"
[message]
from = "+8613800138000"
to = "{phone}"
[message.body]
type = "template"
[message.body.template]
name = "order_update"
language = "{language}"
[[message.body.template.components]]
type = "body"
parameters = [
  { type = "text", text = "{first_name}" },
  { type = "text", text = "for {first_name}: {{{total}}}" },
  { type = "currency", currency = { fallback_value = "{total}", code = "USD", amount_1000 = "{total_1000}" } },
]
[message.custom_args]
order_id = "{order_id}"
nested = [{ a = "{order_id}", b = 1 }]
"""  # noqa: E501
HEADER = ["phone", "language", "first_name", "total", "total_1000", "order_id"]
ROW = ["0044 7911 123456", "en", "Zoë", "$1.00", "1000", "A-7"]
COMPONENT = "body.template.components[0].parameters"


def compiled(text: str = CAMPAIGN, header: list[str] = HEADER, *, track: bool = True) -> Blueprint:
    table = tomllib.loads(text)
    file = CampaignFile(
        path=Path("c.toml"), sha256="", name=table["name"], message=table["message"], track=track
    )
    return compile_campaign(file, header, "r1")


def render(blueprint: Blueprint, row: int, values: list[str]) -> bytes:
    return blueprint.render(row, values).payload


def faults(text: str, header: list[str] = HEADER) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        compiled(text, header)
    return str(caught.value).splitlines()
