"""What the vendor notified of the account's templates: the last word on each."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from wa_bulk.history.inbox import Inbox


class TemplateUpdate(Struct, frozen=True):
    """A template's status from `at_ms` on (milliseconds since 1970); `reason` is the vendor's, or empty."""

    status: str
    at_ms: int
    reason: str


def template_updates(inbox: Inbox) -> dict[tuple[str, str], TemplateUpdate]:
    """Return the latest update of each template, by name and language. May raise HistoryError."""
    updates: dict[tuple[str, str], TemplateUpdate] = {}
    for row in inbox.rows("notification"):
        data = _data(row.body)
        name, language, status, reason = (
            data.get(f"template_{key}") for key in ("name", "language", "status", "status_reason")
        )
        if isinstance(name, str) and isinstance(language, str) and isinstance(status, str):
            words = reason if isinstance(reason, str) and reason != "NONE" else ""
            updates[name, language] = TemplateUpdate(status, row.at_ms, words)
    return updates


def _data(body: bytes) -> dict[str, object]:
    """Return the data of a notification on a template, empty for any other."""
    try:
        found = msgspec.json.decode(body)
        notification = found["notification"]
        data = notification["notification_data"] if notification["event"] == "template_update" else {}
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}
