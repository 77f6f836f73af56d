"""Notifications are put into words, whatever of them is missing or new."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import notice
from wa_bulk.history import History
from wa_bulk.history.notification import event_and_data, in_words, still_out_of_use


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


def test_what_is_out_of_use_stays_so_until_it_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"

    def out_of_use() -> set[str]:
        with History.open(file) as history:
            return {notice.name for _, notice in still_out_of_use(history.inbox)}

    number = {"display_phone_number": "+86 138 0013 8000"}
    hear(file, notice("phone_number_update", **number, quality="FLAGGED"))
    hear(file, notice("phone_number_update", display_phone_number="+447911123456", status="RESTRICTED"))
    hear(file, notice("whatsapp_business_update", waba_event="DISABLED_UPDATE", ban_state="DISABLE"))
    hear(file, notice("template_update", template_name="code", template_status="PAUSED"))
    assert out_of_use() == {"+8613800138000", "+447911123456", ""}
    hear(file, notice("phone_number_update", **number, current_limit="TIER_250"))
    assert out_of_use() == {"+8613800138000", "+447911123456", ""}, "a limit takes nothing back"
    hear(file, notice("phone_number_update", **number, quality="UNFLAGGED"))
    hear(file, notice("whatsapp_business_update", waba_event="DISABLED_UPDATE", ban_state="REINSTATE"))
    assert out_of_use() == {"+447911123456"}


def test_data_of_another_form_is_left_out() -> None:
    assert event_and_data(b'{"notification":{"event":"e","notification_data":[1]}}') == ("e", {})
