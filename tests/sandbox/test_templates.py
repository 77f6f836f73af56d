"""Template management, and what a sent template looks like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.api import Api, Json, body_of, template
from tests.sandbox.test_contract import changed
from wa_bulk.api.template_definition import check_definition
from wa_bulk.sandbox import Review, Sandbox, SandboxSettings
from wa_bulk.sandbox.templates import initial_templates

GREETING: Json = {
    "name": "greeting",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "text", "text": "Dear {{1}}", "example": {"header_text": ["Ada"]}},
        {"type": "BODY", "text": "Good {{1}}, {{2}}.", "example": {"body_text": [["day", "Ada"]]}},
        {"type": "FOOTER", "text": "Yours"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {"type": "URL", "text": "See", "url": "https://example.com/{{1}}", "example": ["1"]},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+447911123456"},
            ],
        },
    ],
}


@pytest.fixture
def fresh() -> Iterator[Api]:
    with Sandbox() as sandbox, Api(sandbox.url) as api:
        yield api


def test_created_listed_changed_sent_and_deleted(fresh: Api) -> None:
    created = fresh.call("POST", "/v1/templates", json=GREETING)
    assert created.status_code == 200
    number = created.json()["template_id"]
    entry = fresh.get(f"/v1/templates/{number}")
    assert entry == {"id": number, "status": "APPROVED", **GREETING}
    assert fresh.get("/v1/templates", name="REET") == [entry]

    assert fresh.send(template("greeting", components=[body_of("day", "Ada")])).json()["code"] == 3003
    shorter = [{"type": "BODY", "text": "Good {{1}}."}]
    changed_reply = fresh.put(f"/v1/templates/{number}", {"components": shorter, "category": "MARKETING"})
    assert changed_reply == {"code": 0, "message": "success"}
    assert fresh.get(f"/v1/templates/{number}")["category"] == "MARKETING"
    assert fresh.send(template("greeting", components=[body_of("day")])).status_code == 200

    french = {**GREETING, "language": "fr"}
    assert fresh.call("POST", "/v1/templates", json=french).status_code == 200
    deleted = fresh.call("DELETE", "/v1/templates/greeting")
    assert deleted.json() == {"code": 0, "message": "success"}
    assert fresh.get("/v1/templates", name="greeting") == []
    assert fresh.send(template("greeting", components=[body_of("day")])).json()["code"] == 4001


def test_a_language_of_any_plausible_form_is_taken(fresh: Api) -> None:
    for language in ("es_419", "zh_Hant_HK"):
        reply = fresh.call("POST", "/v1/templates", json={**GREETING, "language": language})
        assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "order"}, 14),
        ({"name": "order", "language_code": "pt_BR"}, 1),
        ({"category": "AUTHENTICATION"}, 2),
        ({"status": "PAUSED"}, 1),
        ({"status": "PAUSED", "category": "UTILITY"}, 0),
        ({"name": "nothing"}, 0),
    ],
)
def test_the_filters_of_the_list(api: Api, query: dict[str, str], found: int) -> None:
    assert len(api.get("/v1/templates", **query)) == found


@pytest.mark.parametrize("query", [{"category": "OTHER"}, {"status": "FINE"}])
def test_filters_that_cannot_be(api: Api, query: dict[str, str]) -> None:
    reply = api.call("GET", "/v1/templates", params=query)
    assert (reply.status_code, reply.json()["code"]) == (400, 3002)


BROKEN: dict[str, tuple[Json, str]] = {
    "no name": (changed(GREETING, "name", ...), "name"),
    "name in capitals": (changed(GREETING, "name", "Greeting"), "name"),
    "language of another form": (changed(GREETING, "language", "english"), "language"),
    "unknown category": (changed(GREETING, "category", "FUN"), "category"),
    "no components": (changed(GREETING, "components", []), "components"),
    "no body": (changed(GREETING, "components.1", ...), "components"),
    "footer twice": (
        changed(GREETING, "components.1", {"type": "FOOTER", "text": "x"}),
        "components[2].type",
    ),
    "unknown component": (changed(GREETING, "components.2.type", "CAROUSEL"), "components[2].type"),
    "header too long": (changed(GREETING, "components.0.text", "x" * 61), "components[0].text"),
    "two variables in the header": (
        changed(GREETING, "components.0.text", "{{1}} {{2}}"),
        "components[0].text",
    ),
    "header without text": (changed(GREETING, "components.0.text", ...), "components[0].text"),
    "text in a media header": (changed(GREETING, "components.0.format", "image"), "components[0].text"),
    "body too long": (changed(GREETING, "components.1.text", "x" * 1025), "components[1].text"),
    "a gap in the variables": (changed(GREETING, "components.1.text", "{{1}} {{3}}"), "components[1].text"),
    "example of another length": (
        changed(GREETING, "components.1.example.body_text", [["one"]]),
        "components[1].example.body_text",
    ),
    "variable in the footer": (changed(GREETING, "components.2.text", "{{1}}"), "components[2].text"),
    "button too long": (
        changed(GREETING, "components.3.buttons.0.text", "x" * 26),
        "components[3].buttons[0].text",
    ),
    "variable inside a url": (
        changed(GREETING, "components.3.buttons.1.url", "https://example.com/{{1}}/x"),
        "components[3].buttons[1].url",
    ),
    "phone number that is none": (
        changed(GREETING, "components.3.buttons.2.phone_number", "call me"),
        "components[3].buttons[2].phone_number",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_definition_that_breaks_a_rule_names_the_field(api: Api, name: str) -> None:
    definition, field = BROKEN[name]
    reply = api.call("POST", "/v1/templates", json=definition)
    assert (reply.status_code, reply.json()["code"]) == (400, 3002)
    assert f"{field} field" in reply.json()["message"]


@pytest.mark.parametrize(
    "definition",
    [
        {**GREETING, "name": "order_update"},
        {**GREETING, "name": "refuse_me_please"},
        changed(GREETING, "components.3.buttons.0.text", "See"),
    ],
)
def test_what_meta_refuses_gets_5002(api: Api, definition: Json) -> None:
    reply = api.call("POST", "/v1/templates", json=definition)
    assert (reply.status_code, reply.json()["code"]) == (400, 5002)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("DELETE", None), ("PUT", GREETING)])
def test_a_template_that_is_not_there_gets_4001(api: Api, method: str, body: Json | None) -> None:
    reply = api.call(method, "/v1/templates/1", json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, 4001)


def test_a_review_that_never_ends() -> None:
    with Sandbox(SandboxSettings(review=Review(mode="never"))) as sandbox, Api(sandbox.url) as api:
        number = api.call("POST", "/v1/templates", json=GREETING).json()["template_id"]
        assert api.get(f"/v1/templates/{number}")["status"] == "PENDING"
        reply = api.send(template("greeting"))
        assert (reply.json()["code"], "PENDING" in reply.json()["message"]) == (4001, True)


def test_a_review_that_takes_its_time(fresh: Api) -> None:
    fresh.put("/sandbox/review", {"mode": "after", "seconds": 3600})
    slow = fresh.call("POST", "/v1/templates", json=GREETING).json()["template_id"]
    fresh.put("/sandbox/review", {"mode": "after", "seconds": 0})
    quick = fresh.call("POST", "/v1/templates", json={**GREETING, "language": "de"}).json()["template_id"]
    assert fresh.get(f"/v1/templates/{slow}")["status"] == "PENDING"
    assert fresh.get(f"/v1/templates/{quick}")["status"] == "APPROVED"


def test_the_control_api_puts_a_template_into_any_state(fresh: Api) -> None:
    (entry,) = fresh.get("/v1/templates", name="order_update", language_code="en")
    fresh.put("/sandbox/templates", {**entry, "status": "DISABLED"})
    assert fresh.send(template()).json()["code"] == 4001
    fresh.put("/sandbox/templates", {**entry, "status": "APPROVED"})
    assert fresh.send(template()).status_code == 200
    assert fresh.call("DELETE", "/sandbox/templates/order_update").status_code == 200
    assert fresh.send(template()).json()["code"] == 4001


def test_the_templates_from_the_start_keep_the_rules() -> None:
    templates = initial_templates()
    for each in templates:
        check_definition(each)
    assert len({(each.name, each.language) for each in templates}) == len(templates)
    approved = {(each.name, each.language) for each in templates if each.status == "APPROVED"}
    assert {("code", "zh_CN"), ("your_template_name", "zh_CN"), ("order_update", "en_US")} <= approved
