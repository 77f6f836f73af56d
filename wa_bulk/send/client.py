"""Messages from a service: one client for all its tasks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, NoReturn, Self, TypedDict, Unpack

import msgspec

from wa_bulk.api import Message, ValidationError, e164, encode, validate
from wa_bulk.arguments import check_methods, number, text, whole_number
from wa_bulk.send import defaults
from wa_bulk.send.account import BASE_URL, Account, base_url_from_env, credentials_from_env
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.envelope import Envelope
from wa_bulk.send.forks import watch_forks
from wa_bulk.send.in_flight import InFlight
from wa_bulk.send.map_unordered import map_unordered
from wa_bulk.send.open_transport import open_transport
from wa_bulk.send.outcome import Accepted, Outcome, SendError
from wa_bulk.send.pacing import LocalPacer, Pacer
from wa_bulk.send.retry import Retry
from wa_bulk.send.transport import TransportName
from wa_bulk.send.transport.loop_binding import LoopBinding

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp import ClientSession

    from wa_bulk.observe import Observer
    from wa_bulk.send.suppression import Suppression
    from wa_bulk.send.templates import Templates


class Settings(TypedDict, total=False):
    """What a `Client` may be told besides whose it is."""

    rate: float | None
    concurrency: int
    timeout: float
    tries: int
    retry_total: float
    transport: TransportName
    session: ClientSession | None
    proxy: str | None
    max_recipients: int
    default_sender: str | None
    allow_http: bool
    pacer: Pacer | None
    observer: Observer | None
    suppression: Suppression | None


class Client:
    """Sends messages for one EngageLab account, from any number of tasks of one event loop.

        async with Client(dev_key, dev_secret) as client:
            accepted = await client.send(Message.text("+447911123456", "Hello"))

    It belongs to the event loop of its first use: in another one, or in another thread, everything raises
    RuntimeError before a byte leaves. A forked child may go on with it, over connections of its own.
    """

    def __init__(
        self,
        dev_key: str,
        dev_secret: str,
        *,
        base_url: str = BASE_URL,
        rate: float | None = None,
        concurrency: int = defaults.CONCURRENCY,
        timeout: float = defaults.TIMEOUT,
        tries: int = defaults.TRIES,
        retry_total: float = defaults.RETRY_TOTAL,
        transport: TransportName = "auto",
        session: ClientSession | None = None,
        proxy: str | None = None,
        max_recipients: int = defaults.MAX_RECIPIENTS,
        default_sender: str | None = None,
        allow_http: bool = False,
        pacer: Pacer | None = None,
        observer: Observer | None = None,
        suppression: Suppression | None = None,
    ) -> None:
        """Set up a client; nothing is connected before the first message.

        `rate` is in messages/s for each sending number (80, WhatsApp's own for one, unless given; 0 sets no
        pace), counted in this process; `pacer` takes its place. `default_sender` is the number the account
        sends from where a message has no `from_`: told, both share one pace.

        At most `concurrency` messages are in flight, over as many connections; the others wait in line.
        `timeout` (s) is for one request; a message takes up to `tries` of them, none begun later than
        `retry_total` (s) after the first failed. With `session`, the host's own aiohttp session is used, and
        left open; with `proxy`, an aiohttp session of our own; otherwise, unless `transport` says so, none.
        `max_recipients` bounds the numbers in one message's `to`. `allow_http` lets credentials go over
        http:// to another machine, in a test network. `observer` is told what happens; `suppression` is asked
        about each recipient.

        Raises TypeError for settings of another type, ValueError for those out of range or at odds, and for a
        base URL where credentials must not go.
        """
        if whole_number("max_recipients", max_recipients) < 1:
            raise ValueError(f"max_recipients is {max_recipients}; expected 1 or more")
        if rate is not None and pacer is not None:
            raise ValueError("both rate and pacer are given: the pacer sets the pace, leave rate out")
        if pacer is not None:
            check_methods("pacer", pacer, ("of", "release"), "wa_bulk.send.pacing.Pacer")
        if suppression is not None:
            check_methods("suppression", suppression, ("reason",), "wa_bulk.send.suppression.Suppression")
        self._account = Account(dev_key, dev_secret, base_url, allow_http=allow_http)
        self._max_recipients = max_recipients
        self._default_sender = None if default_sender is None else _sender(default_sender)
        self._suppression = suppression
        self._concurrency = concurrency = whole_number("concurrency", concurrency)
        self._timeout = timeout = number("timeout", timeout)
        self._session = session
        self._proxy = proxy
        self._rate = defaults.RATE if rate is None else number("rate", rate)
        self._given_pacer = pacer
        self._make_dispatcher = functools.partial(
            Dispatcher,
            open_transport(
                self._account,
                name=transport,
                concurrency=concurrency,
                timeout=timeout,
                session=session,
                proxy=proxy,
            ),
            retry=Retry(whole_number("tries", tries), number("retry_total", retry_total)),
            redaction=self._account.redaction,
            observer=observer,
        )
        self._closed = False
        self.start_anew()
        watch_forks(self)

    def start_anew(self) -> None:
        """Forget the event loop and what is in flight in it: at first, and in a forked child."""
        self._binding = LoopBinding()
        self._thread = 0
        """Where the client may be used without asking further while its loop runs; 0 at first, and once it is
        closed."""
        self._loop_is_running: Callable[[], bool] = bool
        self._in_flight = InFlight(self._concurrency)
        self._pacer = LocalPacer(self._rate) if self._given_pacer is None else self._given_pacer
        self._dispatcher = self._make_dispatcher(self._pacer)

    @classmethod
    def from_env(cls, *, base_url: str | None = None, **settings: Unpack[Settings]) -> Self:
        """Make a client for the account in WA_BULK_DEV_KEY, WA_BULK_DEV_SECRET and WA_BULK_BASE_URL.

        Raises ValueError naming the variables that are missing, and as `Client` does.
        """
        return cls(*credentials_from_env(), base_url=base_url or base_url_from_env(), **settings)

    @functools.cached_property
    def templates(self) -> Templates:
        """The account's templates: list, get, create, update, delete."""
        from wa_bulk.send.templates import Templates

        return Templates(
            self._account,
            timeout=self._timeout,
            session=self._session,
            proxy=self._proxy,
            may_be_used=self._check_usable,
        )

    @property
    def closed(self) -> bool:
        """Whether it takes no more messages: `close` was called."""
        return self._closed

    async def send(self, message: Message) -> Accepted:
        """Send one message.

        Raises ValidationError, before any I/O, for one the API would refuse, and SendError for one that was
        not accepted, or may not have been (its outcome is then `unknown`). Of several recipients one outcome
        holds for all, `Accepted.recipients`; where one of them is suppressed, nothing is sent. Cancelled
        while its request is on the wire, the message may still arrive.
        """
        if not isinstance(message, Message):
            raise TypeError(f"expected a Message, got {type(message).__name__}")
        message = validate(message, self._max_recipients)
        if get_ident() != self._thread or not self._loop_is_running():
            self._check_usable()
        if self._suppression is not None and (skipped := self._skipped(message)):
            raise SendError(skipped[0])
        # As in `_deliver`: a coroutine less on the fast path.
        envelope = self._envelope(message)
        in_flight = self._in_flight
        if not in_flight.try_enter():
            await in_flight.enter()
        try:
            outcome = await self._dispatcher.deliver(envelope)
        finally:
            in_flight.leave()
        if isinstance(outcome, Accepted):
            return outcome
        raise SendError(outcome)

    def send_many(
        self, messages: Iterable[Message] | AsyncIterable[Message]
    ) -> AsyncGenerator[Outcome, None]:
        """Send every message, yielding outcomes as they come, in no set order, one for each recipient.

        No message's failure is raised: one that our own check refuses is `rejected`, with the field named in
        the outcome's `message`. Messages are drawn only as outcomes are read. What `messages` itself raises
        is raised here, once what it gave before has been sent, and so is the RuntimeError of a client that
        is closed meanwhile.

        Leaving the loop early cancels what is being sent: those messages may arrive, and nobody is told. To
        stop without that, end `messages`.
        """
        if not isinstance(messages, (Iterable, AsyncIterable)):
            raise TypeError(f"expected an iterable of messages, got {type(messages).__name__}")
        return map_unordered(messages, self._outcomes, self._concurrency, self._check_usable)

    async def close(self, timeout: float | None = None) -> None:
        """Refuse new messages, wait for what is on the wire, then let go of every connection.

        What has not left yet, or waits to be tried again, ends at once as `failed`. After `timeout` seconds,
        or once this call is cancelled, what is still on the wire is given up: it ends as `unknown`.
        """
        timeout = None if timeout is None else number("timeout", timeout)
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout is {timeout} s; expected 0 or more, or None to wait for every reply")
        if self._closed and not self._in_flight.count:
            return
        self._bind()
        self._closed = True
        self._thread = 0
        self._dispatcher.halt("closed before it was sent")
        self._pacer.release()
        self._in_flight.open()
        await self._dispatcher.close(timeout)
        await self._in_flight.empty()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A task that is cancelled, by a timeout perhaps, is to end now.
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        await self.close(0 if cancelled else None)

    async def _outcomes(self, message: Message) -> Sequence[Outcome]:
        """Send one message; what became of it for each recipient."""
        if not isinstance(message, Message):
            raise TypeError(f"expected a Message, got {type(message).__name__}")
        skipped: Sequence[Outcome] = ()
        try:
            message = validate(message, self._max_recipients)
            if self._suppression is not None and (skipped := self._skipped(message)):
                leave_out = {outcome.to for outcome in skipped}
                others = [number for number in message.recipients if number not in leave_out]
                if not others:
                    return skipped
                message = msgspec.structs.replace(message, to=others)
            outcome = await self._deliver(message)
        except ValidationError as error:
            return [
                Outcome("rejected", to, request_id=message.request_id, message=str(error))
                for to in _written(message.to)
            ]
        if isinstance(message.to, str):
            return (outcome,)
        return [*skipped, *(msgspec.structs.replace(outcome, to=number) for number in message.to)]

    async def _deliver(self, message: Message) -> Outcome:
        envelope = self._envelope(message)
        in_flight = self._in_flight
        if not in_flight.try_enter():
            await in_flight.enter()
        try:
            return await self._dispatcher.deliver(envelope)
        finally:
            in_flight.leave()

    def _envelope(self, message: Message) -> Envelope:
        payload, to, sender = encode(message), message.to, message.from_ or self._default_sender
        if type(to) is str:
            return Envelope(to, payload, sender, message.request_id)
        return Envelope(",".join(to), payload, sender, message.request_id, len(to))

    def _skipped(self, message: Message) -> list[Outcome]:
        """Give an outcome for each recipient that is not to be written to."""
        assert self._suppression is not None
        reasons = [(number, self._suppression.reason(number)) for number in message.recipients]
        return [
            Outcome("skipped", number, request_id=message.request_id, message=reason)
            for number, reason in reasons
            if reason is not None
        ]

    def __repr__(self) -> str:
        return f"Client(dev_key={self._account.dev_key!r}, base_url={self._account.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Client cannot be pickled or copied: it holds a secret and connections. Make another"
        )

    def _check_usable(self) -> None:
        # asyncio.get_running_loop() costs more: on Python 3.11 it is a system call.
        if get_ident() == self._thread and self._loop_is_running():
            return
        self._bind()
        if self._closed:
            raise RuntimeError("this client is closed")
        self._thread = get_ident()

    def _bind(self) -> None:
        """Make the running event loop the client's own; raise RuntimeError if another is."""
        self._loop_is_running = self._binding.bind().is_running


def _sender(sender: str) -> str:
    try:
        return e164(text("default_sender", sender, 'text such as "+447911123456"'))
    except ValueError as error:
        raise ValueError(f"default_sender: {error}") from None


def _written(to: object) -> list[str]:
    """List the recipients of a message that may not be valid, as they are written."""
    if isinstance(to, (list, tuple)) and to:
        return [str(number) for number in to]
    return [to if isinstance(to, str) else "" if isinstance(to, (list, tuple)) else repr(to)]
