"""Querying the sandbox, and writing to it as a person."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import requests

from tests.sandbox.api import ADA, Api, of_type, template, text
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

BOB = "+447911123457"


def test_a_template_as_a_phone_shows_it(api: Api) -> None:
    api.send(template() | {"request_id": "r1", "custom_args": {"order": [1, {"x": None}]}})
    page = api.get("/sandbox/messages")
    (record,) = page["messages"]
    assert (page["total"], page["next"]) == (1, None)
    assert record["rendered"] == {
        "header": None,
        "body": "Hello Ada, your order is on its way. Total: $24.90.",
        "footer": "Wellspring Coffee",
        "buttons": [],
    }
    assert (record["direction"], record["to"], record["contact"], record["from"]) == ("out", ADA, ADA, None)
    assert (record["request_id"], record["custom_args"]) == ("r1", {"order": [1, {"x": None}]})
    assert record["status"] == "read"
    assert record["at"].endswith("Z")


def test_the_body_is_kept_as_it_came(api: Api) -> None:
    message = text(body="naïve ☕") | {"later": True}
    message["body"]["unknown"] = {"deep": [1.5, "x"]}
    api.send(message)
    assert api.get("/sandbox/messages")["messages"][0]["body"] == message["body"]


def test_a_number_too_large_to_show_is_left_out_of_what_is_shown(api: Api) -> None:
    payload = b'{"to":"447911123456","body":{"type":"text","text":{"body":"x"},"odd":1e999}}'
    reply = api.call("POST", "/v1/messages", data=payload, headers={"Content-Type": "application/json"})
    assert reply.status_code == 200
    record = api.get("/sandbox/messages")["messages"][0]
    assert record["body"] == {"type": "text", "text": {"body": "x"}}


def test_pages_follow_each_other_without_gap_or_overlap(api: Api) -> None:
    for number in range(25):
        api.send(text(body=f"message {number}"))
    seen, before = [], None
    while True:
        page = api.get("/sandbox/messages", limit=10, **({"before": before} if before else {}))
        assert page["total"] == 25
        seen += [record["body"]["text"]["body"] for record in page["messages"]]
        before = page["next"]
        if before is None:
            break
    assert seen == [f"message {number}" for number in reversed(range(25))]
    newest = api.get("/sandbox/messages", limit=1)["messages"][0]["id"]
    later = api.get("/sandbox/messages", after=newest - 3)
    assert [record["id"] for record in later["messages"]] == [newest, newest - 1, newest - 2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "ORDER IS ON"}, 1),
        ({"q": "order_upd"}, 1),
        ({"q": "ümläut"}, 1),
        ({"q": "+44 7911 123457"}, 1),
        ({"q": "(44) 7911"}, 4),
        ({"q": "8-9 (9)"}, 1),
        ({"q": "7911"}, 4),
        ({"q": "holiday.jpg"}, 1),
        ({"q": "%"}, 0),
        ({"to": "00447911123456"}, 3),
        ({"to": "nobody"}, 0),
        ({"template": "order_update"}, 1),
        ({"type": "image"}, 1),
        ({"status": "failed"}, 3),
        ({"status": "read", "type": "text"}, 0),
        ({"q": ""}, 4),
        ({"q": "null"}, 0),
    ],
)
def test_what_is_chosen_by_the_query(api: Api, query: dict[str, str], found: int) -> None:
    api.send(template())
    api.send(text(body="Ümläut, 8-9 (9)"))
    api.send(text(BOB))
    api.send(of_type("image", link="https://example.com/holiday.jpg"))
    page = api.get("/sandbox/messages", **query)
    assert (page["total"], len(page["messages"])) == (found, found)


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "x"}, {"before": "-1"}, {"status": "lost"}, {"status": "null"}, {"type": ""}],
)
def test_a_query_that_makes_no_sense(api: Api, query: dict[str, str]) -> None:
    reply = api.call("GET", "/sandbox/messages", params=query)
    assert (reply.status_code, reply.json()["code"]) == (400, 3002)
    assert next(iter(query)) in reply.json()["message"]


def test_one_message_with_the_request_and_reply_behind_it(api: Api) -> None:
    reply = api.call("POST", "/v1/messages", json=text(), headers={"X-Trace": "t1", "Cookie": "secret=1"})
    number = api.get("/sandbox/messages")["messages"][0]["id"]
    detail = api.get(f"/sandbox/messages/{number}")
    headers = {name.lower(): value for name, value in detail["request"]["headers"].items()}
    assert headers["x-trace"] == "t1"
    assert not {"authorization", "cookie"} & set(headers)
    assert detail["request"]["body"] == reply.request.body.decode()  # type: ignore[union-attr]
    assert detail["reply"] == {"status": 200, "body": reply.json()}
    assert [step["status"] for step in detail["history"]] == ["accepted", "failed"]
    assert detail["error"]["code"] == 131047


@pytest.mark.parametrize("number", ["999999999", "0", "x", "1" * 30])
def test_a_message_that_is_not_there(api: Api, number: str) -> None:
    reply = api.call("GET", f"/sandbox/messages/{number}")
    assert (reply.status_code, reply.json()["code"]) == (404, 4001)


def test_duplicates_name_the_first(api: Api) -> None:
    for message in (template(), text(), text(BOB), text(), text(body="Hello!"), template()):
        api.send(message)
    records = api.get("/sandbox/messages")["messages"][::-1]
    first = records[0]["id"]
    assert [record["duplicate_of"] for record in records] == [None, None, None, first + 1, None, first]
    assert api.get("/sandbox/stats")["duplicates"] == 2


def test_each_recipient_of_a_request_gets_a_message_of_the_same_id(api: Api) -> None:
    message_id = api.send(text([ADA, BOB])).json()["message_id"]
    records = api.get("/sandbox/messages")["messages"]
    assert [(record["to"], record["message_id"]) for record in records] == [
        (BOB, message_id),
        (ADA, message_id),
    ]


def test_conversations(api: Api) -> None:
    api.send(template())
    api.send(text(BOB))
    api.send(template())
    page = api.get("/sandbox/conversations")
    assert page["total"] == 2
    ada, bob = page["conversations"]
    assert (ada["contact"], ada["messages"], ada["failed"], ada["duplicates"]) == (ADA, 2, 0, 1)
    assert (bob["contact"], bob["messages"], bob["failed"], bob["duplicates"]) == (BOB, 1, 1, 0)
    assert bob["last"]["error"]["code"] == 131047
    first = api.get("/sandbox/conversations", limit=1)
    assert [each["contact"] for each in first["conversations"]] == [ADA]
    second = api.get("/sandbox/conversations", limit=1, before=first["next"])
    assert ([each["contact"] for each in second["conversations"]], second["next"]) == ([BOB], None)
    assert api.get("/sandbox/conversations", q="hello ada")["total"] == 1
    assert api.get(f"/sandbox/conversations/{BOB}/messages")["messages"] == [bob["last"]]
    assert api.get("/sandbox/conversations/nobody/messages")["messages"] == []


def test_only_people_who_wrote_within_24_hours_get_anything_but_templates(api: Api) -> None:
    api.send(text())
    reply = api.call("POST", "/sandbox/replies", json={"from": "447911123456", "text": "Hello?", "to": BOB})
    assert reply.status_code == 201
    heard = reply.json()
    assert (heard["direction"], heard["from"], heard["to"], heard["contact"]) == ("in", ADA, BOB, ADA)
    assert heard["body"] == {"type": "text", "text": {"body": "Hello?"}}
    api.send(text())
    api.send(text(BOB))
    api.send(template(to=BOB))
    records = api.get("/sandbox/messages")["messages"][::-1]
    statuses = [record["status"] for record in records if record["direction"] == "out"]
    assert statuses == ["failed", "read", "failed", "read"]
    assert records[0]["error"] == records[3]["error"]
    assert records[0]["error"]["code"] == 131047
    detail = api.get(f"/sandbox/messages/{heard['id']}")
    assert detail["reply"] is None


@pytest.mark.parametrize(
    "reply",
    [{}, {"from": ADA}, {"from": ADA, "text": ""}, {"from": ADA, "text": " "}, {"from": "x", "text": "x"}],
)
def test_a_reply_that_makes_no_sense(api: Api, reply: object) -> None:
    refused = api.call("POST", "/sandbox/replies", json=reply)
    assert (refused.status_code, refused.json()["code"]) == (400, 3002)


def test_stats_and_clearing(api: Api) -> None:
    for message in (template(), text(), text(), {}):
        api.send(message)
    stats = api.get("/sandbox/stats")
    assert (stats["messages"], stats["recipients"], stats["duplicates"], stats["failed"]) == (3, 1, 1, 2)
    assert stats["by_status"] == {"accepted": 0, "sent": 0, "delivered": 0, "read": 1, "failed": 2}
    assert (stats["capacity"], stats["dropped"]) == (100_000, 0)
    newest = api.get("/sandbox/messages")["messages"][0]["id"]
    assert api.call("DELETE", "/sandbox/messages").json() == {"code": 0, "message": "success"}
    assert api.get("/sandbox/messages") == {"total": 0, "messages": [], "next": None}
    assert api.get("/sandbox/conversations")["total"] == 0
    assert sum(api.get("/sandbox/stats")["by_status"].values()) == 0
    api.send(text())
    assert api.get("/sandbox/messages")["messages"][0]["id"] > newest


def test_keys_are_added_and_removed_and_never_show_their_secret(api: Api, running: Sandbox) -> None:
    key = {"key": "second", "secret": "s3cret", "numbers": ["8613800138000"]}
    added = api.call("POST", "/sandbox/keys", json=key)
    assert (added.status_code, added.json()["numbers"]) == (201, ["+8613800138000"])
    assert "s3cret" not in api.call("GET", "/sandbox/keys").text
    with Api(running.url, "second", "s3cret") as second:
        assert second.send(text()).status_code == 200
        api.call("POST", "/sandbox/keys", json={**key, "state": "disabled"})
        assert second.send(text()).json()["code"] == 2002
        assert api.call("DELETE", "/sandbox/keys/second").status_code == 200
        assert second.send(text()).json()["code"] == 2001
    assert api.call("DELETE", "/sandbox/keys/second").status_code == 404


def test_nothing_can_be_changed_by_a_form_on_another_page(running: Sandbox) -> None:
    """What a browser sends across sites without asking first is refused: its type is never JSON."""
    reply = requests.post(
        running.url + "/sandbox/replies",
        data=b'{"from": "+447911123456", "text": "x"}',
        headers={"Content-Type": "text/plain"},
        timeout=20,
    )
    assert (reply.status_code, reply.json()["code"]) == (400, 3001)


def test_a_query_finds_a_message_as_far_as_it_has_come() -> None:
    slow = Delivery(sent_after_s=0.05, delivered_after_s=3600, spread=0)
    with Sandbox(SandboxSettings(delivery=slow)) as sandbox, Api(sandbox.url) as api:
        api.send(template())
        while sandbox.messages[0].status == "accepted":
            pass
        (record,) = sandbox.messages
        assert record.status == "sent"
        accepted, sent = api.get(f"/sandbox/messages/{record.id}")["history"]
        assert (accepted["status"], sent["status"]) == ("accepted", "sent")
        passed = datetime.fromisoformat(sent["at"]) - datetime.fromisoformat(accepted["at"])
        assert timedelta(milliseconds=40) <= passed
