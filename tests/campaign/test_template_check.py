"""A campaign held against its templates: what is certain stands in the way, what is not is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.vendor import listed
from wa_bulk.api.account_template import read_template
from wa_bulk.campaign.file import load
from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused, compile_campaign
from wa_bulk.campaign.template_check import AccountTemplates, TemplateFindings, hold_against
from wa_bulk.send.template_lookup import TemplateLookup

HEADER = ["phone", "language", "template", "name", "total"]
BODY = {"type": "BODY", "text": "Hello {{1}}, you paid {{2}}."}
ONE_VALUE = {"type": "BODY", "text": "Hello {{1}}."}
URL = {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "See", "url": "https://example.com/{{1}}"}]}
IMAGE = {"type": "HEADER", "format": "IMAGE"}
TITLE = {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"}
FIXED_TITLE = {"type": "HEADER", "format": "TEXT", "text": "Your order"}

HEADER_IMAGE = '{ type = "header", parameters = [{ type = "image", image = { link = "https://x.co/1" } }] }'
HEADER_TEXT = '{ type = "header", parameters = [{ type = "text", text = "{name}" }] }'
VALUES = """{ type = "body", parameters = [
  { type = "text", text = "{name}" },
  { type = "currency", currency = { fallback_value = "{total}", code = "USD", amount_1000 = 1 } },
] }""".replace("\n", "")
BUTTON = (
    '{ type = "button", sub_type = "url", index = "0", parameters = [{ type = "text", text = "{total}" }] }'
)
REPLY = (
    '{ type = "button", sub_type = "quick_reply", index = "1", '
    'parameters = [{ type = "payload", payload = "{total}" }] }'
)


def campaign(tmp_path: Path, *components: str, name: str = "order", language: str = "en") -> Blueprint:
    file = tmp_path / "c.toml"
    file.write_text(
        f"""name = "c"
