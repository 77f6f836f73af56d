"""Campaigns that no row can be sent with: every fault is named, with how to mend it."""

import tomllib
from pathlib import Path

import pytest

from tests.campaign.request.compiled import CAMPAIGN, HEADER, faults
from wa_bulk.campaign.file import CampaignError, CampaignFile
from wa_bulk.campaign.request.blueprint import compile_campaign


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (
            ["phone;first_name;total"],
            "the CSV has one column only, 'phone;first_name;total': say with --delimiter",
        ),
        (
            ["+447911123456", "Ada"],
            "the first line has '+447911123456' in it: put a line with the columns' names",
        ),
        (["Customers of May"], "the CSV has: Customers of May; its first line has to name the columns"),
    ],
)
def test_a_header_that_is_none_is_named_for_what_it_is(header: list[str], words: str) -> None:
    found = faults(CAMPAIGN, header)
    assert any(words in fault for fault in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{first_name}", "{frist_name}", "unknown column 'frist_name'; did you mean 'first_name'?"),
        ("{first_name}", "{FIRST_NAME}", "did you mean 'first_name'?"),
        ("fallback_value", "fallback", "unknown key 'fallback'; did you mean 'fallback_value'?"),
        ("components]]", "component]]", "did you mean 'components'?"),
        ('type = "template"', 'type = "tmplate"', "body.type: is 'tmplate'; did you mean 'template'?"),
        ('to = "{phone}"', "", "to: is missing"),
        ('to = "{phone}"', 'to = "+447911123456"', 'such as to = "{phone}"'),
        ('to = "{phone}"', "to = 5", "to: is 5"),
        ('"+8613800138000"', '"138"', "from: '138' is too short"),
        ('"USD"', '"usd"', "currency.code: is 'usd'"),
        ('"order_update"', '"Order Update"', "template.name: is 'Order Update'"),
        ('text = "{first_name}"', 'text = ""', "parameters[0].text: is empty"),
        ('text = "{first_name}"', 'text = "{first_name"', "has a lone '{'"),
        ('text = "{first_name}"', 'text = "{}"', "placeholder without a column name"),
        ('text = "{first_name}"', "text = 5", "parameters[0].text: is int, not text"),
        ('"{total_1000}"', '"{total_1000}0"', "expected one placeholder alone"),
        ('"{total_1000}"', '"12"', "amount_1000: is str, not a whole number"),
        ('order_id = "{order_id}"', 'wa_bulk = "x"', "custom_args.wa_bulk: is set"),
        ('type = "currency", currency', 'type = "image", image', "unknown key 'fallback_value'"),
        (
            '[[message.body.template.components]]\ntype = "body"',
            "[[message.body.template.components]]",
            "type",
        ),
    ],
)
def test_a_campaign_that_cannot_run_says_why(old: str, new: str, expected: str) -> None:
    assert old in CAMPAIGN
    found = faults(CAMPAIGN.replace(old, new))
    assert any(expected in fault for fault in found), found
    assert all(fault.startswith("c.toml: message.") for fault in found)


def test_every_fault_is_told_at_once() -> None:
    text = CAMPAIGN.replace("{language}", "{lang}").replace("{total}", "{sum}").replace('"USD"', '"usd"')
    assert len(faults(text)) == 4


def test_a_sub_type_takes_no_placeholder() -> None:
    table = tomllib.loads(CAMPAIGN)
    table["message"]["body"]["template"]["components"].append(
        {
            "type": "button",
            "sub_type": "{language}",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "x"}],
        }
    )
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=table["message"])
    with pytest.raises(CampaignError, match="takes no placeholder; expected quick_reply or url"):
        compile_campaign(file, HEADER, "r")
