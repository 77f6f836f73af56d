"""What the vendor notified of the account's templates: the last word on each."""

from __future__ import annotations

from msgspec import Struct

from wa_bulk.history.inbox import Inbox
from wa_bulk.history.notification import event_and_data


class TemplateUpdate(Struct, frozen=True):
    """A template's status from `at_ms` on (milliseconds since 1970); `reason` is the vendor's, or empty."""

    status: str
    at_ms: int
    reason: str


def template_updates(inbox: Inbox) -> dict[tuple[str, str], TemplateUpdate]:
    """Return the latest update of each template, by name and language. May raise HistoryError."""
    updates: dict[tuple[str, str], TemplateUpdate] = {}
    for row in inbox.rows("notification"):
        event, data = event_and_data(row.body)
        if event != "template_update":
            continue
        name, language, status, reason = (
            data.get(f"template_{key}") for key in ("name", "language", "status", "status_reason")
        )
        if isinstance(name, str) and isinstance(language, str) and isinstance(status, str):
            words = reason if isinstance(reason, str) and reason != "NONE" else ""
            updates[name, language] = TemplateUpdate(status, row.at_ms, words)
    return updates
