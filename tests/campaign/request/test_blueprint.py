import contextlib
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.request.compiled import CAMPAIGN, COMPONENT, HEADER, ROW, compiled, render
from wa_bulk.api import Message, decode, encode, validate
from wa_bulk.api.invisible import is_blank
from wa_bulk.campaign.file import CampaignFile
from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused, compile_campaign
from wa_bulk.campaign.request.fast_render import Render
from wa_bulk.campaign.request.rendered_row import RenderedRow


def test_a_row_becomes_the_request() -> None:
    ready = compiled().render(7, ROW)
    assert (ready.number, ready.to, ready.sender) == (7, "+447911123456", "+8613800138000")
    assert json.loads(ready.payload) == {
        "from": "+8613800138000",
        "to": ["+447911123456"],
        "body": {
            "type": "template",
            "template": {
                "name": "order_update",
                "language": "en",
                "components": [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": "Zoë"},
                            {"type": "text", "text": "for Zoë: {$1.00}"},
                            {
                                "type": "currency",
                                "currency": {"fallback_value": "$1.00", "code": "USD", "amount_1000": 1000},
                            },
                        ],
                    }
                ],
            },
        },
        "request_id": "order-updates-7",
        "custom_args": {"order_id": "A-7", "nested": [{"a": "A-7", "b": 1}], "wa_bulk": "r1:7"},
    }


def test_without_tracking_nothing_is_added_to_custom_args() -> None:
    payload = json.loads(render(compiled(track=False), 7, ROW))
    assert "wa_bulk" not in payload["custom_args"]


VALUE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(
    name=VALUE,
    total=VALUE,
    order=VALUE,
    thousandths=st.integers(-(2**63), 2**63 - 1),
    row=st.integers(1, 10**9),
)
def test_pieces_equal_the_structs_byte_for_byte(
    name: str, total: str, order: str, thousandths: int, row: int
) -> None:
    values = ["447911123456", "pt_BR", name, total, str(thousandths), order]
    try:
        payload = render(compiled(), row, values)
    except RowRefused as refusal:
        assert refusal.fault.startswith("is empty") or "five spaces" in refusal.fault
        return
    message = decode(payload)
    assert encode(message) == payload
    assert validate(message) is message
    assert message.request_id == f"order-updates-{row}"
    parameters = json.loads(payload)["body"]["template"]["components"][0]["parameters"]
    assert parameters[0]["text"] == name
    assert parameters[1]["text"] == f"for {name}: {{{total}}}"
    assert parameters[2]["currency"] == {"fallback_value": total, "code": "USD", "amount_1000": thousandths}


STRANGE = st.text(st.sampled_from('a1 \u00a0\u200b\u3164\n\t"\\%é😀'), max_size=12)
WHOLE = st.integers(-(10**20), 10**20).map(str) | st.sampled_from(
    ["007", "-0", "+5", " 5 ", "٣", "5.0", "", "²"]
)

EVERY_KIND = (
    CAMPAIGN.replace(
        "parameters = [",
        """parameters = [
  { type = "date_time", date_time = { fallback_value = "{total|-}", year = "{year}", month = "{month|5}" } },
""",
    ).replace('"+8613800138000"', '"{line|+8613800138000}"')
    + """
year = "{year:int}"
share = "{year:float|0.5}"
note = "{order_id?}"
both = "{first_name|}/{total|-}"
"""
)


def careful(blueprint: Blueprint) -> Blueprint:
    """The same campaign, always rendered field by field."""
    blueprint.render = blueprint._render_carefully
    return blueprint


def made(render: Render, row: int, values: list[str]) -> RenderedRow | str:
    try:
        return render(row, values)
    except RowRefused as refusal:
        return str(refusal)


