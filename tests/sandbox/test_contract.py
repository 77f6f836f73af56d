"""Request in, HTTP status, code and field named out: the vendor's page and how the project reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.vendor import EXAMPLES
from tests.sandbox.api import ADA, Api, Json, body_of, of_type, parameter, template, text
from wa_bulk.api import ERROR_CODES
from wa_bulk.sandbox import Sandbox

LINK = "https://example.com/a"
MONEY = {"fallback_value": "$1", "code": "USD", "amount_1000": 1000}
MOMENT = {"fallback_value": "Friday", "timestamp": 1485470276}


def changed(message: Json, path: str, value: object) -> Json:
    """A copy of `message` with `value` at the dotted `path`; the value `...` removes what is there."""
    copy: Any = json.loads(json.dumps(message))
    *parents, last = path.split(".")
    place = copy
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    key = int(last) if last.isdigit() else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return dict(copy)


BODY = "body.template.components.0.parameters"

REFUSED: dict[str, tuple[object, int, str]] = {
    "no to": (changed(text(), "to", ...), 3002, "to field"),
    "to is empty": (text([]), 3002, "to field"),
    "to holds nothing": (text([""]), 3002, "to[0] field"),
    "to is a number": (changed(text(), "to", 447911123456), 3002, "to field"),
    "to without a country code": (text("07911123456"), 3002, "to field"),
    "to too short": (text("+4479"), 3002, "to field"),
    "to too long": (text("+4479111234567890"), 3002, "to field"),
    "to with blanks": (text("+44 7911 123456"), 3002, "to field"),
    "second of to": (text([ADA, "nobody"]), 3002, "to[1] field"),
    "from is no number": (text() | {"from": "me"}, 3002, "from field"),
    "request_id is a number": (text() | {"request_id": 5}, 3002, "request_id field"),
    "custom_args is a list": (text() | {"custom_args": [1]}, 3002, "custom_args field"),
    "no body": ({"to": ADA}, 3002, "body field"),
    "body is text": ({"to": ADA, "body": "Hello"}, 3002, "body field"),
    "no type": ({"to": ADA, "body": {"text": {"body": "x"}}}, 3002, "whatsapp.type field"),
    "unknown type": ({"to": ADA, "body": {"type": "poll"}}, 3002, "whatsapp.type field"),
    "text is missing": ({"to": ADA, "body": {"type": "text"}}, 3002, "whatsapp.text field"),
    "text is empty": (text(body=""), 3002, "whatsapp.text.body field"),
    "text too long": (text(body="x" * 4097), 3002, "whatsapp.text.body field"),
    "neither id nor link": (of_type("image"), 3002, "whatsapp.image field"),
    "link is no link": (of_type("image", link="ftp://example.com/a"), 3002, "whatsapp.image.link field"),
    "caption too long": (of_type("video", link=LINK, caption="x" * 1025), 3002, "whatsapp.video.caption"),
    "document caption too long": (
        of_type("document", link=LINK, caption="x" * 1025),
        3002,
        "whatsapp.document.caption",
    ),
    "audio without medium": (of_type("audio"), 3002, "whatsapp.audio field"),
    "sticker without medium": (of_type("sticker"), 3002, "whatsapp.sticker field"),
    "template is missing": (
        {"to": ADA, "body": {"type": "template"}},
        3002,
        "whatsapp.template field must be set correctly when type is template",
    ),
    "template is text": (
        {"to": ADA, "body": {"type": "template", "template": "code"}},
        3002,
        "whatsapp.template field must be set correctly when type is template",
    ),
    "template name in capitals": (template("Order_Update"), 3002, "whatsapp.template.name field"),
    "template without language": (
        changed(template(), "body.template.language", ...),
        3002,
        "whatsapp.template.language field",
    ),
    "unknown component": (
        template(components=[{"type": "footer", "parameters": []}]),
        3002,
        "whatsapp.template.components[0].type field",
    ),
    "component twice": (
        template(components=[body_of("Ada", MONEY)] * 2),
        3002,
        "whatsapp.template.components[1]",
    ),
    "medium in the body": (
        changed(template(), f"{BODY}.0", {"type": "image", "image": {"link": LINK}}),
        3002,
        "whatsapp.template.components[0].parameters[0].type field",
    ),
    "line break in a parameter": (
        changed(template(), f"{BODY}.0.text", "A\nda"),
        3002,
        "whatsapp.template.components[0].parameters[0].text field",
    ),
    "currency without amount": (
        changed(template(), f"{BODY}.1.currency.amount_1000", ...),
        3002,
        "whatsapp.template.components[0].parameters[1].currency.amount_1000 field",
    ),
    "currency of an unknown form": (
        changed(template(), f"{BODY}.1.currency.code", "dollars"),
        3002,
        "whatsapp.template.components[0].parameters[1].currency.code field",
    ),
    "day of the week 8": (
        changed(
            template(), f"{BODY}.1", parameter({"fallback_value": "F", "day_of_week": 8, "day_of_month": 1})
        ),
        3002,
        "whatsapp.template.components[0].parameters[1].date_time.day_of_week field",
    ),
    "no such template": (template("no_such_template"), 4001, "template no_such_template does not exist"),
    "not in that language": (template(language="sw"), 4001, "does not exist in language sw"),
    "paused template": (template("paused_offer", components=[body_of("Ada")]), 4001, "PAUSED"),
    "pending template": (template("pending_offer", components=[body_of("Ada")]), 4001, "PENDING"),
    "rejected template": (template("rejected_offer", components=[body_of("Ada")]), 4001, "REJECTED"),
    "disabled template": (template("disabled_offer", components=[body_of("Ada")]), 4001, "DISABLED"),
    "no values": (template(components=[]), 3003, "whatsapp.template.components"),
    "too few values": (
        template(components=[body_of("Ada")]),
        3003,
        "whatsapp.template.components[0].parameters",
    ),
    "too many values": (
        template(components=[body_of("Ada", MONEY, "more")]),
        3003,
        "whatsapp.template.components[0].parameters",
    ),
    "rendered too long": (
        template(components=[body_of("x" * 1000, MONEY)]),
        3003,
        "whatsapp.template.components[0].parameters",
    ),
    "header where there is none": (
        template(
            components=[{"type": "header", "parameters": [parameter("Hi")]}, body_of("Ada", MONEY)],
        ),
        3003,
        "whatsapp.template.components[0].parameters",
    ),
    "header is missing": (
        template("invoice", components=[body_of("May", MONEY, MOMENT)]),
        3003,
        "whatsapp.template.components",
    ),
    "header of the wrong kind": (
        template(
            "invoice",
            components=[
                {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
                body_of("May", MONEY, MOMENT),
            ],
        ),
        3003,
        "whatsapp.template.components[0].parameters[0].type",
    ),
    "header rendered too long": (
        template(
            "appointment_reminder",
            components=[
                {"type": "header", "parameters": [parameter("x" * 60)]},
                body_of("Ada", MOMENT),
            ],
        ),
        3003,
        "whatsapp.template.components[0].parameters",
    ),
    "document in a header that is no PDF": (
        template(
            "invoice",
            components=[
                {
                    "type": "header",
                    "parameters": [{"type": "document", "document": {"link": LINK, "filename": "a.docx"}}],
                },
                body_of("May", MONEY, MOMENT),
            ],
        ),
        3002,
        "whatsapp.template.components[0].parameters[0].document.filename",
    ),
    "button that is not there": (
        template(
            components=[
                body_of("Ada", MONEY),
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [parameter("4711")],
                },
            ],
        ),
        3003,
        "whatsapp.template.components[1].index",
    ),
    "button without its value": (
        template(
            "parcel_photo",
            components=[
                {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
                body_of("Ada"),
            ],
        ),
        3003,
        "whatsapp.template.components",
    ),
    "button of another kind": (
        template(
            "parcel_photo",
            components=[
                {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
                body_of("Ada"),
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": "yes"}],
                },
            ],
        ),
        3003,
        "whatsapp.template.components[2].sub_type",
    ),
}

TAKEN: dict[str, Json] = {
    "bare number": text("447911123456"),
    "number with 00": text("00447911123456"),
    "number with +": text(ADA),
    "several numbers": text([ADA, "447911123457"]),
    "text of 4096 characters": text(body="é" * 4096),
    "image by id": of_type("image", id="1234"),
    "image by id and link": of_type("image", id="1234", link=LINK),
    "caption of 1024 characters": of_type("image", link=LINK, caption="ü" * 1024),
    "document with caption and filename": of_type("document", link=LINK, caption="c", filename="f.docx"),
    "sticker": of_type("sticker", link=LINK),
    "audio": of_type("audio", link=LINK),
    "unknown fields anywhere": text() | {"priority": 5, "nested": {"list": [1, None]}},
    "template with its values": template(),
    "template without variables": template("hello_world", "en_US", []),
    "template with header, body and button": template(
        "parcel_photo",
        components=[
            {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
            body_of("Ada"),
            {"type": "button", "sub_type": "url", "index": "0", "parameters": [parameter("4711")]},
        ],
    ),
    "template with quick replies": template(
        "appointment_reminder",
        components=[
            {"type": "header", "parameters": [parameter("Friday")]},
            body_of("Ada", MOMENT),
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "1",
                "parameters": [{"type": "payload", "payload": "later"}],
            },
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_code_and_the_field(api: Api, name: str) -> None:
    message, code, words = REFUSED[name]
    reply = api.send(message)
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json()["code"] == code
    assert reply.status_code == ERROR_CODES[code].http_status
    assert words in reply.json()["message"]
    assert api.get("/sandbox/messages")["total"] == 0


@pytest.mark.parametrize("name", TAKEN)
def test_is_taken(api: Api, name: str) -> None:
    reply = api.send(TAKEN[name])
    assert reply.status_code == 200, reply.text
    assert len(reply.json()["message_id"]) == 20


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"to": "447911123456", // the recipient\n"body": {}}', "not JSON"),
        (b'{"to": "\xff"}', "not JSON"),
        (b"to=447911123456&body=Hello", "not JSON"),
    ],
)
def test_what_is_not_json_gets_3001(api: Api, payload: bytes, words: str) -> None:
    reply = api.call("POST", "/v1/messages", data=payload, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (400, 3001)
    assert words in reply.json()["message"]


def test_json_must_be_called_json(api: Api) -> None:
    payload = json.dumps(text()).encode()
    reply = api.call("POST", "/v1/messages", data=payload, headers={"Content-Type": "text/plain"})
    assert (reply.status_code, reply.json()["code"]) == (400, 3001)
    assert "Content-Type" in reply.json()["message"]


def test_the_key_is_looked_at_before_the_json(running: Sandbox) -> None:
    with Api(running.url, "nobody") as api:
        reply = api.call("POST", "/v1/messages", data=b"{")
        assert reply.json()["code"] == 2001


def test_the_request_id_comes_back(api: Api) -> None:
    assert api.send(text() | {"request_id": "mine-1"}).json()["request_id"] == "mine-1"
    assert "request_id" not in api.send(text()).json()


def test_message_ids_are_never_given_twice(api: Api) -> None:
    ids = {api.send(text()).json()["message_id"] for _ in range(300)}
    assert len(ids) == 300


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"full template"}))
@pytest.mark.parametrize("bare", [False, True])
def test_the_examples_of_the_vendors_page(api: Api, name: str, bare: bool) -> None:
    example = EXAMPLES[name]
    reply = api.send({**example, "to": example["to"][0]} if bare else example)
    assert reply.status_code == 200, reply.text
    assert reply.json().get("request_id") == example.get("request_id")
    record = api.get("/sandbox/messages")["messages"][0]
    assert record["body"] == example["body"]
    assert record["custom_args"] == example.get("custom_args")


def test_the_full_example_once_its_stand_ins_are_filled_in(api: Api) -> None:
    example = EXAMPLES["full template"]
    assert api.send(example).json()["code"] == 3002
    named = changed(example, "body.template.name", "your_template_name")
    refused = api.send(named)
    assert "document.link" in refused.json()["message"]
    linked = changed(
        named, "body.template.components.0.parameters.0.document.link", "https://example.com/a.pdf"
    )
    assert api.send(linked).status_code == 200
    rendered = api.get("/sandbox/messages")["messages"][0]["rendered"]
    assert rendered["header"] == {
        "type": "document",
        "link": "https://example.com/a.pdf",
        "filename": "your-document-filename",
    }
    assert "$100.99" in rendered["body"]
    assert "your-text-string" in rendered["body"]
