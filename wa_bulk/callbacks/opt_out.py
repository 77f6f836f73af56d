"""Who asks, in a callback row, not to be written to any more, or to be written to again."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from wa_bulk.api.callbacks import CallbackRow, ResponseReport
from wa_bulk.callbacks.words import OptOutWords, Wish
from wa_bulk.history import Source

STOPPED_MARKETING = 131050
"""Meta's code for a person who has stopped marketing messages from this business."""

_WORDS_SHOWN = 40


class OptOut(Struct, frozen=True, kw_only=True):
    """A wish, and whose it is: `number`, or whoever got the message `answers` where no number came with it.

    `reason` is in the words of the suppression list, `at_ms` when it was said (milliseconds since 1970).
    """

    wish: Wish
    source: Source
    reason: str
    at_ms: int
    number: str | None = None
    answers: str | None = None


def opt_out_of(row: CallbackRow, words: OptOutWords, at_ms: int) -> OptOut | None:
    """Return the wish that `row`, from `at_ms`, holds; None where it holds none, or nobody's."""
    if row.status is not None:
        if row.status.error_code != STOPPED_MARKETING or not row.to:
            return None
        reason = f"stopped marketing messages ({STOPPED_MARKETING})"
        return OptOut(wish="stop", source="meta", reason=reason, at_ms=at_ms, number=row.to)
    if row.response is None:
        return None
    for text in _texts(row.response):
        wish = words.wish(text)
        if wish is None:
            continue
        number, answers = _writer(row, row.response), _answered(row.response)
        if not number and not answers:
            return None
        reason = f"wrote {' '.join(text.split())[:_WORDS_SHOWN]}"
        return OptOut(wish=wish, source="stop", reason=reason, at_ms=at_ms, number=number, answers=answers)
    return None


def _texts(response: ResponseReport) -> Iterator[str]:
    """Yield what the person wrote, or the button they pressed (Meta's forms of an inbound message)."""
    message = _object(_data(response), "message")
    interactive = _object(message, "interactive")
    for part, keys in (
        (_object(message, "text"), ("body",)),
        (_object(message, "button"), ("text", "payload")),
        (_object(interactive, "button_reply"), ("title", "id")),
        (_object(interactive, "list_reply"), ("title", "id")),
    ):
        yield from (text for key in keys if isinstance(text := part.get(key), str))


def _writer(row: CallbackRow, response: ResponseReport) -> str | None:
    """Return the number of whoever wrote: WhatsApp's own word for it first, without its plus."""
    wa_id = _object(_data(response), "contact").get("wa_id")
    if isinstance(wa_id, str) and wa_id.strip():
        number = wa_id.strip()
        return f"+{number}" if number.isdigit() else number
    return row.from_ or None


def _answered(response: ResponseReport) -> str | None:
    message_id = _object(_data(response), "message_context").get("origin_message_id")
    return message_id if isinstance(message_id, str) and message_id else None


def _data(response: ResponseReport) -> dict[str, object]:
    data: object = response.response_data
    return data if isinstance(data, dict) else {}


def _object(parent: dict[str, object], key: str) -> dict[str, object]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
