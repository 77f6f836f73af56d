"""`{column|fallback}` and `{column?}`: what stands where a cell is empty."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from wa_bulk.api import decode, encode, validate
from wa_bulk.campaign.file import CampaignError, CampaignFile
from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused, compile_campaign

PHONE = "+447911123456"
BLANKS = ["", " ", "\u200b", "\u3164\u3164", "\u00a0\ufeff", "\u2800"]


def compiled(message: str, *columns: str) -> Blueprint:
    table = tomllib.loads('to = "{phone}"\n' + message)
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=table, track=False)
    return compile_campaign(file, ["phone", *columns], "r")


def request(blueprint: Blueprint, *cells: str) -> Any:
    payload = blueprint.render(3, [PHONE, *cells]).payload
    message = decode(payload)
    assert encode(message) == payload
    assert validate(message) is message
    return json.loads(payload)


@pytest.mark.parametrize("blank", BLANKS)
def test_a_fallback_stands_for_an_empty_looking_cell(blank: str) -> None:
    blueprint = compiled('body = { type = "text", text = { body = "{name|friend}" } }', "name")
    assert request(blueprint, blank)["body"]["text"]["body"] == "friend"
    assert request(blueprint, "Zoë")["body"]["text"]["body"] == "Zoë"


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("text", ["{name}", "Hello {name}"])
def test_without_one_the_row_is_refused_and_told_of_it(blank: str, text: str) -> None:
    blueprint = compiled(f'body = {{ type = "text", text = {{ body = "{text}" }} }}', "name")
    with pytest.raises(RowRefused) as refusal:
        blueprint.render(3, [PHONE, blank])
    words = str(refusal.value)
    assert words.startswith("name is empty")
    assert words.endswith(": fill it, or write {name|friend} (body.text.body)")
    if blank and not blank.isspace():
        assert f"U+{ord(blank[0]):04X}" in words


def test_a_fallback_may_be_nothing_within_a_text() -> None:
    blueprint = compiled('body = { type = "text", text = { body = "Hello {name|}!" } }', "name")
    assert request(blueprint, "")["body"]["text"]["body"] == "Hello !"


@pytest.mark.parametrize("blank", BLANKS)
def test_an_optional_key_is_left_out(blank: str) -> None:
    blueprint = compiled(
        'body = { type = "image", image = { link = "https://x.example/a.png", caption = "For {name?}" } }',
        "name",
    )
    assert request(blueprint, "Ada")["body"]["image"]["caption"] == "For Ada"
    assert request(blueprint, blank)["body"]["image"] == {"link": "https://x.example/a.png"}


TEMPLATE = """
[body]
type = "template"
[body.template]
name = "n"
language = "en"
[[body.template.components]]
type = "header"
parameters = [{ type = "image", image = { link = "{picture?}" } }]
[[body.template.components]]
type = "body"
parameters = [{ type = "text", text = "{name}" }, { type = "date_time", date_time = { fallback_value = "soon", year = "{year:int?}", month = 5 } }]
[[body.template.components]]
type = "button"
sub_type = "url"
index = "0"
parameters = [{ type = "text", text = "{suffix?}" }]
[custom_args]
order = { id = "{order?}" }
tags = ["{tag?}", "all"]
"""  # noqa: E501
COLUMNS = ("picture", "name", "year", "suffix", "order", "tag")


def test_what_cannot_stand_without_the_key_is_left_out_with_it() -> None:
    blueprint = compiled(TEMPLATE, *COLUMNS)
    full = request(blueprint, "https://x.example/a.png", "Ada", "2026", "7", "A-7", "vip")
    header, body, button = full["body"]["template"]["components"]
    assert header["parameters"][0]["image"] == {"link": "https://x.example/a.png"}
    assert body["parameters"][1]["date_time"] == {"fallback_value": "soon", "year": 2026, "month": 5}
    assert full["custom_args"] == {"order": {"id": "A-7"}, "tags": ["vip", "all"]}

    least = request(blueprint, "", "Ada", "", "", "", "")
    (body,) = least["body"]["template"]["components"]
    assert body["parameters"][1]["date_time"] == {"fallback_value": "soon", "month": 5}
    assert least["custom_args"] == {"tags": ["all"]}
    assert request(blueprint, "", "Ada", "", "7", "", "")["body"]["template"]["components"] == [body, button]
    assert blueprint.warnings == []


def test_the_sending_number_and_the_request_id_may_be_optional() -> None:
    message = 'from = "{line?}"\nrequest_id = "{id?}"\nbody = { type = "text", text = { body = "Hi" } }'
    blueprint = compiled(message, "line", "id")
    assert blueprint.senders_vary
    ready = blueprint.render(3, [PHONE, "", ""])
    assert (ready.sender, ready.own_request_id()) == (None, "n-3")
    ready = blueprint.render(3, [PHONE, "+8613800138000", "mine"])
    assert (ready.sender, ready.own_request_id()) == ("+8613800138000", "mine")


def test_one_of_two_that_are_needed_together_must_be_filled() -> None:
    message = 'body = { type = "image", image = { id = "{id?}", link = "{link?}" } }'
    blueprint = compiled(message, "id", "link")
    assert request(blueprint, "7", "")["body"]["image"] == {"id": "7"}
    assert request(blueprint, "", "https://x.example/a")["body"]["image"] == {"link": "https://x.example/a"}
    with pytest.raises(RowRefused, match=r"^id \+ link is empty: fill one of them"):
        blueprint.render(3, [PHONE, "", ""])


def test_a_shorter_list_of_variables_is_warned_of() -> None:
    text = TEMPLATE.replace('"{name}"', '"{name?}"')
    (warning,) = compiled(text, *COLUMNS).warnings
    assert warning.startswith("body.template.components[1].parameters: are fewer where name is empty")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            'body = { type = "text", text = { body = "{name?}" } }',
            "message.body.text.body: cannot be left out where name is empty, since the message would be",
        ),
        (
            'body = { type = "text", text = { body = "{name?} {order}" } }',
            "cannot be left out where name is empty, since it holds {order} too; expected {name|…}",
        ),
        ('body = { type = "text", text = { body = "{nmae|friend}" } }', "did you mean 'name'?"),
        ('body = { type = "text", text = { body = "{name|}" } }', "the fallback is empty"),
        ('body = { type = "image", image = { link = "{name|cat.png}" } }', "the fallback is 'cat.png'"),
        (
            'body = { type = "image", text = { body = "x" } }',
            'message.body.text: stands beside type = "image", which takes \'text\' only where it is "text"',
        ),
        ('body = { type = "interactive", text = { body = "x" } }', "is 'interactive'; expected template or"),
        ('body = { type = "Text", text = { body = "x" } }', "is 'Text'; did you mean 'text'?"),
        (
            'body = { type = "template", template = { name = "n", components = { type = "body" } } }',
            "is one table; expected a list of them: write [[message.body.template.components]]",
        ),
        ('from = "{name|138}"\nbody = { type = "text", text = { body = "x" } }', "from: '138' is too short"),
    ],
)
def test_what_cannot_be_is_said_at_once(message: str, words: str) -> None:
    with pytest.raises(CampaignError) as refusal:
        compiled(message, "name", "order")
    assert words in str(refusal.value)


@pytest.mark.parametrize("to", ["{phone?}", "{phone|+447911123456}"])
def test_the_recipient_is_never_optional(to: str) -> None:
    table: dict[str, object] = {"to": to, "body": {"type": "text", "text": {"body": "Hi"}}}
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=table)
    with pytest.raises(CampaignError, match=r"message\.to: "):
        compile_campaign(file, ["phone"], "r")