@given(
    language=st.sampled_from(["en", "xx_YY", "", "not one", "en "]),
    phone=st.sampled_from(["+447911123456", "447911 123456", "", "nobody"]),
    texts=st.lists(STRANGE, min_size=3, max_size=3),
    thousandths=WHOLE,
    year=WHOLE,
    month=st.integers(-1, 14).map(str) | st.just(""),
    line=st.sampled_from(["+8613800138000", "86 138 0013 8000", "x", ""]),
)
def test_a_fast_render_equals_the_careful_one(
    language: str, phone: str, texts: list[str], thousandths: str, year: str, month: str, line: str
) -> None:
    name, total, order = texts
    values = [phone, language, name, total, thousandths, order, year, month, line]
    header = [*HEADER, "year", "month", "line"]
    text = EVERY_KIND.replace("{order_id?}", "{order_id|none}")
    blueprint = compiled(text, header)

    assert blueprint.render != blueprint._render_carefully
    assert made(blueprint.render, 7, values) == made(careful(compiled(text, header)).render, 7, values)


@given(name=STRANGE, total=STRANGE, order=STRANGE, year=WHOLE)
def test_what_is_left_out_or_stood_for_equals_the_structs_byte_for_byte(
    name: str, total: str, order: str, year: str
) -> None:
    values = ["447911123456", "en", name, total, "5", order, year, "", ""]
    ready = made(compiled(EVERY_KIND, [*HEADER, "year", "month", "line"]).render, 7, values)
    if isinstance(ready, str):
        return
    message = decode(ready.payload)
    assert encode(message) == ready.payload
    assert validate(message) is message
    args = message.custom_args or {}
    assert args.get("note", "") == ("" if is_blank(order) else order)
    assert args["year"] == int(Decimal(year))
    assert args["share"] == (float(year) if year.strip() else 0.5)
    assert args["both"] == f"{'' if is_blank(name) else name}/{'-' if is_blank(total) else total}"
    assert ready.sender == "+8613800138000"


def test_two_fields_of_one_path_are_told_apart() -> None:
    text = CAMPAIGN + '"a.b" = "{order_id}"\na = { b = "{total}" }\n'
    ready = compiled(text.replace("nested = ", "rest = ")).render(1, ROW)
    args = json.loads(ready.payload)["custom_args"]
    assert (args["a.b"], args["a"]) == ("A-7", {"b": "$1.00"})


def test_one_strange_value_among_plain_ones_is_seen() -> None:
    for place, column in enumerate(HEADER):
        if column != "phone":
            for strange in ("", " ", "     x", "a\nb"):
                with contextlib.suppress(RowRefused):
                    render(compiled(), 1, [*ROW[:place], strange, *ROW[place + 1 :]])
                    assert strange.strip()
                    assert column == "order_id"


@given(st.text(st.characters(min_codepoint=0xE000), min_size=1), VALUE)
def test_private_characters_in_constants_and_values_are_kept(constant: str, value: str) -> None:
    message: dict[str, object] = {
        "to": "{phone}",
        "body": {"type": "text", "text": {"body": constant.replace("{", "").replace("}", "") + "{v}!{v}"}},
    }
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=message)
    try:
        payload = render(compile_campaign(file, ["phone", "v"], "r"), 1, ["447911123456", value])
    except RowRefused:
        return
    text = json.loads(payload)["body"]["text"]["body"]
    assert text == constant.replace("{", "").replace("}", "") + f"{value}!{value}"


