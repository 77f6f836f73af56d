"""Callback rows: for a step of a message, for what a person wrote, for a notification.

Source of the fields: the vendor's page on callbacks. Ids of accounts, numbers and media are made up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from wa_bulk.api.callbacks import (
    CallbackRow,
    ConversationOrigin,
    ErrorDetail,
    Loss,
    NotificationReport,
    ResponseReport,
    StatusData,
    StatusReport,
)
from wa_bulk.sandbox.delivery import Step
from wa_bulk.sandbox.keys import DEFAULT_NUMBER
from wa_bulk.sandbox.transit import InTransit

ACCOUNT_ID = "106512345678901"
PHONE_ID = "103987654321098"
_LOST_AT: dict[str, Literal[1, 2, 3]] = {"target_invalid": 1, "sent_failed": 2, "delivered_failed": 3}

_NOTIFICATION_DEFAULTS: dict[str, dict[str, object]] = {
    "insufficient_balance": {"remain_balance": 5.1234, "balance_threshold": 10},
    "template_update": {
        "template_id": "406979728000002",
        "template_name": "order_update",
        "template_language": "en",
        "template_status": "FLAGGED",
        "template_status_reason": "NONE",
    },
    "phone_number_update": {
        "phone_number_id": PHONE_ID,
        "display_phone_number": DEFAULT_NUMBER,
        "current_limit": "TIER_1K",
    },
    "whatsapp_business_update": {"waba_event": "ACCOUNT_VIOLATION"},
    "delivery_estimate_cost": {"estimated_cost": 731},
}


class UserReply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something a person writes, to the sending number `to`, or the account's own where it is left out.

    `event` is `received`, or `reply` to the message whose id is `reply_to`; `order` and `deleted` come as
    those.
    """

    from_: str = field(name="from")
    text: Annotated[str, Meta(min_length=1, max_length=4096)]
    to: str | None = None
    event: Literal["received", "reply", "order", "deleted"] = "received"
    reply_to: str | None = None


def status_row(message: InTransit, step: Step, at_s: int) -> CallbackRow:
    """Report a step of a message. `at_s`: seconds since 1970."""
    status = step.status
    with_meta = status in ("sent", "delivered", "read")
    origin: ConversationOrigin = "customer_initiated" if message.window_open else "business_initiated"
    data = StatusData(
        msg_time=at_s,
        channel_message_id=_channel_id(message.message_id) if with_meta else None,
        whatsapp_business_account_id=ACCOUNT_ID,
        timezone="UTC",
        plan_user_total=1 if status == "plan" else None,
        country_code=country_of(message.contact),
        from_phone_id=PHONE_ID if with_meta else None,
        conversation={"id": f"c{message.message_id}", "origin": {"type": origin}} if with_meta else None,
        pricing={"pricing_model": "CBP", "category": origin} if with_meta else None,
    )
    lost_at = _LOST_AT[status] if step.error else None
    report = StatusReport(
        message_status=status,
        status_data=data,
        error_code=step.error,
        error_detail=ErrorDetail(step.error_text) if step.error else None,
        loss=Loss(lost_at, "engagelab" if lost_at == 1 else "meta") if lost_at else None,
    )
    return CallbackRow(
        server="whatsapp",
        itime=at_s,
        message_id=message.message_id,
        from_=message.sender,
        to=message.contact,
        channel="whatsapp",
        custom_args=message.custom_args,
        status=report,
    )


def response_row(reply: UserReply, message_id: str, answered_from: str | None, at_s: int) -> CallbackRow:
    """Report what a person wrote, whose numbers are in E.164 form.

    `answered_from` is the sending number of the message that `reply.reply_to` names, where it is known.
    `at_s`: seconds since 1970.
    """
    data: dict[str, object] = {
        "channel_message_id": _channel_id(message_id),
        "whatsapp_business_account_id": ACCOUNT_ID,
        "contact": {"profile": {"name": reply.from_}, "wa_id": reply.from_.removeprefix("+")},
        "message": _content(reply),
    }
    if reply.reply_to is not None:
        data["message_context"] = {
            "origin_from_phone": (answered_from or reply.to or DEFAULT_NUMBER).removeprefix("+"),
            "origin_channel_message_id": _channel_id(reply.reply_to),
            "origin_from_phone_id": PHONE_ID,
            "origin_message_id": reply.reply_to,
        }
    return CallbackRow(
        server="whatsapp",
        itime=at_s,
        message_id=message_id,
        from_=reply.from_,
        to=reply.to,
        channel="whatsapp",
        response=ResponseReport(event=reply.event, response_data=data),
    )


def _content(reply: UserReply) -> dict[str, object]:
    match reply.event:
        case "order":
            return {"type": "order", "order": {"text": reply.text, "product_items": []}}
        case "deleted":
            return {"type": "unknown"}
        case _:
            return {"type": "text", "text": {"body": reply.text}}


def notification_row(report: NotificationReport, at_s: int) -> CallbackRow:
    """Report a notification, missing fields of its event filled in. `at_s`: seconds since 1970."""
    data = {
        "whatsapp_business_account_id": ACCOUNT_ID,
        **_NOTIFICATION_DEFAULTS[report.event],
        **report.notification_data,
    }
    match data.get("waba_event"):
        case "DISABLED_UPDATE":
            data.setdefault("ban_state", "DISABLE")
        case "ACCOUNT_VIOLATION":
            data.setdefault("violation_type", "SPAM")
    notification = NotificationReport(event=report.event, notification_data=data)
    return CallbackRow(server="whatsapp", itime=at_s, channel="whatsapp", notification=notification)


def event_of(row: CallbackRow) -> str:
    """Return the name of what a row reports: a message status, or the event of a response or notification."""
    if row.status is not None:
        return row.status.message_status
    if row.response is not None:
        return row.response.event
    assert row.notification is not None
    return row.notification.event


def _channel_id(message_id: str) -> str:
    return f"wamid.{message_id}"


@lru_cache(maxsize=10_000)
def country_of(number: str) -> str | None:
    """Return the country of a number in E.164 form, as in `GB`; None where it belongs to none."""
    # Imported here: only callbacks need it, and it takes longer to import than the rest of the sandbox.
    from phonenumbers import NumberParseException, parse, region_code_for_number

    try:
        region = region_code_for_number(parse(number))
    except NumberParseException:
        return None
    return None if region == "001" else region