[message]
to = "{{phone}}"
[message.body]
type = "template"
template = {{ name = "{name}", language = "{language}", components = [{", ".join(components or (VALUES,))}] }}
""",
        encoding="utf-8",
    )
    return compile_campaign(load(file), HEADER, "run")


def account(
    *templates: dict[str, Any], whole: bool = True, name: str = "order", **more: Any
) -> AccountTemplates:
    found = [read_template(one) for one in templates]
    names = sorted({name, *(one.name for one in found)})
    lookups = {
        each: TemplateLookup(each, [one for one in found if one.name == each], ["orders"], whole)
        for each in names
    }
    return AccountTemplates(lookups, **more)


def row(blueprint: Blueprint, **values: str) -> str | None:
    """Return why a row is refused, None where it is not."""
    cells = {"phone": "+447911123456", "language": "en", "template": "order", "name": "Ada", "total": "$1"}
    try:
        blueprint.render(1, list({**cells, **values}.values()))
    except RowRefused as refusal:
        return str(refusal)
    return None


@pytest.mark.parametrize(
    ("given", "has", "error"),
    [
        ([VALUES], [BODY], None),
        (
            [VALUES],
            [ONE_VALUE],
            "components[0].parameters: has 2 values for the body; expected 1: order ",
        ),
        ([VALUES, HEADER_IMAGE], [BODY, IMAGE], None),
        ([VALUES], [BODY, IMAGE], "components: has 0 values for the header; expected 1"),
        ([VALUES, HEADER_IMAGE], [BODY], "components[1].parameters: has 1 value for the header; expected 0"),
        ([VALUES, HEADER_TEXT], [BODY, IMAGE], "components[1].parameters[0].type: is text; expected image"),
        ([VALUES, HEADER_IMAGE], [BODY, TITLE], "components[1].parameters[0].type: is image; expected text"),
        ([VALUES, HEADER_TEXT], [BODY, FIXED_TITLE], "components[1].parameters: has 1 value for the header"),
        ([VALUES, BUTTON], [BODY, URL], None),
        ([VALUES], [BODY, URL], "components: has no button 0; expected the value of that button's url"),
        ([VALUES, BUTTON], [BODY], "components[1].index: is 0; expected one of the 0 buttons"),
        ([VALUES, BUTTON, REPLY], [BODY, URL], "components[2].index: is 1; expected one of the 1 buttons"),
        ([BUTTON.replace("{total}", "1")], [BODY, URL], "components: has 0 values for the body; expected 2"),
    ],
)
def test_parts_must_fit(
    tmp_path: Path, given: list[str], has: list[dict[str, object]], error: str | None
) -> None:
    blueprint = campaign(tmp_path, *given)
    findings = hold_against(blueprint, account(listed("order", "en", *has)))
    if error is None:
        assert findings == TemplateFindings()
        assert row(blueprint) is None
    else:
        assert findings.errors[0].startswith(f"message.body.template.{error}")


def test_every_part_that_does_not_fit_is_named(tmp_path: Path) -> None:
    found = hold_against(campaign(tmp_path), account(listed("order", "en", ONE_VALUE, IMAGE, URL)))
    assert [error.split(";")[0] for error in found.errors] == [
        "message.body.template.components[0].parameters: has 2 values for the body",
        "message.body.template.components: has 0 values for the header",
    ]


@pytest.mark.parametrize("status", ["PAUSED", "DISABLED", "PENDING", "REJECTED", "IN_APPEAL", "DELETED"])
def test_one_that_is_not_approved_stands_in_the_way(tmp_path: Path, status: str) -> None:
    since = {("order", "en", status): " since 2026-11-20 10:00 UTC"}
    found = hold_against(campaign(tmp_path), account(listed("order", "en", BODY, status=status), since=since))
    (error,) = found.errors
    assert f"order (en) is {status} since 2026-11-20 10:00 UTC: " in error


@pytest.mark.parametrize("status", ["LIMIT_EXCEEDED", ""])
def test_a_status_that_is_not_known_is_a_warning(tmp_path: Path, status: str) -> None:
    found = hold_against(campaign(tmp_path), account(listed("order", "en", BODY, status=status)))
    assert found.errors == []
    assert f"is {status or 'without a status'}, and may be refused" in found.warnings[0]


def test_what_is_absent_is_an_error_only_where_that_is_certain(tmp_path: Path) -> None:
    for language, templates, words in (
        ("en", (), "name: 'order' is no template of the account; did you mean 'orders'?"),
        (
            "en",
            (listed("order", "en_GB"),),
            "language: order does not exist in 'en'; it does in en_GB",
        ),
        ("{language}", (), "name: 'order' is no template of the account"),
    ):
        blueprint = campaign(tmp_path, language=language)
        (error,) = hold_against(blueprint, account(*templates)).errors
        assert error.startswith(f"message.body.template.{words}")
        found = hold_against(campaign(tmp_path, language=language), account(*templates, whole=False))
        assert found.errors == []
        assert "may be cut" in found.warnings[0]
    assert row(blueprint) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "BODY", "text": "Hello {{first_name}}, you paid {{total}}."},
        {"type": "CAROUSEL", "cards": []},
    ],
)
def test_a_definition_that_cannot_be_read_is_a_warning(tmp_path: Path, odd: dict[str, object]) -> None:
    blueprint = campaign(tmp_path)
    found = hold_against(blueprint, account(listed("order", "en", odd)))
    assert found.errors == []
    assert "cannot read its " in found.warnings[0]
    assert row(blueprint) is None
    otp = {"type": "BUTTONS", "buttons": [{"type": "OTP", "text": "Copy"}]}
    found = hold_against(campaign(tmp_path, VALUES, BUTTON), account(listed("order", "en", BODY, otp)))
    assert (found.errors, len(found.warnings)) == ([], 1)


def test_where_rows_bring_the_language_they_are_refused_and_not_the_campaign(tmp_path: Path) -> None:
    blueprint = campaign(tmp_path, language="{language}")
    templates = [
        listed("order", "en", BODY),
        listed("order", "fr", BODY, status="PAUSED"),
        listed("order", "de", ONE_VALUE),
    ]
    assert hold_against(blueprint, account(*templates)) == TemplateFindings()
    assert row(blueprint) is None
    assert row(blueprint, language="en_GB") == (
        "language is 'en_GB', in which order does not exist: expected de, en, fr; did you mean 'en'? "
        "(body.template.language)"
    )
    assert (row(blueprint, language="fr") or "").startswith("language names order (fr), which is PAUSED: ")
    assert "language names order (de), which takes other values (components[0].parameters has 2" in (
        row(blueprint, language="de") or ""
    )


def test_where_no_language_fits_nothing_can_be_sent(tmp_path: Path) -> None:
    templates = [listed("order", "en", ONE_VALUE), listed("order", "fr", BODY, status="PAUSED")]
    found = hold_against(campaign(tmp_path, language="{language}"), account(*templates))
    assert [error.split(";")[0] for error in found.errors] == [
        "message.body.template.components[0].parameters: has 2 values for the body",
        "message.body.template.language: nor can it be sent in its other 1, fr",
    ]


def test_where_rows_bring_the_name_those_are_refused_that_name_none(tmp_path: Path) -> None:
    blueprint = campaign(tmp_path, name="{template}", language="{language}")
    known = account(listed("order", "en", BODY), listed("bill", "en", ONE_VALUE), name="ordre")
    assert hold_against(blueprint, known).errors == []
    assert row(blueprint) is None
    assert "template + language names bill (en), which takes other values" in (
        row(blueprint, template="bill") or ""
    )
    assert (row(blueprint, template="ordre") or "").startswith("template is 'ordre', which")
    assert (row(blueprint, template="ordre") or "").endswith(
        "is no template of the account: did you mean 'order'? (body.template.name)"
    )
    assert row(blueprint, template="never_asked_for") is None


def test_categories_come_with_metas_rules(tmp_path: Path) -> None:
    for category, words in (("MARKETING", "131049"), ("AUTHENTICATION", "at most 15 characters")):
        found = hold_against(campaign(tmp_path), account(listed("order", "en", BODY, category=category)))
        assert (found.errors, found.warnings) == ([], [])
        assert f"order is {category}: " in found.notes[0]
        assert words in found.notes[0]


TEXTS = st.text(st.sampled_from('a"\\é😀 '), min_size=1, max_size=700).filter(
    lambda text: text.strip() and "     " not in text
)


@given(name=TEXTS, total=TEXTS, twice=st.booleans())
def test_a_rendered_body_is_within_its_length_for_every_row(
    tmp_path_factory: pytest.TempPathFactory, name: str, total: str, twice: bool
) -> None:
    text = "Hello {{1}}, you paid {{2}}." + (" Bye {{1}}" if twice else "")
    blueprint = campaign(tmp_path_factory.getbasetemp())
    hold_against(blueprint, account(listed("order", "en", {"type": "BODY", "text": text})))
    length = len(text.replace("{{1}}", name).replace("{{2}}", total))
    refused = row(blueprint, name=name, total=total)
    assert (refused is not None) == (length > 1024)
    if refused is not None:
        assert f"name + total make the body {length} characters long: expected at most 1024" in refused


def test_a_rendered_header_is_within_its_length(tmp_path: Path) -> None:
    blueprint = campaign(tmp_path, VALUES, HEADER_TEXT)
    hold_against(blueprint, account(listed("order", "en", BODY, TITLE)))
    assert row(blueprint, name="A" * 56) is None
    assert "name make the header 61 characters long" in (row(blueprint, name="A" * 57) or "")


def test_what_could_not_be_asked_is_a_warning(tmp_path: Path) -> None:
    found = hold_against(campaign(tmp_path), AccountTemplates(problem="no network"))
    assert (found.errors, found.notes) == ([], [])
    assert found.warnings == ["not held against the account's templates: no network"]


def test_rows_that_leave_parts_out_are_held_one_by_one(tmp_path: Path) -> None:
    blueprint = campaign(tmp_path, VALUES, BUTTON.replace("{total}", "{total?}"))
    assert hold_against(blueprint, account(listed("order", "en", ONE_VALUE, URL))).errors == []
    assert "has 2 values for the body: expected 1" in (row(blueprint) or "")
    blueprint = campaign(tmp_path, VALUES.replace("{total}", "1"), BUTTON.replace("{total}", "{total?}"))
    assert hold_against(blueprint, account(listed("order", "en", BODY))).errors == []
    assert row(blueprint, total="") is None
    assert "components[1].index: is 0; expected one of the 0 buttons" in (row(blueprint) or "")


def test_a_fallback_counts_where_a_cell_is_empty(tmp_path: Path) -> None:
    blueprint = campaign(tmp_path, VALUES.replace("{name}", "{name|" + "x" * 1000 + "}"))
    hold_against(blueprint, account(listed("order", "en", BODY)))
    assert row(blueprint, name="Ada") is None
    assert "characters long" in (row(blueprint, name="", total="1234567") or "")
