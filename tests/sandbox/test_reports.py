"""Callback rows, field by field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from wa_bulk.api.callbacks import NOTIFICATION_VALUES, CallbackRow, NotificationReport
from wa_bulk.sandbox.delivery import Step
from wa_bulk.sandbox.reports import (
    ACCOUNT_ID,
    UserReply,
    country_of,
    event_of,
    notification_row,
    response_row,
    status_row,
)
from wa_bulk.sandbox.transit import InTransit


def in_transit(*, window_open: bool = False) -> InTransit:
    return InTransit(1, "m1", "+8613800138000", "+4915112345678", {"a": 1}, (), 1.0, window_open=window_open)


def encoded(row: CallbackRow) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(row))
    return fields


@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
@pytest.mark.parametrize(
    ("window_open", "origin"), [(True, "customer_initiated"), (False, "business_initiated")]
)
def test_who_began_the_conversation_and_what_it_counts_as(
    status: str, window_open: bool, origin: str
) -> None:
    step = Step(0.0, status)  # type: ignore[arg-type]
    report = encoded(status_row(in_transit(window_open=window_open), step, 1_700_000_000))["status"]
    assert report["error_code"] == 0
    assert report["status_data"]["conversation"] == {"id": "cm1", "origin": {"type": origin}}
    assert report["status_data"]["pricing"] == {"pricing_model": "CBP", "category": origin}
    assert report["status_data"]["country_code"] == "DE"
    assert report["status_data"]["whatsapp_business_account_id"] == ACCOUNT_ID


def test_a_plan_says_how_many_it_is_for_and_nothing_of_meta() -> None:
    data = encoded(status_row(in_transit(), Step(0.0, "plan"), 1))["status"]["status_data"]
    assert data["plan_user_total"] == 1
    assert not {"conversation", "pricing", "channel_message_id", "from_phone_id"} & set(data)


def test_a_failure_has_its_code_and_where_it_was_lost() -> None:
    step = Step(0.0, "delivered_failed", "failed", 131026)
    report = encoded(status_row(in_transit(), step, 1))["status"]
    assert report["error_code"] == 131026
    assert report["loss"] == {"loss_step": 3, "loss_source": "meta"}


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+4915112345678", "DE"),
        ("+14155550143", "US"),
        ("+14165550143", "CA"),
        ("+77011234567", "KZ"),
        ("+99900000012", None),
        ("+80012345678", None),
        ("+1", None),
    ],
)
def test_the_country_of_a_number(number: str, country: str | None) -> None:
    assert country_of(number) == country


@pytest.mark.parametrize(("event", "kind"), [("order", "order"), ("deleted", "unknown"), ("reply", "text")])
def test_the_message_of_a_response_is_of_its_events_type(event: str, kind: str) -> None:
    reply = msgspec.convert({"from": "+4915112345678", "text": "x", "event": event}, UserReply)
    row = encoded(response_row(reply, "m2", None, 1))
    assert row["response"]["response_data"]["message"]["type"] == kind
    assert "message_context" not in row["response"]["response_data"]


@pytest.mark.parametrize(
    ("event", "given", "expected"),
    [
        ("insufficient_balance", {}, {"remain_balance", "balance_threshold"}),
        ("template_update", {"template_name": "code"}, {"template_id", "template_status"}),
        ("phone_number_update", {}, {"phone_number_id", "display_phone_number", "current_limit"}),
        ("whatsapp_business_update", {}, {"violation_type"}),
        ("whatsapp_business_update", {"waba_event": "DISABLED_UPDATE"}, {"ban_state"}),
        ("delivery_estimate_cost", {}, {"estimated_cost"}),
    ],
)
def test_what_a_notification_leaves_out_is_filled_in_with_values_the_vendor_lists(
    event: str, given: dict[str, object], expected: set[str]
) -> None:
    report = msgspec.convert({"event": event, "notification_data": given}, NotificationReport)
    row = notification_row(report, 1)
    assert row.notification is not None
    data = row.notification.notification_data
    assert data["whatsapp_business_account_id"] == ACCOUNT_ID
    assert expected <= set(data)
    assert all(data[name] == value for name, value in given.items())
    assert all(data[name] in values for name, values in NOTIFICATION_VALUES.items() if name in data)


def test_the_event_of_each_kind_of_row() -> None:
    status = status_row(in_transit(), Step(0.0, "sent"), 1)
    response = response_row(UserReply(from_="+4915112345678", text="x"), "m", None, 1)
    notification = notification_row(NotificationReport(event="template_update", notification_data={}), 1)
    assert [event_of(row) for row in (status, response, notification)] == [
        "sent",
        "received",
        "template_update",
    ]
