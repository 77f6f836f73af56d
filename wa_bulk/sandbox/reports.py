"""Callback rows: the words for a message's step and for what a person wrote."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from wa_bulk.api.callbacks import (
    META_ERRORS,
    CallbackRow,
    ErrorDetail,
    Loss,
    NotificationReport,
    ResponseReport,
    StatusData,
    StatusReport,
)
from wa_bulk.sandbox.journey import Step, Traveller

ACCOUNT_ID = "106512345678901"
PHONE_ID = "103987654321098"
_LOST_AT: dict[str, Literal[1, 2, 3]] = {"target_invalid": 1, "sent_failed": 2, "delivered_failed": 3}


class UserReply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something a person writes, to the sending number `to`, or the account's own where it is left out.

    `event` is `received`, or `reply` to the message whose id is `reply_to`.
    """

    from_: str = field(name="from")
    text: Annotated[str, Meta(min_length=1, max_length=4096)]
    to: str | None = None
    event: Literal["received", "reply", "order", "deleted"] = "received"
    reply_to: str | None = None


def status_row(traveller: Traveller, step: Step, at_s: int) -> CallbackRow:
    """`at_s`: seconds since 1970."""
    status = step.status
    on_the_way = status in ("sent", "delivered", "read")
    data = StatusData(
        msg_time=at_s,
        channel_message_id=f"wamid.{traveller.message_id}" if on_the_way else None,
        whatsapp_business_account_id=ACCOUNT_ID,
        timezone="UTC",
        plan_user_total=1 if status == "plan" else None,
        from_phone_id=PHONE_ID if on_the_way else None,
        conversation=(
            {"id": f"c{traveller.message_id}", "origin": {"type": "business_initiated"}}
            if on_the_way
            else None
        ),
        pricing={"billable": True, "pricing_model": "CBP"} if status == "sent" else None,
    )
    report = StatusReport(message_status=status, status_data=data)
    if step.error:
        lost_at = _LOST_AT[status]
        report = StatusReport(
            message_status=status,
            status_data=data,
            error_code=step.error,
            error_detail=ErrorDetail(META_ERRORS[step.error].meaning),
            loss=Loss(lost_at, "engagelab" if lost_at == 1 else "meta"),
        )
    return CallbackRow(
        server="whatsapp",
        itime=at_s,
        message_id=traveller.message_id,
        from_=traveller.sender,
        to=traveller.contact,
        channel="whatsapp",
        custom_args=traveller.custom_args,
        status=report,
    )


def response_row(reply: UserReply, message_id: str, at_s: int) -> CallbackRow:
    """`at_s`: seconds since 1970."""
    data: dict[str, object] = {
        "channel_message_id": f"wamid.{message_id}",
        "contact": {"wa_id": reply.from_.removeprefix("+"), "profile": {"name": reply.from_}},
        "message": {"type": "text", "text": {"body": reply.text}},
    }
    if reply.reply_to is not None:
        data["message_context"] = {"origin_message_id": reply.reply_to}
    return CallbackRow(
        server="whatsapp",
        itime=at_s,
        message_id=message_id,
        from_=reply.from_,
        to=reply.to,
        channel="whatsapp",
        response=ResponseReport(event=reply.event, response_data=data),
    )


def notification_row(report: NotificationReport, at_s: int) -> CallbackRow:
    """`at_s`: seconds since 1970."""
    return CallbackRow(server="whatsapp", itime=at_s, channel="whatsapp", notification=report)
