"""A row that differs from what we know is read as far as it can be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.callbacks.rows import ADA, AT_S, notice, said, status
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks.row import ReceivedRow, kind_of, raw_of, read_row


def read(value: object) -> ReceivedRow:
    return read_row(msgspec.json.encode(value))


def changed(path: str, value: object) -> dict[str, Any]:
    """Return a status row with another value at `path`; None leaves it out."""
    row = status("delivered_failed", code=131026)
    row["status"]["loss"] = {"loss_step": 3, "loss_source": "meta"}
    *parents, last = path.split(".")
    inner = row
    for name in parents:
        inner = inner[name]
    if value is None:
        inner.pop(last)
    else:
        inner[last] = value
    return row


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("server", None),
        ("server", 5),
        ("itime", "soon"),
        ("itime", None),
        ("custom_args", "none"),
        ("status.status_data", None),
        ("status.status_data", []),
        ("status.status_data.msg_time", None),
        ("status.status_data.msg_time", "noon"),
        ("status.status_data.pricing", 5),
        ("status.error_detail", "text"),
        ("status.error_detail", {}),
        ("status.loss.loss_step", 9),
        ("from", ["+1"]),
        ("response", "none"),
    ],
)
def test_an_odd_part_costs_no_other(path: str, value: object) -> None:
    row = read(changed(path, value))
    assert row.status is not None
    assert (row.message_id, row.to, row.kind) == ("m1", ADA, "status")
    assert (row.status.message_status, row.status.error_code) == ("delivered_failed", 131026)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("message_id", 77, "77"),
        ("to", 447911123456, "447911123456"),
        ("itime", str(AT_S), AT_S),
        ("status.error_code", "131026", 131026),
        ("status.error_code", 131026.0, 131026),
        ("status.message_status", "DELIVERED", "delivered"),
    ],
)
def test_numbers_and_texts_stand_for_each_other(path: str, value: object, expected: object) -> None:
    found: object = read(changed(path, value))
    for name in path.split("."):
        found = getattr(found, name)
    assert found == expected


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (status(), "status"),
        (status("a state of tomorrow"), "status"),
        (said("hi"), "response"),
        ({**said("hi"), "response": {"event": "a new one", "response_data": {}}}, "response"),
        (notice(), "notification"),
        (notice("delivery_estimate_cost", estimated_cost=79), "notification"),
        ({"server": "whatsapp"}, "unknown"),
        ({"status": "sent"}, "unknown"),
        ({**said("hi"), "status": {}, "notification": {}}, "response"),
        ({"status": {}}, "status"),
        ([], "unknown"),
    ],
)
def test_what_a_row_speaks_of_is_known_even_where_it_cannot_be_read(row: object, kind: str) -> None:
    assert kind_of(read(row)) == kind


def test_what_a_person_wrote_is_read_whatever_the_event_is_called() -> None:
    row = read({**said("STOP"), "response": {**said("STOP")["response"], "event": "tomorrow"}})
    assert row.response is not None
    assert row.response.response_data["message"] == {"type": "text", "text": {"body": "STOP"}}


def test_nobody_can_set_what_we_add() -> None:
    added = {"wa_bulk raw": "eA==", "wa_bulk kind": "notification", "wa_bulk error_code": 131050}
    row = read({**said("hi"), **added})
    assert (row.raw[:1], row.kind, row.error_code) == (b"{", "response", None)


def test_a_row_made_by_hand_is_encoded() -> None:
    row = msgspec.json.decode(msgspec.json.encode(status()), type=CallbackRow)
    assert msgspec.json.decode(raw_of(row)) == status()
    assert kind_of(row) == "status"
    assert kind_of(CallbackRow(server="whatsapp", itime=1)) == "unknown"


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
parts = st.recursive(
    values,
    lambda inner: st.dictionaries(
        st.sampled_from(
            "server itime message_id to from status response notification message_status status_data "
            "msg_time error_code error_detail loss loss_step event response_data message custom_args".split()
        ),
        inner,
    ),
    max_leaves=20,
)


@given(parts)
def test_whatever_a_row_is_made_of_it_is_kept(value: object) -> None:
    assert read(value).raw == msgspec.json.encode(value)
