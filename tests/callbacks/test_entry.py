"""What a row leaves behind is something the database can hold, whatever the row holds."""

from __future__ import annotations

import pytest

from tests.callbacks.rows import ADA, AT_MS, AT_S, RUN, parsed, said, status
from wa_bulk.callbacks import OptOutWords, parse_callback
from wa_bulk.callbacks.entry import Entry, digest_of, entry_of
from wa_bulk.history import RANK


def entry(row: object, received_ms: int = AT_MS + 5) -> Entry:
    (only,) = parsed(row)
    return entry_of(only, OptOutWords(), received_ms)


def test_a_status() -> None:
    message = entry(status("delivered", to="00447911123456")).message
    assert message is not None
    assert message[:6] == ("m1", ADA, RUN, 1, RANK["delivered"], AT_MS)
    assert (message.sent_ms, message.delivered_ms, message.read_ms) == (None, AT_MS, None)
    assert message.heard_ms == AT_MS + 5


def test_a_status_of_tomorrow_says_that_the_message_was_taken() -> None:
    message = entry(status("teleported")).message
    assert message is not None
    assert (message.message_id, message.row, message.state) == ("m1", 1, RANK["plan"])


@pytest.mark.parametrize("row", [said("hi"), status(message_id=""), {"server": "whatsapp"}, 5])
def test_what_speaks_of_no_message_of_ours(row: object) -> None:
    assert entry(row).message is None


@pytest.mark.parametrize("number", [b"1" + b"0" * 30, b"-1", b"9223372036854775808", b"1e30", b"0"])
@pytest.mark.parametrize("field", [b'"itime":', b'"msg_time":', b'"error_code":'])
def test_numbers_beyond_any_use(field: bytes, number: bytes) -> None:
    body = (
        b'{"rows":[{"message_id":"m1","itime":1795000000,"status":{"message_status":"sent_failed",'
        b'"status_data":{"msg_time":1795000000},"error_code":131026}}]}'
    )
    start = body.index(field) + len(field)
    end = min(body.index(mark, start) for mark in (b",", b"}") if mark in body[start:])
    (row,) = parse_callback(body[:start] + number + body[end:])
    message = entry_of(row, OptOutWords(), AT_MS).message
    assert message is not None
    assert message.at_ms == AT_MS
    assert message.code is None or -(2**63) <= message.code < 2**63


def test_a_wish_is_not_from_the_future() -> None:
    opt_out = entry(said("stop", at_s=AT_S + 1000)).opt_out
    assert opt_out is not None
    assert opt_out.at_ms == AT_MS + 5


def test_bodies_are_told_apart() -> None:
    assert digest_of(b"a") != digest_of(b"b")
    assert -(2**63) <= digest_of(b"a") < 2**63
