"""What the API answers to a request."""

from __future__ import annotations

from msgspec import Struct


class SendReply(Struct, frozen=True, omit_defaults=True):
    """The body of a 2xx reply: the message was taken."""

    message_id: str
    request_id: str | None = None


class ErrorReply(Struct, frozen=True):
    """The body of a 4xx or 5xx reply. A proxy in between may send anything else instead."""

    code: int
    message: str
