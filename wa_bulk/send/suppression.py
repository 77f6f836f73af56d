"""Who is not to be written to, as a client asks it."""

from __future__ import annotations

from typing import Protocol


class Suppression(Protocol):
    """Says who is not to be written to."""

    def reason(self, number: str, /) -> str | None:
        """Return why nothing is to be sent to `number` (E.164), None where it may be written to.

        Called in the event loop, just before a message is sent. What it raises keeps that message back.
        """
