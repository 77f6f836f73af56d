"""What the vendor notifies of: the account's balance, templates and numbers, read and put into words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from wa_bulk.api.phone_number import e164
from wa_bulk.history.inbox import Inbox

Data = dict[str, object]
Scope = Literal["template", "sender", "account"]

_TEMPLATE_OUT_OF_USE = {
    "PAUSED", "DISABLED", "REJECTED", "IN_APPEAL", "PENDING", "PENDING_DELETION", "DELETED",
}  # fmt: skip
_NUMBER_OUT_OF_USE = {"FLAGGED", "RESTRICTED", "BLOCKED", "BANNED", "DISABLED"}
"""Meta's words for a number that people complained of. The vendor's page names no field for them."""
_BACK_IN_USE = {"UNFLAGGED", "UNRESTRICTED", "UNBLOCKED", "REINSTATED", "REINSTATE", "CONNECTED"}
"""Words by which a number, or the account, may be used again."""


class Notice(Struct, frozen=True):
    """A notification that something is not to be used any more: a template, a sending number, the account.

    `name` is that of the template, with its `language`, or the number in E.164 form. `words` tell it to a
    person.
    """

    scope: Scope
    name: str
    language: str
    words: str


def event_and_data(body: bytes) -> tuple[str, Data]:
    """Return the event of a notification row and its data; empty where the row cannot be read."""
    try:
        notification = msgspec.json.decode(body)["notification"]
        event, data = notification["event"], notification.get("notification_data")
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return "", {}
    return str(event), data if isinstance(data, dict) else {}


def notices(inbox: Inbox, after_id: int) -> Iterator[tuple[int, Notice]]:
    """Yield the notices stored behind `after_id`, each with its id. May raise HistoryError."""
    for row in inbox.rows("notification", after_id=after_id):
        notice = _notice(*event_and_data(row.body))
        if notice is not None:
            yield row.id, notice


def still_out_of_use(inbox: Inbox) -> list[tuple[int, Notice]]:
    """Return the last notice of each sending number and of the account that no later notification takes back.

    Each with when it was stored, in milliseconds since 1970. Templates are left out: the account itself tells
    of those. May raise HistoryError.
    """
    last: dict[tuple[Scope, str], tuple[int, Notice]] = {}
    for row in inbox.rows("notification"):
        event, data = event_and_data(row.body)
        notice = _notice(event, data)
        if notice is not None and notice.scope != "template":
            last[notice.scope, notice.name] = row.at_ms, notice
        elif any(isinstance(value, str) and value in _BACK_IN_USE for value in data.values()):
            last.pop(("sender", _number(data)) if event == "phone_number_update" else ("account", ""), None)
    return list(last.values())


def in_words(event: str, data: Data) -> str:
    """Tell a notification in a line, as far as it can be understood."""

    def say(key: str, otherwise: str = "?") -> str:
        value = data.get(key)
        return otherwise if value is None or value == "" else str(value)

    match event:
        case "insufficient_balance":
            return f"the balance is low: {say('remain_balance')} USD, below {say('balance_threshold')} USD"
        case "template_update":
            reason = say("template_status_reason", "NONE")
            why = "" if reason == "NONE" else f", {reason}"
            name = f"{say('template_name')} ({say('template_language')})"
            return f"the template {name} is {say('template_status')}{why}"
        case "phone_number_update":
            flags = [value for value in data.values() if _is_out_of_use(value)]
            limit = data.get("current_limit")
            facts = [f"is {flag}" for flag in flags] + ([f"has the limit {limit}"] if limit else [])
            return f"the number {say('display_phone_number')} {' and '.join(facts) or 'has changed'}"
        case "whatsapp_business_update":
            more = [say(key, "") for key in ("ban_state", "violation_type")]
            return f"the account: {' '.join(filter(None, [say('waba_event'), *more]))}"
        case _:
            return f"{event.replace('_', ' ')} {msgspec.json.encode(data).decode()}"


def _notice(event: str, data: Data) -> Notice | None:
    words = f"EngageLab notified: {in_words(event, data)}"
    match event:
        case "template_update" if data.get("template_status") in _TEMPLATE_OUT_OF_USE:
            name, language = (str(data.get(f"template_{key}") or "") for key in ("name", "language"))
            return Notice("template", name, language, words)
        case "phone_number_update" if any(map(_is_out_of_use, data.values())):
            return Notice("sender", _number(data), "", words)
        case "whatsapp_business_update" if data.get("ban_state") == "DISABLE":
            return Notice("account", "", "", words)
        case _:
            return None


def _is_out_of_use(value: object) -> bool:
    return isinstance(value, str) and value in _NUMBER_OUT_OF_USE


def _number(data: Data) -> str:
    shown = str(data.get("display_phone_number") or "")
    try:
        return e164(shown)
    except ValueError:
        return shown
