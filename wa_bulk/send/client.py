"""Messages from a service: one client for all its tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from wa_bulk.api import Message, ValidationError, encode, validate
from wa_bulk.send import defaults
from wa_bulk.send.account import BASE_URL, Account, base_url_from_env, credentials_from_env
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.envelope import Envelope
from wa_bulk.send.in_flight import InFlight
from wa_bulk.send.map_unordered import map_unordered
from wa_bulk.send.open_transport import TransportName, open_transport
from wa_bulk.send.outcome import Accepted, Outcome, SendError
from wa_bulk.send.pacing import LocalPacer
from wa_bulk.send.retry import Retry

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp import ClientSession


class Settings(TypedDict, total=False):
    """What a `Client` may be told besides whose it is."""

    rate: float
    concurrency: int
    timeout: float
    tries: int
    retry_total: float
    transport: TransportName
    session: ClientSession | None
    proxy: str | None
    max_recipients: int


class Client:
    """Sends messages for one EngageLab account, from any number of tasks of one event loop.

        async with Client(dev_key, dev_secret) as client:
            accepted = await client.send(Message.text("+447911123456", "Hello"))

    Closing it waits for what is in flight.
    """

    def __init__(
        self,
        dev_key: str,
        dev_secret: str,
        *,
        base_url: str = BASE_URL,
        rate: float = defaults.RATE,
        concurrency: int = defaults.CONCURRENCY,
        timeout: float = defaults.TIMEOUT,
        tries: int = defaults.TRIES,
        retry_total: float = defaults.RETRY_TOTAL,
        transport: TransportName = "auto",
        session: ClientSession | None = None,
        proxy: str | None = None,
        max_recipients: int = defaults.MAX_RECIPIENTS,
    ) -> None:
        """`rate` in messages/s for each sending number (80 is WhatsApp's own default for one; 0: unpaced).

        At most `concurrency` messages are in flight, over as many connections; the others wait in line.
        `timeout` (s) is for one request; a message takes up to `tries` of them, none begun later than
        `retry_total` (s) after the first failed. With `session`, the host's own aiohttp session is used, and
        left open; with `proxy`, an aiohttp session of our own; otherwise, unless `transport` says so, none.
        `max_recipients` bounds the numbers in one message's `to`.

        Raises ValueError for settings out of range, and for a base URL where credentials must not go: it is
        https, or http to this machine.
        """
        if max_recipients < 1:
            raise ValueError(f"max_recipients is {max_recipients}; expected 1 or more")
        account = Account(dev_key, dev_secret, base_url)
        self._max_recipients = max_recipients
        self._in_flight = InFlight(concurrency)
        self._closed = False
        self._dispatcher = Dispatcher(
            open_transport(
                account,
                name=transport,
                concurrency=concurrency,
                timeout=timeout,
                session=session,
                proxy=proxy,
            ),
            LocalPacer(rate),
            retry=Retry(tries, retry_total),
            redact=account.redact,
        )

    @classmethod
    def from_env(cls, *, base_url: str | None = None, **settings: Unpack[Settings]) -> Self:
        """A client for the account in WA_BULK_DEV_KEY, WA_BULK_DEV_SECRET and WA_BULK_BASE_URL.

        Raises ValueError naming the variables that are missing, and as `Client` does.
        """
        return cls(*credentials_from_env(), base_url=base_url or base_url_from_env(), **settings)

    async def send(self, message: Message) -> Accepted:
        """Send one message.

        Raises ValidationError, before any I/O, for one the API would refuse, and SendError for one that was
        not accepted, or may not have been (its outcome is then `unknown`). Cancelled while its request is on
        the wire, the message may still arrive.
        """
        if not isinstance(message, Message):
            raise TypeError(f"expected a Message, got {type(message).__name__}")
        message = validate(message, self._max_recipients)
        payload = encode(message)
        if self._closed:
            raise RuntimeError("this client is closed")
        in_flight = self._in_flight
        if not in_flight.try_enter():
            await in_flight.enter()
        try:
            outcome = await self._dispatcher.deliver(_envelope(message, payload))
        finally:
            in_flight.leave()
        if isinstance(outcome, Accepted):
            return outcome
        raise SendError(outcome)

    def send_many(
        self, messages: Iterable[Message] | AsyncIterable[Message]
    ) -> AsyncGenerator[Outcome, None]:
        """Send every message, yielding outcomes as they come, in no set order.

        No message's failure is raised: one that our own check refuses is `rejected`, with the field named in
        the outcome's `message`. Messages are drawn only as outcomes are read. What `messages` itself raises
        is raised here, once what it gave before has been sent.

        Leaving the loop early cancels what is being sent: those messages may arrive, and nobody is told. To
        stop without that, end `messages`.
        """
        return map_unordered(messages, self._outcome, self._in_flight.limit)

    async def close(self) -> None:
        """Refuse new messages, wait for those in flight, then let go of every connection."""
        self._closed = True
        try:
            await self._in_flight.empty()
        finally:
            await self._dispatcher.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _outcome(self, message: Message) -> Outcome:
        try:
            return await self.send(message)
        except SendError as error:
            return error.outcome
        except ValidationError as error:
            return Outcome(
                "rejected", _recipients(message.to), request_id=message.request_id, message=str(error)
            )


def _envelope(message: Message, payload: bytes) -> Envelope:
    to = message.to
    recipients = 1 if isinstance(to, str) else len(to)
    return Envelope(_recipients(to), payload, message.from_, message.request_id, recipients)


def _recipients(to: object) -> str:
    if isinstance(to, str):
        return to
    return ",".join(map(str, to)) if isinstance(to, list) else repr(to)