@pytest.mark.parametrize(
    ("column", "value", "field", "fault"),
    [
        ("phone", "4.47E+11", "to", "spreadsheet"),
        ("phone", "", "to", "is empty"),
        ("language", "not one", "body.template.language", "is 'not one'"),
        ("first_name", "", f"{COMPONENT}[0].text", "is empty"),
        ("first_name", " ", f"{COMPONENT}[0].text", "is empty"),
        ("first_name", "a\nb", f"{COMPONENT}[0].text", "line break"),
        ("first_name", "x" * 1025, f"{COMPONENT}[0].text", "has 1025 characters"),
        ("first_name", "x" * 1020, f"{COMPONENT}[1].text", "characters"),
        ("total_1000", "12.5", f"{COMPONENT}[2].currency.amount_1000", "is '12.5', not a whole number"),
        ("total_1000", "", f"{COMPONENT}[2].currency.amount_1000", "is empty"),
        ("total_1000", str(2**63), f"{COMPONENT}[2].currency.amount_1000", "is 9223372036854775808"),
        ("order_id", "", "custom_args.order_id", "is empty"),
    ],
)
def test_a_row_the_api_would_refuse_names_field_and_column(
    column: str, value: str, field: str, fault: str
) -> None:
    values = [value if name == column else cell for name, cell in zip(HEADER, ROW, strict=True)]
    with pytest.raises(RowRefused) as caught:
        render(compiled(), 1, values)
    assert caught.value.field == field
    assert fault in caught.value.fault
    message = str(caught.value)
    assert message.startswith(column)
    assert message.endswith(f" ({field})")


def test_values_in_a_header_are_checked_with_all_that_depends_on_them() -> None:
    message: dict[str, object] = {
        "to": "{phone}",
        "body": {
            "type": "template",
            "template": {
                "name": "n",
                "language": "en",
                "components": [
                    {
                        "type": "header",
                        "parameters": [
                            {"type": "document", "document": {"link": "https://x.example/{file}"}}
                        ],
                    }
                ],
            },
        },
    }
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=message)
    blueprint = compile_campaign(file, ["phone", "file"], "r")
    assert b"/a.pdf" in render(blueprint, 1, ["447911123456", "a.pdf"])
    with pytest.raises(RowRefused, match=r"^file names .*: expected a PDF"):
        render(blueprint, 1, ["447911123456", "a.docx"])


def test_a_caption_that_names_the_file_is_checked_row_by_row() -> None:
    blueprint = compiled(
        """
name = "terms"
[message]
to = "{phone}"
body = { type = "document", document = { link = "https://example.com/terms.pdf", caption = "{title}" } }
""",
        ["phone", "title"],
    )
    assert b'"caption":"Terms 2026"' in render(blueprint, 1, ["+447911123456", "Terms 2026"])
    with pytest.raises(RowRefused) as caught:
        blueprint.render(2, ["+447911123456", "Open 24/7"])
    assert caught.value.field == "body.document.caption"
    assert str(caught.value).startswith("title has ")


def test_numbers_may_be_composed_and_senders_may_vary() -> None:
    text = CAMPAIGN.replace('"{phone}"', '["+{cc}{phone}"]').replace('"+8613800138000"', '"{line}"')
    blueprint = compiled(text, [*HEADER, "cc", "line"])
    ready = blueprint.render(1, ["7911 123456", *ROW[1:], "44", "008613800138000"])
    assert (ready.to, ready.sender) == ("+447911123456", "+8613800138000")
    assert blueprint.senders_vary
    assert decode(ready.payload).from_ == "+8613800138000"


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize("column", ["cc", "phone"])
def test_a_composed_number_needs_all_its_parts(empty: str, column: str) -> None:
    blueprint = compiled(CAMPAIGN.replace('"{phone}"', '"+{cc}{phone}"'), [*HEADER, "cc"])
    row = dict(zip(blueprint.header, ["7911123456", *ROW[1:], "44"], strict=True))
    assert blueprint.recipient(list(row.values())) == "+447911123456"
    with pytest.raises(RowRefused, match=rf"^{column} is empty: fill it \(to\)$"):
        blueprint.render(1, list((row | {column: empty}).values()))


def test_an_unknown_language_for_every_row_is_a_warning() -> None:
    (warning,) = compiled(CAMPAIGN.replace("{language}", "en_us")).warnings
    assert "'en_US'" in warning


def test_one_template_is_known_as_such() -> None:
    assert not compiled().one_template
    assert compiled(CAMPAIGN.replace("{language}", "en")).one_template


def test_the_request_is_the_structs_own_encoding() -> None:
    payload = render(compiled(), 1, ROW)
    assert msgspec.json.encode(msgspec.json.decode(payload, type=Message)) == payload
