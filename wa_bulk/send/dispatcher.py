"""The one sending path: pacer, transport, verdict, retry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from wa_bulk.api import ERROR_CODES, SendReply
from wa_bulk.send import verdict
from wa_bulk.send.outcome import Accepted, Outcome
from wa_bulk.send.pacing.base import SenderPacer
from wa_bulk.send.pacing.local import LocalPacer
from wa_bulk.send.retry import Retry, Setback
from wa_bulk.send.transport import NotSent, Reply, Transport, TransportError, make_transport

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from wa_bulk.send.account import Account

TransportName = Literal["auto", "lean", "aiohttp"]

RETRY_AFTER_MAX_S = 60.0
_WORDS_MAX = 500


class _ErrorReply(msgspec.Struct):
    """The vendor's error body, as much of it as there is."""

    code: int | None = None
    message: str | None = None


_decode_sent = msgspec.json.Decoder(SendReply).decode
_decode_error = msgspec.json.Decoder(_ErrorReply).decode


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
        redact: Callable[[str], str] = str,
    ) -> None:
        """`rate` in messages/s for each sending number (0: unpaced); times in seconds.

        `redact` takes out of a server's words what must not be shown. Raises ValueError for settings out of
        range.
        """
        self.transport = transport
        self._post = transport.post
        self._retry = Retry(tries, retry_total, wait_initial, wait_max)
        self._redact = redact
        self._pacer = LocalPacer(rate)
        self._halted = asyncio.Event()
        self.waiting = 0
        """How many deliveries wait for their pacer, with nothing sent yet for this try."""

    async def deliver(self, payload: bytes, sender: str | None = None) -> Outcome:
        """Send one encoded message from `sender` and say what became of it.

        `sender` is the payload's `from` (None: the account's default number); the outcome's `to` is left
        for the caller to fill in. An accepted message's outcome is an `Accepted`. Raises nothing but
        CancelledError: of a message cancelled on the wire, the fate is unknown.
        """
        pacer = self._pacer.of(sender)
        if pacer.rate or pacer.not_before:
            result = await self._try(payload, pacer)
        else:  # nothing to wait for: a coroutine less on the fast path
            began = perf_counter()
            try:
                result = self._judged(await self._post(payload), began, pacer)
            except Exception as error:
                result = self._without_reply(error)
        if isinstance(result, Setback):
            return await self._retry.after(result, partial(self._try, payload, pacer), self._halted)
        return result

    def pacer(self, sender: str | None = None) -> SenderPacer:
        """The one pacer of a sending number."""
        return self._pacer.of(sender)

    def halt(self) -> None:
        """Nothing new is sent from now on. What is on the wire is awaited; every other delivery ends at
        once as `failed`: it was not accepted."""
        self._post = _stopped
        self._halted.set()
        self._pacer.release()

    async def close(self) -> None:
        """Close the transport, once what is in flight has been answered."""
        await self.transport.close()

    async def _try(self, payload: bytes, pacer: SenderPacer) -> Outcome | Setback:
        if not pacer.try_take():
            self.waiting += 1
            try:
                await pacer.take()
            finally:
                self.waiting -= 1
        try:
            if pacer.rate and not self.transport.ready():
                await self._connect(pacer)
            began = perf_counter()
            return self._judged(await self._post(payload), began, pacer)
        except Exception as error:
            return self._without_reply(error)

    async def _connect(self, pacer: SenderPacer) -> None:
        """Make a connection first: a token counts when its message leaves, or many would leave at once."""
        pacer.hold()
        try:
            await self.transport.prepare()
        except BaseException:
            pacer.give_back()
            raise
        pacer.use()

    def _judged(self, reply: Reply, began: float, pacer: SenderPacer) -> Outcome | Setback:
        latency_ms = (perf_counter() - began) * 100_000 // 1 / 100
        status = reply.status
        if 200 <= status < 300:
            try:
                sent = _decode_sent(reply.body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
            else:
                if sent.message_id:
                    return Accepted(
                        "accepted",
                        message_id=sent.message_id,
                        request_id=sent.request_id,
                        http_status=status,
                        attempts=1,
                        latency_ms=latency_ms,
                    )
        return self._refused(reply, latency_ms, pacer)

    def _without_reply(self, fault: Exception) -> Outcome | Setback:
        if not isinstance(fault, TransportError):
            return Outcome("unknown", message=f"{type(fault).__name__} in the transport", attempts=1)
        words = str(fault)
        match verdict.of_fault(fault):
            case "retry":
                return Setback(Outcome("failed", message=words, attempts=1))
            case "fatal":
                return Outcome("failed", message=words, attempts=1, fatal=True)
        return Outcome("unknown", message=words, attempts=1)

    def _refused(self, reply: Reply, latency_ms: float, pacer: SenderPacer) -> Outcome | Setback:
        try:
            error = _decode_error(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            error = _ErrorReply()
        outcome = Outcome(
            "unknown",
            http_status=reply.status,
            code=error.code,
            message=self._redact(error.message or _words(reply.status, error.code))[:_WORDS_MAX],
            attempts=1,
            latency_ms=latency_ms,
        )
        retry_after = min(reply.retry_after or 0.0, RETRY_AFTER_MAX_S)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            pacer.slow_down(retry_after)
        match verdict.of_reply(reply.status, error.code, None):
            case "retry":
                outcome.status = "failed"
                return Setback(outcome, retry_after)
            case "fatal":
                outcome.status, outcome.fatal = "rejected", True
            case "rejected":
                outcome.status = "rejected"
        return outcome


async def _stopped(payload: bytes) -> Reply:
    raise NotSent("stopped before it was sent")


def _words(http_status: int, code: int | None) -> str:
    """What to say where the server said nothing that is meant to be read."""
    if 200 <= http_status < 300:
        return "the reply has no message_id: taken, most likely"
    if 300 <= http_status < 400:
        return "redirected: the base URL is not the API's"
    if code in ERROR_CODES:
        return ERROR_CODES[code].meaning
    try:
        return f"{HTTPStatus(http_status).phrase}, without words from EngageLab"
    except ValueError:
        return "no words from EngageLab"


def open_transport(
    account: Account,
    *,
    name: TransportName = "auto",
    concurrency: int = 64,
    timeout: float = 30.0,
    session: ClientSession | None = None,
    proxy: str | None = None,
) -> Transport:
    """The transport for `account`'s messages, chosen as `make_transport` says.

    `concurrency` is also its number of connections, so that whoever took a token need not wait for one;
    `timeout` (s) is for a whole request. Raises ValueError for settings out of range or at odds.
    """
    if name not in get_args(TransportName):
        raise ValueError(f"no transport is called {name!r}; expected one of {get_args(TransportName)}")
    if not 0 < timeout < float("inf"):
        raise ValueError(f"a timeout of {timeout} s leaves no time for a reply, or waits for ever")
    return make_transport(
        name,
        account.messages_url,
        account.headers(),
        connections=concurrency,
        timeout=timeout,
        session=session,
        proxy=proxy,
    )
