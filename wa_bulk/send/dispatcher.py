"""The one sending path: gate, pacer, transport, verdict, retry."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import TypeVar

import msgspec

from wa_bulk.api import SendReply
from wa_bulk.api.replies import read_reply
from wa_bulk.observe import Observer
from wa_bulk.send import verdict
from wa_bulk.send.answer_text import answer_text
from wa_bulk.send.envelope import Envelope
from wa_bulk.send.gate import Gate, OpenGate
from wa_bulk.send.outcome import Accepted, Outcome, Status
from wa_bulk.send.pacing import Pacer, SenderPacer
from wa_bulk.send.retry import Retry, Setback
from wa_bulk.send.transport import NotSent, Reply, Transport, TransportError
from wa_bulk.send.verdict import Ruling

_T = TypeVar("_T")
_STOPPED = "stopped before it was sent"

_log = logging.getLogger("wa_bulk")
_decode_sent = msgspec.json.Decoder(SendReply).decode


class Dispatcher:
    """Delivers envelopes: paced for each sending number, judged, retried where that is safe."""

    def __init__(
        self,
        transport: Transport,
        pacer: Pacer,
        *,
        retry: Retry | None = None,
        redact: Callable[[str], str] = str,
        gate: Gate | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = perf_counter,
        chance: random.Random | None = None,
    ) -> None:
        """`redact` takes out of a server's words what must not be shown; `clock` (s) measures latencies and
        `chance` draws the waits before a retry."""
        self.transport = transport
        self.waiting = 0
        """How many deliveries wait for their turn, with nothing sent yet for this try."""
        self._post = transport.post
        self._pacer = pacer
        self._retry = retry or Retry()
        self._redact = redact
        self._gate = gate or OpenGate()
        self._observer = observer
        self._clock = clock
        self._chance = chance or random.Random()
        self._halted = asyncio.Event()
        self._waiting_tasks: dict[asyncio.Task[object], None] = {}  # in order, so that a run can be repeated
        self._begun = 0
        self._answered = 0
        self._any_accepted = False
        self._altered_echo_noted = False

    async def deliver(self, envelope: Envelope, *, may_probe: bool = True) -> Outcome:
        """Send one message and say what became of it; an accepted one's outcome is an `Accepted`.

        Without `may_probe` it ends as `failed`, untried, where it would be the one to find out whether the
        server is back.

        Raises nothing but CancelledError: of a message cancelled on the wire, the fate is unknown.
        """
        pacer = self._pacer.of(envelope.sender)
        if pacer.rate or pacer.not_before or self._gate.closed:
            result = await self._try(envelope, pacer, may_probe)
        else:  # nothing to wait for: a coroutine less on the fast path
            self._begun = number = self._begun + 1
            began = self._clock()
            try:
                result = self._judge(await self._post(envelope.payload), envelope, pacer, number, began)
            except Exception as error:
                result = self._judge_error(error, envelope, number, began)
        if isinstance(result, Setback):
            result = await self._retry.after(
                result,
                partial(self._try, envelope, pacer, may_probe),
                self._halted,
                chance=self._chance,
                on_retry=self._on_retry,
            )
        if self._observer is not None:
            self._observe_settled(result)
        return result

    def halt(self) -> None:
        """Send nothing new from now on. What is on the wire is awaited; every other delivery ends at once as
        `failed`: it was not accepted."""
        self._post = _stopped
        self._halted.set()
        for task in self._waiting_tasks:
            task.cancel()

    async def close(self, timeout: float | None = None) -> None:
        """Close the transport, once what is in flight has been answered, or after `timeout` (s)."""
        await self.transport.close(timeout)

    async def _try(self, envelope: Envelope, pacer: SenderPacer, may_probe: bool) -> Outcome | Setback:
        gate = self._gate
        probing = False
        if self._halted.is_set():
            return self._judge_error(NotSent(_STOPPED), envelope, self._begun, self._clock())
        try:
            while True:
                if gate.closed and not probing:
                    if not may_probe:
                        return _untried(envelope)
                    probing = await self._wait(gate.turn())
                await self._take_tokens(envelope, pacer)
                if probing or not gate.closed:
                    break
                pacer.hold(envelope.recipients)
                pacer.give_back(envelope.recipients)
            self._begun = number = self._begun + 1
            began = self._clock()
            try:
                return self._judge(await self._post(envelope.payload), envelope, pacer, number, began)
            except Exception as error:
                return self._judge_error(error, envelope, number, began)
        except TransportError as error:
            self._begun += 1
            return self._judge_error(error, envelope, self._begun, self._clock())
        finally:
            if probing:
                gate.probe_ended()

    async def _take_tokens(self, envelope: Envelope, pacer: SenderPacer) -> None:
        """Wait until the message may leave, with a connection at hand: a token counts when it leaves."""
        tokens = envelope.recipients
        if not pacer.try_take(tokens):
            await self._wait(pacer.take(tokens))
        if pacer.rate and not self.transport.ready():
            pacer.hold(tokens)
            try:
                await self.transport.prepare()
            except BaseException:
                pacer.give_back(tokens)
                raise
            pacer.use(tokens)

    async def _wait(self, turn: Awaitable[_T]) -> _T:
        """Wait for `turn`, unless all is halted meanwhile: raises NotSent then."""
        task = asyncio.current_task()
        assert task is not None, "a dispatcher is used from tasks"
        self._waiting_tasks[task] = None
        self.waiting += 1
        try:
            return await turn
        except asyncio.CancelledError:
            if self._halted.is_set() and not task.uncancel():
                raise NotSent(_STOPPED) from None
            raise
        finally:
            self.waiting -= 1
            del self._waiting_tasks[task]

    def _judge(
        self, reply: Reply, envelope: Envelope, pacer: SenderPacer, number: int, began: float
    ) -> Outcome | Setback:
        latency_ms = (self._clock() - began) * 100_000 // 1 / 100
        status = reply.status
        if 200 <= status < 300:
            try:
                sent = _decode_sent(reply.body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
            else:
                echo = sent.request_id
                if sent.message_id and (echo is None or echo == envelope.request_id):
                    return self._accept(sent.message_id, envelope, status, latency_ms, number)
        return self._judge_carefully(reply, envelope, pacer, number, latency_ms)

    def _accept(
        self, message_id: str, envelope: Envelope, status: int, latency_ms: float, number: int
    ) -> Outcome:
        if number > self._answered:
            self._answered = number
        if self._gate.closed:
            self._gate.answered(number)
        if self._observer is not None:
            self._observe_attempt(latency_ms, status, None)
        self._any_accepted = True
        return Accepted(
            "accepted",
            to=envelope.to,
            message_id=message_id,
            request_id=envelope.request_id,
            http_status=status,
            attempts=1,
            latency_ms=latency_ms,
            ruling=verdict.ACCEPTED,
        )

    def _judge_carefully(
        self, reply: Reply, envelope: Envelope, pacer: SenderPacer, number: int, latency_ms: float
    ) -> Outcome | Setback:
        fields = read_reply(reply.body)
        if self._is_foreign(fields.request_id, envelope, reply):
            self.transport.distrust(reply)
            ruling, text = verdict.FOREIGN_REPLY, f"a reply to another request, {fields.request_id}"
        else:
            ruling = verdict.of_reply(reply.status, fields, address_proven=self._any_accepted)
            text = answer_text(reply.status, fields, ruling)
        if ruling is verdict.ACCEPTED:
            assert fields.message_id is not None
            return self._accept(self._redact(fields.message_id), envelope, reply.status, latency_ms, number)
        if self._observer is not None:
            self._observe_attempt(latency_ms, reply.status, fields.code)
        retry_after = reply.retry_after or 0.0
        if ruling.scope == "sender" and ruling.verdict == "retry":
            pacer.slow_down(min(retry_after, self._retry.total))
            self._observe_slow_down(retry_after)
        outcome = Outcome(
            _status(ruling),
            to=envelope.to,
            request_id=envelope.request_id,
            http_status=reply.status,
            code=None if fields.code == reply.status else fields.code,
            message=self._redact(text),
            attempts=1,
            latency_ms=latency_ms,
            ruling=ruling,
        )
        self._tell_gate(ruling, number, outcome.message or "")
        return Setback(outcome, retry_after) if ruling.verdict == "retry" else outcome

    def _judge_error(
        self, error: Exception, envelope: Envelope, number: int, began: float
    ) -> Outcome | Setback:
        ruling = verdict.of_error(error)
        is_ours = not isinstance(error, TransportError)
        if is_ours:
            # Not its text, nor where it was raised: either may hold what must not be shown.
            _log.error("%s in the transport", type(error).__name__)
        http_status = getattr(error, "http_status", None)
        outcome = Outcome(
            _status(ruling),
            to=envelope.to,
            request_id=envelope.request_id,
            http_status=http_status,
            message=f"{type(error).__name__} in the transport" if is_ours else self._redact(str(error)),
            attempts=1,
            ruling=ruling,
        )
        if self._observer is not None:
            self._observe_attempt((self._clock() - began) * 1000, http_status, None)
        if not self._halted.is_set():
            self._tell_gate(ruling, number, outcome.message or "")
        return Setback(outcome) if ruling.verdict == "retry" else outcome

    def _tell_gate(self, ruling: Ruling, number: int, reason: str) -> None:
        if ruling.verdict == "unknown" or (ruling.speaker == "network" and ruling.verdict == "retry"):
            self._gate.troubled(number, self._answered, reason)
        elif ruling.verdict != "retry" or ruling.scope == "sender":
            self._answered = max(self._answered, number)
            if self._gate.closed:
                self._gate.answered(number)

    def _is_foreign(self, echo: str | None, envelope: Envelope, reply: Reply) -> bool:
        """Whether a reply that echoes `echo` is to another request than `envelope`'s."""
        if echo is None or echo == envelope.request_id:
            return False
        if any(_request_id(payload) == echo for payload in self.transport.other_requests(reply)):
            return True
        if not self._altered_echo_noted:
            self._altered_echo_noted = True
            _log.warning(
                "a reply has the request_id %r where %r was sent; noted once",
                self._redact(echo),
                envelope.request_id,
            )
        return False

    # -- for the observer -----------------------------------------------------------------------------

    def _on_retry(self, attempt: int, wait_s: float) -> None:
        if self._observer is not None:
            _safely(partial(self._observer.on_retry, attempt=attempt, wait_s=wait_s))

    def _observe_attempt(self, latency_ms: float, http_status: int | None, code: int | None) -> None:
        assert self._observer is not None
        _safely(partial(self._observer.on_attempt, latency_ms=latency_ms, http_status=http_status, code=code))

    def _observe_slow_down(self, wait_s: float) -> None:
        if self._observer is not None:
            _safely(partial(self._observer.on_slow_down, wait_s=wait_s))

    def _observe_settled(self, outcome: Outcome) -> None:
        assert self._observer is not None
        _safely(
            partial(
                self._observer.on_settled,
                status=outcome.status,
                attempts=outcome.attempts,
                latency_ms=outcome.latency_ms,
            )
        )


def _untried(envelope: Envelope) -> Outcome:
    error = NotSent("not sent, as the server is unavailable")
    return Outcome(
        "failed",
        to=envelope.to,
        request_id=envelope.request_id,
        message=str(error),
        ruling=verdict.of_error(error),
    )


async def _stopped(payload: bytes) -> Reply:
    raise NotSent(_STOPPED)


def _safely(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        _log.exception("the observer raised")


def _status(ruling: Ruling) -> Status:
    """How a message ends on which nothing more is tried."""
    verdict = ruling.verdict
    return "failed" if verdict == "retry" or verdict == "fatal" else verdict


class _RequestId(msgspec.Struct):
    request_id: str | None = None


_decode_request_id = msgspec.json.Decoder(_RequestId).decode


def _request_id(payload: bytes) -> str | None:
    try:
        return _decode_request_id(payload).request_id
    except msgspec.DecodeError:
        return None
