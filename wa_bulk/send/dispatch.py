"""The one sending path: pacer, transport, verdict, retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from wa_bulk.send.outcome import Outcome
from wa_bulk.send.transport import Transport

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from wa_bulk.send.account import Account

TransportName = Literal["auto", "lean", "aiohttp"]


class Dispatcher:
    """Delivers encoded messages: paced for each sending number, judged, retried where that is safe."""

    def __init__(
        self,
        transport: Transport,
        *,
        rate: float = 80.0,
        tries: int = 5,
        retry_total: float = 120.0,
        wait_initial: float = 0.5,
        wait_max: float = 30.0,
    ) -> None:
        """`rate` in messages/s for each sending number (0: unpaced); times in seconds."""
        raise NotImplementedError

    async def deliver(self, payload: bytes, sender: str | None = None) -> Outcome:
        """Send one encoded message from `sender` and say what became of it.

        `sender` is the payload's `from` (None: the account's default number); the outcome's `to` is left
        for the caller to fill in. An accepted message's outcome is an `Accepted`. Raises nothing but
        CancelledError: of a message cancelled on the wire, the fate is unknown.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Close the transport, once what is in flight has been answered."""
        raise NotImplementedError


def open_transport(
    account: Account,
    *,
    name: TransportName = "auto",
    concurrency: int = 64,
    timeout: float = 30.0,
    session: ClientSession | None = None,
    proxy: str | None = None,
) -> Transport:
    """The transport for `account`'s messages: aiohttp's where a session or proxy is given, else the lean one.

    `concurrency` is also its number of connections, so that whoever took a token need not wait for one;
    `timeout` (s) is for a whole request. Raises ValueError where `name` contradicts the rest.
    """
    raise NotImplementedError
