"""What to tell a person of an answer: the server's own words, or ours where it said nothing to be read."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from wa_bulk.api import ERROR_CODES
from wa_bulk.api.replies import ReplyFields
from wa_bulk.send import verdict
from wa_bulk.send.verdict import Ruling

TEXT_MAX = 500
"""Characters of a server's words that are kept."""
_TEXT_LOOKED_AT = 4 * TEXT_MAX


def answer_text(
    http_status: int, reply: ReplyFields, ruling: Ruling, redact: Callable[[str], str] = str
) -> str:
    """Put an answer that was not an acceptance in at most TEXT_MAX characters.

    `redact` takes out what must not be shown, before a cut leaves half of it.
    """
    said = reply.message or _of_code(reply.code) or _plain(reply.text) or _of_status(http_status)
    if ruling is verdict.FOREIGN_REPLY:
        said = f"a reply to another request, {reply.request_id}"
    elif ruling is verdict.NO_MESSAGE_ID:
        said = reply.message or "the reply has no message_id: taken, most likely"
    elif ruling.scope == "address" and not reply.message:
        what = "redirected" if 300 <= http_status < 400 else said
        said = f"{what}: the base URL is not the API's"
    return redact(said[:_TEXT_LOOKED_AT])[:TEXT_MAX]


def _plain(text: str) -> str:
    """Return the body where it is a sentence, or JSON of another form, and not a page."""
    text = " ".join(text.split())
    return text if (text[:1].isalpha() or text.startswith('{"')) and "<" not in text else ""


def _of_code(code: int | None) -> str | None:
    row = ERROR_CODES.get(code) if code is not None else None
    return row.meaning if row is not None else None


def _of_status(http_status: int) -> str:
    try:
        return f"{HTTPStatus(http_status).phrase} (no error message)"
    except ValueError:
        return "(no error message)"
