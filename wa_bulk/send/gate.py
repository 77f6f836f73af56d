"""What may hold requests back although their turn has come."""

from __future__ import annotations

from typing import Protocol


class Gate(Protocol):
    """Holds requests back while the server is in trouble, and hears how each one ended.

    Requests are numbered in the order they are begun.
    """

    closed: bool
    """Whether a request has to ask for its turn."""

    async def turn(self) -> bool:
        """Wait until a request may go. True: as the one that finds out whether the server is back, to be
        followed by `probe_ended`; False: the gate is open."""
        ...

    def probe_ended(self) -> None:
        """Note that the request that went to find out has ended, however it did."""

    def answered(self, number: int) -> None:
        """Request `number` got a proper answer. Called only while the gate is closed."""

    def troubled(self, number: int, answered: int, reason: str, *, silent_s: float = 0.0) -> None:
        """Request `number` found the server in trouble; `answered` is the latest one that was answered.

        `silent_s`: for how long the server had left it without a connection or an answer by then.
        """


class OpenGate:
    """A gate that holds nobody back."""

    closed = False

    async def turn(self) -> bool:
        """Return at once."""
        return False

    def probe_ended(self) -> None:
        """Ignore it."""

    def answered(self, number: int) -> None:
        """Ignore it."""

    def troubled(self, number: int, answered: int, reason: str, *, silent_s: float = 0.0) -> None:
        """Ignore it."""
