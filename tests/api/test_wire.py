"""Messages to JSON and back."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.template_messages import TO
from wa_bulk.api import Message, ValidationError, decode, encode


@pytest.mark.parametrize(
    ("payload", "field", "fault"),
    [
        (b"{", "", "is not JSON"),
        (b"\xff", "", "is not JSON"),
        (b"// a comment\n{}", "", "is not JSON"),
        (b"[]", "", "is of type array"),
        (b'{"to":["1"]}', "body", "is missing"),
        (b'{"to":4,"body":{"type":"text","text":{"body":"x"}}}', "to", "is of type int"),
        (b'{"to":"1","body":{"type":"text"}}', "body.text", "is missing"),
        (b'{"to":"1","body":{"text":{"body":"x"}}}', "body.type", "is missing"),
        (b'{"to":"1","body":{"type":"letter"}}', "body.type", "invalid value 'letter'"),
        (b'{"to":"1","body":{"type":"text","text":{"body":5}}}', "body.text.body", "is of type int"),
    ],
)
def test_payloads_that_are_no_message(payload: bytes, field: str, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        decode(payload)
    assert caught.value.field == field
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Message.text(TO, "a\ud800"), "body"),
        (Message.text(TO, "a", custom_args={"a": object()}), "custom_args"),
        (Message.text(TO, "a", request_id="\udfff"), "request_id"),
    ],
)
def test_what_has_no_json_form_is_named(message: Message, field: str) -> None:
    with pytest.raises(ValidationError, match="has no JSON form") as caught:
        encode(message)
    assert caught.value.field == field


@given(st.text(min_size=1))
def test_any_text_survives_the_wire(text: str) -> None:
    message = Message.text(TO, text)
    try:
        payload = encode(message)
    except ValidationError as error:
        assert error.field == "body"
        assert re.search("[\ud800-\udfff]", text)
    else:
        assert json.loads(payload)["body"]["text"]["body"] == text
        assert decode(payload).body == message.body
