"""Who asks, in a callback row, not to be written to any more, or to be written to again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from wa_bulk.api.callbacks import CallbackRow, ResponseReport
from wa_bulk.api.number_plan import has_e164_shape
from wa_bulk.callbacks.row import error_code_of
from wa_bulk.callbacks.words import OptOutWords, Wish
from wa_bulk.history import Source, person_of

STOPPED_MARKETING = 131050
"""Meta's code for a person who has stopped marketing messages from this business."""

_WORDS_SHOWN = 40


class OptOut(Struct, frozen=True, kw_only=True):
    """A wish, and whose it is: `number`, or whoever got the message `answers` where no number came with it.

    `number` is a business-scoped user id (`US.1349…`) where nothing else is known of the person.

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
    if error_code_of(row) == STOPPED_MARKETING:
        number, message_id = _whose((row.to,), row.message_id)
        if not number and not message_id:
            return None
        reason = f"stopped marketing messages ({STOPPED_MARKETING})"
        return OptOut(
            wish="stop", source="meta", reason=reason, at_ms=at_ms, number=number, answers=message_id
        )
    if row.response is None:
        return None
    for text in _texts(row.response):
        wish = words.wish(text)
        if wish is None:
            continue
        number, answers = _whose((_wa_id(row.response), row.from_), _answered(row.response))
        if not number and not answers:
            return None
        reason = f"wrote {' '.join(text.split())[:_WORDS_SHOWN]}"
        return OptOut(wish=wish, source="stop", reason=reason, at_ms=at_ms, number=number, answers=answers)
    return None


def _texts(response: ResponseReport) -> Iterator[str]:
    """Yield what the person wrote, or the button they pressed (Meta's forms of an inbound message)."""
    message = _object(_data(response), "message")
    interactive = _object(message, "interactive")
    if isinstance(text := message.get("text"), str):
        yield text
    for part, keys in (
        (_object(message, "text"), ("body",)),
        (_object(message, "button"), ("text", "payload")),
        (_object(interactive, "button_reply"), ("title", "id")),
        (_object(interactive, "list_reply"), ("title", "id")),
    ):
        yield from (said for key in keys if isinstance(said := part.get(key), str))


def _whose(names: Iterable[str | None], message_id: str | None) -> tuple[str | None, str | None]:
    """Return the first of `names` that is a phone number, else the message that tells whose it is.

    A user id is what remains where there is neither: no message is sent to one.
    """
    known = [name for name in names if name]
    number = next((name for name in known if has_e164_shape(person_of(name))), None)
    if number is None and not message_id and known:
        number = known[0]
    return number, message_id or None


def _wa_id(response: ResponseReport) -> str | None:
    """Return WhatsApp's own word for whoever wrote, a number without its plus."""
    wa_id = _object(_data(response), "contact").get("wa_id")
    if isinstance(wa_id, int) and not isinstance(wa_id, bool):
        wa_id = str(wa_id)
    if not isinstance(wa_id, str):
        return None
    name = wa_id.strip()
    return f"+{name}" if name.isdigit() else name


def _answered(response: ResponseReport) -> str | None:
    message_id = _object(_data(response), "message_context").get("origin_message_id")
    return message_id if isinstance(message_id, str) and message_id else None


def _data(response: ResponseReport) -> dict[str, object]:
    data: object = response.response_data
    return data if isinstance(data, dict) else {}


def _object(parent: dict[str, object], key: str) -> dict[str, object]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
