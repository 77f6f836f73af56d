"""Callback rows to record, as JSON the vendor could have posted."""

from __future__ import annotations

from typing import Any

import msgspec

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks import parse_callback

Json = dict[str, Any]

RUN = "0197a3b2c4d5e6f7"
ADA = "+447911123456"
BOB = "+33612345678"
BUSINESS = "+8613800138000"
AT_S = 1_795_000_000
AT_MS = AT_S * 1000


def status(
    state: str = "sent",
    *,
    message_id: str = "m1",
    to: str | None = ADA,
    tag: str | None = f"{RUN}:1",
    at_s: int = AT_S,
    code: int | None = None,
) -> Json:
    """Return a status row."""
    report: Json = {"message_status": state, "status_data": {"msg_time": at_s}}
    if code is not None:
        report["error_code"] = code
    row: Json = {"server": "whatsapp", "itime": at_s, "message_id": message_id, "from": BUSINESS}
    if to is not None:
        row["to"] = to
    if tag is not None:
        row["custom_args"] = {"wa_bulk": tag, "order": "A-1"}
    return {**row, "status": report}


def said(
    text: str,
    *,
    number: str | None = ADA,
    answers: str | None = None,
    at_s: int = AT_S,
    message_id: str = "in-1",
) -> Json:
    """Return a row with what a person wrote."""
    data: Json = {"message": {"type": "text", "text": {"body": text}}}
    if answers is not None:
        data["message_context"] = {"origin_message_id": answers}
    row: Json = {"server": "whatsapp", "itime": at_s, "message_id": message_id, "to": BUSINESS}
    if number is not None:
        row["from"] = number
    return {**row, "response": {"event": "received", "response_data": data}}


def notice(event: str = "insufficient_balance", **data: object) -> Json:
    """Return a notification row."""
    return {
        "server": "whatsapp",
        "itime": AT_S,
        "notification": {"event": event, "notification_data": data},
    }


def body(*rows: object) -> bytes:
    """Return the body of a callback request."""
    return msgspec.json.encode({"total": len(rows), "rows": rows})


def parsed(*rows: object) -> list[CallbackRow]:
    """Return the rows as the receiver reads them."""
    return parse_callback(body(*rows))
