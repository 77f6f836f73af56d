"""What the sending path asks of a pacer, whoever keeps the count: this process, or a server for several.

A token is one recipient: a request with n recipients takes n at once. For each try of a request:

    pacer = pacers.of(sender)
    if pacer.rate or pacer.not_before:          # else there is nothing to wait for
        if not pacer.try_take(tokens):
            await pacer.take(tokens)
    # … the request leaves, in this same step of the event loop

Where it cannot leave in the same step (a connection has to be made first), `hold` follows the token at once,
with no await between them, and `use` or `give_back` follows `hold`.
"""

from __future__ import annotations

from typing import Protocol


class SenderPacer(Protocol):
    """The pace of one sending number, for the tasks of one event loop.

    An implementation may reserve a token ahead of its time and let `take` return when that time has come.
    """

    @property
    def rate(self) -> float:
        """Tokens/s; 0 sets no pace."""

    @property
    def not_before(self) -> float:
        """The time, on the pacer's own clock, before which nothing may leave; 0 where there is none."""

    @property
    def pace(self) -> float:
        """Tokens/s at this moment: `rate`, or less while recovering from a 429."""

    def try_take(self, tokens: int = 1, /) -> bool:
        """Take `tokens` if they are due and nobody waits; return whether they were taken."""

    async def take(self, tokens: int = 1, /) -> None:
        """Wait for `tokens`, first come, first served. A cancelled call leaves the queue without a trace."""

    def hold(self, tokens: int = 1, /) -> None:
        """Keep `tokens` just taken for later: `use` or `give_back` must follow."""

    def use(self, tokens: int = 1, /) -> None:
        """Count `tokens` that were held as leaving now."""

    def give_back(self, tokens: int = 1, /) -> None:
        """Give up `tokens` that were held: they are due to whoever is next."""

    def slow_down(self, retry_after: float | None = None, /) -> None:
        """Slow down after a 429: nothing leaves for `retry_after` seconds, and then less than before."""

    def release(self) -> None:
        """Let everyone who waits go, and set no pace from now on, whatever the server answers."""


class Pacer(Protocol):
    """The paces of all sending numbers of an account.

    One object serves one client, which releases it when it stops. Clients that share a limit have a pacer
    each, over the same server.
    """

    def of(self, sender: str | None, /) -> SenderPacer:
        """Return the pacer of a sending number (None: the account's default number).

        While anyone holds on to it, it is the same object for the same number.
        """

    def release(self) -> None:
        """Release the pacer of every sending number, those that are yet to come included."""
