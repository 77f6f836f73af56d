"""A message as the sandbox keeps and shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct, field

from wa_bulk.api import (
    AudioBody,
    Body,
    DocumentBody,
    ImageBody,
    Message,
    StickerBody,
    TemplateBody,
    TextBody,
    VideoBody,
)
from wa_bulk.api.rendered_template import Rendered

Status = Literal["accepted", "sent", "delivered", "read", "failed"]
STATUSES: tuple[Status, ...] = ("accepted", "sent", "delivered", "read", "failed")
Type = Literal["template", "text", "image", "video", "audio", "document", "sticker"]


class RecordError(Struct, frozen=True):
    """Why a message was not delivered: one of Meta's codes and what it means."""

    code: int
    message: str


class Record(Struct, frozen=True, kw_only=True):
    """One message to or from one person.

    `direction` is `out` for what was sent through the API and `in` for what the person wrote;
    `contact` is the person's number either way. `body` is as it was received, `rendered` what a phone
    makes of a template. `duplicate_of` is the id of the first message with the same contact and content.
    """

    id: int
    message_id: str
    direction: Literal["out", "in"]
    from_: str | None = field(name="from")
    to: str
    contact: str
    type: Type
    body: dict[str, object]
    rendered: Rendered | None
    request_id: str | None
    custom_args: dict[str, object] | None
    at: str
    status: Status
    error: RecordError | None
    duplicate_of: int | None


class StatusAt(Struct, frozen=True):
    status: Status
    at: str


class RecordedRequest(Struct, frozen=True):
    """The request that brought the message, without its Authorization header."""

    headers: dict[str, str]
    body: str


class RecordedReply(Struct, frozen=True):
    status: int
    body: dict[str, object]


class Detail(Record, frozen=True, kw_only=True):
    """A record with the request and reply behind it. `reply` is null for what a person wrote."""

    request: RecordedRequest
    reply: RecordedReply | None
    history: list[StatusAt]


class NewMessage(NamedTuple):
    """What the store is given for one message; the rest of a record comes from its request's body."""

    id: int
    message_id: str
    exchange: int
    incoming: bool
    contact: str
    sender: str | None
    type: str
    template: str | None
    rendered: bytes | None
    search: str
    digest: int | None
    at_ms: int


class StatusChange(Struct, frozen=True, gc=False):
    """A message's next status after `previous`. `at_ms` is in milliseconds since 1970."""

    id: int
    previous: Status
    status: Status
    at_ms: int
    error: RecordError | None = None


def rfc3339(at_ms: int) -> str:
    """Format `at_ms`, milliseconds since 1970, as RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def content_digest(contact: str, body: Body) -> int:
    """Hash the content to one contact: equal for equal content, however it was written as JSON."""
    content = contact.encode() + _encode(body)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)


_encode = msgspec.json.Encoder().encode


def search_text(message: Message, contact: str, rendered: Rendered | None) -> str:
    """Join everything that a search should find the message by, case folded, one part a line."""
    parts: list[str | None] = [contact, message.from_]
    match message.body:
        case TemplateBody(template=template):
            parts.append(template.name)
        case TextBody(text=text):
            parts.append(text.body)
        case ImageBody(image=captioned) | VideoBody(video=captioned):
            parts += (captioned.caption, captioned.link, captioned.id)
        case DocumentBody(document=document):
            parts += (document.caption, document.filename, document.link, document.id)
        case AudioBody(audio=plain) | StickerBody(sticker=plain):
            parts += (plain.link, plain.id)
    if rendered is not None:
        parts.append(rendered.body)
        if rendered.header is not None:
            parts += (rendered.header.text, rendered.header.filename, rendered.header.link)
        if rendered.footer is not None:
            parts.append(rendered.footer)
        parts += [button.text for button in rendered.buttons]
    return "\n".join([part for part in parts if part]).casefold()
