"""Notifications are put into words, whatever of them is missing or new."""

from __future__ import annotations

import pytest

from wa_bulk.history.notification import event_and_data, in_words


@pytest.mark.parametrize(
    ("event", "data", "words"),
    [
        (
            "insufficient_balance",
            {"remain_balance": 5.12, "balance_threshold": 10},
            "the balance is low: 5.12 USD, below 10 USD",
        ),
        (
            "template_update",
            {"template_name": "code", "template_language": "en", "template_status": "PAUSED",
             "template_status_reason": "LOW_QUALITY"},
            "the template code (en) is PAUSED, LOW_QUALITY",
        ),
        (
            "template_update",
            {"template_name": "code", "template_status": "APPROVED", "template_status_reason": "NONE"},
            "the template code (?) is APPROVED",
        ),
        (
            "phone_number_update",
            {"display_phone_number": "+86 138", "current_limit": "TIER_1K"},
            "the number +86 138 has the limit TIER_1K",
        ),
        (
            "phone_number_update",
            {"display_phone_number": "+86 138", "current_limit": "TIER_1K", "quality": "FLAGGED"},
            "the number +86 138 is FLAGGED and has the limit TIER_1K",
        ),
        ("phone_number_update", {"x": [1]}, "the number ? has changed"),
        (
            "whatsapp_business_update",
            {"waba_event": "DISABLED_UPDATE", "ban_state": "DISABLE"},
            "the account: DISABLED_UPDATE DISABLE",
        ),
        ("something_new", {"text": "x"}, 'something new {"text":"x"}'),
    ],
)  # fmt: skip
def test_a_notification_in_words(event: str, data: dict[str, object], words: str) -> None:
    assert in_words(event, data) == words


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"notification":5}', b'{"notification":{}}', b"\xff"]
)
def test_what_is_no_notification_has_no_event(body: bytes) -> None:
    assert event_and_data(body) == ("", {})


def test_data_of_another_form_is_left_out() -> None:
    assert event_and_data(b'{"notification":{"event":"e","notification_data":[1]}}') == ("e", {})
