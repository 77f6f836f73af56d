"""How deeply a request may be nested."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.api import Api, Json, text
from tests.sandbox.test_templates import GREETING
from wa_bulk.sandbox.checks import MAX_DEPTH, nests_too_deeply


def nested(depth: int) -> Json:
    """An object of `depth` levels."""
    args: Json = {"level": depth}
    for _ in range(depth - 1):
        args = {"in": args}
    return args


@pytest.mark.parametrize("depth", [101, 980, 20_000])
def test_too_deep_is_refused_at_the_door(api: Api, depth: int) -> None:
    payload = b'{"to":"447911123456","body":{"type":"text","text":{"body":"x"}},"custom_args":%s}' % (
        b'{"a":' * depth + b"1" + b"}" * depth
    )
    reply = api.call("POST", "/v1/messages", data=payload, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (400, 3001)
    assert "100 levels" in reply.json()["message"]
    assert api.get("/sandbox/messages")["total"] == 0


def test_as_deep_as_may_be_is_taken_and_shown_everywhere(api: Api) -> None:
    api.send(text() | {"custom_args": nested(MAX_DEPTH - 1)})
    record = api.get("/sandbox/messages")["messages"][0]
    assert record["custom_args"] == nested(MAX_DEPTH - 1)
    assert api.get(f"/sandbox/messages/{record['id']}")["custom_args"] == nested(MAX_DEPTH - 1)
    assert api.get("/sandbox/conversations")["conversations"][0]["last"]["id"] == record["id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/templates", GREETING | {"more": nested(200)}),
        ("PUT", "/sandbox/faults", nested(200)),
        (
            "POST",
            "/sandbox/callbacks/notification",
            {"event": "template_update", "notification_data": nested(200)},
        ),
    ],
)
def test_nothing_that_takes_json_takes_it_deeper(api: Api, method: str, path: str, body: Json) -> None:
    reply = api.call(method, path, json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, 3001)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


brackets = st.text(alphabet='[]{}"\\ax', max_size=8)
wide_or_deep: st.SearchStrategy[object] = st.recursive(
    brackets | st.lists(st.just([]), max_size=120),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(brackets, inner, max_size=3),
    max_leaves=8,
)


@given(value=wide_or_deep, wraps=st.integers(0, 130))
def test_the_depth_is_that_of_the_json(value: object, wraps: int) -> None:
    for _ in range(wraps):
        value = [value]
    payload = json.dumps(value).encode()
    assert nests_too_deeply(payload) is (depth_of(value) > MAX_DEPTH)


def test_a_string_without_an_end_is_looked_at_once() -> None:
    assert not nests_too_deeply(b"[" * 100 + b'"' + b'[\\"' * 200_000)
