"""A row on its way."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Before = Literal["failed", "unknown"]


class RenderedRow(Struct, gc=False):
    """A row to be sent: its number, its recipient in E.164 form, the request's bytes, and the sending number
    (None: the account's default)."""

    number: int
    to: str
    payload: bytes
    sender: str | None
    before: Before | None = None
    """Its status until now, where it is sent again because the user asked."""
