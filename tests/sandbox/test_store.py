"""What is kept, for how long, and that it comes back as it went in."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.api import ADA, Api, Json, template, text
from tests.sandbox.conftest import AT_ONCE
from tests.sandbox.test_templates import GREETING
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings


def test_above_the_cap_the_oldest_go_first() -> None:
    with Sandbox(SandboxSettings(cap=10, delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        for number in range(8):
            api.send(text(f"+4479111234{number:02}"))
        api.send(text([f"+4479111235{number:02}" for number in range(7)]))
        stats = api.get("/sandbox/stats")
        assert (stats["messages"], stats["dropped"], stats["capacity"]) == (10, 5, 10)
        assert (stats["recipients"], stats["by_status"]["failed"]) == (10, 10)
        page = api.get("/sandbox/messages")
        assert (page["total"], len(page["messages"])) == (10, 10)
        assert page["messages"][-1]["to"] == "+447911123405"
        assert api.get("/sandbox/conversations", q="+447911123404")["total"] == 0
        dropped = page["messages"][-1]["id"] - 1
        assert api.call("GET", f"/sandbox/messages/{dropped}").status_code == 404


def test_messages_that_are_dropped_in_transit_leave_the_counters_right() -> None:
    delivery = Delivery(sent_after_s=0.05, delivered_after_s=0.05, read_after_s=0.05)
    with Sandbox(SandboxSettings(cap=5, delivery=delivery)) as sandbox, Api(sandbox.url) as api:
        for number in range(30):
            api.send(template(to=f"+4479111234{number:02}"))
            sandbox.messages  # noqa: B018 - looking makes it write
        sandbox.wait_settled()
        assert sandbox.stats.by_status == {"accepted": 0, "sent": 0, "delivered": 0, "read": 5, "failed": 0}
        assert [record.status for record in sandbox.messages] == ["read"] * 5


def test_a_request_to_more_people_than_the_cap_holds() -> None:
    with Sandbox(SandboxSettings(cap=3, delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        api.send(text([f"+4479111235{number:02}" for number in range(9)]))
        assert [record.to for record in sandbox.messages] == [
            "+447911123506",
            "+447911123507",
            "+447911123508",
        ]
        assert sandbox.stats.by_status["failed"] == 3


def test_a_database_keeps_everything_across_restarts(tmp_path: Path) -> None:
    settings = SandboxSettings(db=str(tmp_path / "sandbox.db"), delivery=AT_ONCE)
    with Sandbox(settings) as sandbox, Api(sandbox.url) as api:
        api.send(template() | {"request_id": "r1", "custom_args": {"a": [1]}})
        api.send(template())
        api.send(text())
        sandbox.reply(ADA, "Hello?")
        api.call("POST", "/v1/templates", json=GREETING)
        api.call("DELETE", "/v1/templates/hello_world")
        api.call("POST", "/sandbox/keys", json={"key": "second", "secret": "x"})
        before = (sandbox.messages, api.get("/sandbox/conversations"), api.get("/v1/templates"))
        detail = api.get(f"/sandbox/messages/{sandbox.messages[0].id}")
    with Sandbox(settings) as sandbox, Api(sandbox.url) as api:
        after = (sandbox.messages, api.get("/sandbox/conversations"), api.get("/v1/templates"))
        assert after == before
        assert api.get(f"/sandbox/messages/{sandbox.messages[0].id}") == detail
        stats = sandbox.stats
        assert (stats.messages, stats.duplicates, stats.failed, stats.capacity) == (4, 1, 1, None)
        assert stats.by_status == {"accepted": 0, "sent": 0, "delivered": 0, "read": 2, "failed": 1}
        with Api(sandbox.url, "second", "x") as second:
            assert second.send(text()).status_code == 200
        assert sandbox.messages[-1].id == before[0][-1].id + 1
        assert sandbox.messages[-1].duplicate_of == before[0][2].id
        assert sandbox.messages[-1].status == "read", "the window that was open is open still"


def test_deliveries_go_on_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    slow = Delivery(sent_after_s=3600, delivered_after_s=3600, read_after_s=3600)
    with Sandbox(SandboxSettings(db=path, delivery=slow)) as sandbox, Api(sandbox.url) as api:
        api.send(template())
        api.send(text())
        api.send(template(to="+99900131049"))
        assert [record.status for record in sandbox.messages] == ["accepted"] * 3
    with Sandbox(SandboxSettings(db=path, delivery=AT_ONCE)) as sandbox:
        sandbox.wait_settled()
        assert [record.status for record in sandbox.messages] == ["read", "failed", "failed"]
        assert [record.error.code for record in sandbox.messages if record.error] == [131047, 131049]


def test_a_database_with_a_cap_keeps_to_it(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    with Sandbox(SandboxSettings(db=path, cap=2, delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        for _ in range(5):
            api.send(text())
        assert len(sandbox.messages) == 2
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM exchanges").fetchone() == (2,)
    database.close()


characters = st.characters(exclude_categories=["Cs"])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    body=st.text(characters, min_size=1, max_size=100).filter(lambda written: not written.isspace()),
    request_id=st.text(characters, min_size=1, max_size=30).filter(lambda written: not written.isspace()),
    custom_args=st.dictionaries(st.text(characters, max_size=8), json_values, max_size=4),
    ascii_only=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_comes_in_is_what_is_shown(
    api: Api, body: str, request_id: str, custom_args: Json, ascii_only: bool
) -> None:
    message = text(body=body) | {"request_id": request_id, "custom_args": custom_args}
    payload = json.dumps(message, ensure_ascii=ascii_only).encode()
    reply = api.call("POST", "/v1/messages", data=payload, headers={"Content-Type": "application/json"})
    assert reply.status_code == 200, reply.text
    assert reply.json()["request_id"] == request_id
    record = api.get("/sandbox/messages", limit=1)["messages"][0]
    assert record["body"] == message["body"]
    assert record["request_id"] == request_id
    assert record["custom_args"] == custom_args
    assert api.get(f"/sandbox/messages/{record['id']}")["request"]["body"] == payload.decode()
    assert record["id"] in [found["id"] for found in api.get("/sandbox/messages", q=body[:50])["messages"]]


def test_more_messages_than_wait_to_be_written() -> None:
    with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        for block in range(12):
            api.send(text([f"+4479{block:03}{number:05}" for number in range(1_000)]))
        api.send(text(["+447900000000", ADA]))
        stats = api.get("/sandbox/stats")
        assert (stats["messages"], stats["recipients"], stats["duplicates"]) == (12_002, 12_001, 1)
        assert stats["by_status"]["failed"] == 12_002
        first = api.get("/sandbox/conversations", q="+447900000000")["conversations"][0]
        assert (first["messages"], first["failed"], first["duplicates"]) == (2, 2, 1)
