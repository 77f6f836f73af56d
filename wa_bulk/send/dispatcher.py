"""The one sending path: gate, pacer, transport, verdict, retry."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import TypeVar

import msgspec

from wa_bulk.api import SendReply
from wa_bulk.api.replies import ReplyFields, read_reply
from wa_bulk.observe import GuardedObserver, Observer
from wa_bulk.send import verdict
from wa_bulk.send.answer_text import answer_text
from wa_bulk.send.envelope import Envelope, request_id_of
from wa_bulk.send.gate import Gate, OpenGate
from wa_bulk.send.outcome import Accepted, Outcome, Status
from wa_bulk.send.pacing import Pacer, SenderPacer
from wa_bulk.send.redaction import Redaction
from wa_bulk.send.retry import Retry, Setback
from wa_bulk.send.transport import NotSent, Reply, Transport, TransportError, Unusable
from wa_bulk.send.verdict import Ruling

_T = TypeVar("_T")

_NO_SENDER_YET = object()
_log = logging.getLogger("wa_bulk")
_decode_sent = msgspec.json.Decoder(SendReply).decode


class _Halted(NotSent):
    """Nothing is sent any more; no request was begun."""


class Dispatcher:
    """Delivers envelopes: paced for each sending number, judged, retried where that is safe."""

    def __init__(
        self,
        transport: Transport,
        pacer: Pacer,
        *,
        retry: Retry | None = None,
        redaction: Redaction | None = None,
        gate: Gate | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = perf_counter,
        chance: random.Random | None = None,
    ) -> None:
        """`redaction` takes out of a server's words and ids what must not be shown;
        `clock` (s) measures latencies and `chance` draws the waits before a retry."""
        self.transport = transport
        self.waiting = 0
        """How many deliveries wait for their turn, with nothing sent yet for this try."""
        self._post = transport.post
        self._pacer = pacer
        self._last_sender: object = _NO_SENDER_YET
        self._last_pacer: SenderPacer
        self._retry = retry or Retry()
        self._redact = str if redaction is None else redaction.of_words
        self._redact_id = str if redaction is None else redaction.of_id
        self._shortest_to_redact = sys.maxsize if redaction is None else redaction.shortest_id
        self._gate = gate or OpenGate()
        self._observer = None if observer is None else GuardedObserver(observer)
        self._clock = clock
        self._chance = chance or random.Random()
        self._halted = asyncio.Event()
        self._stop_reason = ""
        self._waiting_tasks: dict[asyncio.Task[object], None] = {}  # in order, so that a run can be repeated
        self._begun = 0
        self._answered = 0
        self._any_accepted = False
        self._altered_echo_noted = False

    async def deliver(self, envelope: Envelope, *, may_probe: bool = True) -> Outcome:
        """Send one message and say what became of it; an accepted one's outcome is an `Accepted`.

        Without `may_probe` it ends as `failed`, untried, where it would be the one to find out whether the
        server is back. Raises Unusable where nothing can be sent, and else nothing but CancelledError: of a
        message cancelled on the wire, the fate is unknown.
        """
        if envelope.sender == self._last_sender:
            pacer = self._last_pacer
        else:
            self._last_sender = envelope.sender
            self._last_pacer = pacer = self._pacer.of(envelope.sender)
        if pacer.rate or pacer.not_before or self._gate.closed:
            result = await self._try(envelope, pacer, may_probe)
        else:  # nothing to wait for: a coroutine less on the fast path
            self._begun = number = self._begun + 1
            began = self._clock()
            try:
                result = self._judge(await self._post(envelope.payload), envelope, pacer, number, began)
            except Unusable:
                raise
            except Exception as error:
                result = self._judge_error(error, envelope, number, began)
        if type(result) is Setback:  # a third of the time that isinstance takes with a struct
            result = await self._retry.after(
                result,
                partial(self._try, envelope, pacer, may_probe),
                self._halted,
                chance=self._chance,
                on_retry=self._on_retry,
            )
        if self._observer is not None:
            self._observer.on_settled(
                status=result.status, attempts=result.attempts, latency_ms=result.latency_ms
            )
        return result

    def halt(self, reason: str = "stopped before it was sent") -> None:
        """Send nothing new from now on. What is on the wire is awaited; every other delivery ends at once as
        `failed`: it was not accepted. `reason` is told for what was not sent at all."""
        self._stop_reason = reason
        self._post = self._refuse
        self._halted.set()
        for task in self._waiting_tasks:
            task.cancel()
        self.transport.give_up_unwritten()

    async def close(self, timeout: float | None = None) -> None:
        """Close the transport, once what is in flight has been answered, or after `timeout` (s)."""
        await self.transport.close(timeout)

    async def _refuse(self, payload: bytes) -> Reply:
        raise _Halted(self._stop_reason)

    async def _try(self, envelope: Envelope, pacer: SenderPacer, may_probe: bool) -> Outcome | Setback:
        gate = self._gate
        probing = False
        if self._halted.is_set():
            return self._judge_error(_Halted(self._stop_reason), envelope, self._begun, self._clock())
        try:
            while True:
                if gate.closed and not probing:
                    if not may_probe:
                        return _untried(envelope)
                    probing = await self._wait(gate.turn())
                failed = await self._take_tokens(envelope, pacer)
                if failed is not None:
                    return failed
                if probing or not gate.closed:
                    break
                pacer.hold(envelope.recipients)
                pacer.give_back(envelope.recipients)
            self._begun = number = self._begun + 1
            began = self._clock()
            try:
                return self._judge(await self._post(envelope.payload), envelope, pacer, number, began)
            except Unusable:
                raise
            except Exception as error:
                return self._judge_error(error, envelope, number, began)
        except TransportError as error:  # all is halted, or the pace cannot be known
            self._begun += 1
            return self._judge_error(error, envelope, self._begun, self._clock())
        finally:
            if probing:
                gate.probe_ended()

    async def _take_tokens(self, envelope: Envelope, pacer: SenderPacer) -> Outcome | Setback | None:
        """Wait until the message may leave, with a connection at hand: a token counts when it leaves.

        Returns None then, and what follows where no connection can be had.
        """
        tokens = envelope.recipients
        while True:
            if not pacer.try_take(tokens):
                await self._wait(pacer.take(tokens))
            if not pacer.rate or self.transport.ready():
                return None
            pacer.hold(tokens)
            began = self._clock()
            try:
                await self._wait(self.transport.prepare())
            except BaseException as error:
                pacer.give_back(tokens)
                if not isinstance(error, TransportError):
                    raise
                self._begun += 1
                return self._judge_error(error, envelope, self._begun, began)
            if not pacer.not_before:
                pacer.use(tokens)
                return None
            pacer.give_back(tokens)  # the number was told to slow down meanwhile

    async def _wait(self, turn: Awaitable[_T]) -> _T:
        """Wait for `turn`, unless all is halted meanwhile: raises _Halted then."""
        task = asyncio.current_task()
        assert task is not None, "a dispatcher is used from tasks"
        cancelled_before = task.cancelling()  # and went on all the same
        self._waiting_tasks[task] = None
        self.waiting += 1
        try:
            return await turn
        except asyncio.CancelledError:
            if self._halted.is_set() and task.uncancel() <= cancelled_before:
                raise _Halted(self._stop_reason) from None
            raise
        finally:
            self.waiting -= 1
            del self._waiting_tasks[task]

    def _judge(
        self, reply: Reply, envelope: Envelope, pacer: SenderPacer, number: int, began: float
    ) -> Outcome | Setback:
        latency_ms = (self._clock() - began) * 100_000.0 // 1.0 / 100.0
        message_id, request_id = "", None
        if 200 <= reply.status < 300:
            try:
                sent = _decode_sent(reply.body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
            else:
                echo = sent.request_id
                if echo is None or envelope.echoes(echo):
                    message_id, request_id = sent.message_id, echo or envelope.request_id
        if message_id < "!":  # there is none, or it begins with a blank
            fields = read_reply(reply.body)
            ruling = self._ruling(reply, fields, envelope)
            if ruling is not verdict.ACCEPTED:
                return self._refused(reply, fields, ruling, envelope, pacer, number, latency_ms)
            message_id, request_id = fields.message_id or "", envelope.own_request_id()
        self._any_accepted = True
        if number > self._answered:
            self._answered = number
        if self._gate.closed:
            self._gate.answered(number)
        if self._observer is not None:
            self._observer.on_attempt(latency_ms=latency_ms, http_status=reply.status, code=None)
        return Accepted(
            "accepted",
            envelope.to,
            message_id if len(message_id) < self._shortest_to_redact else self._redact_id(message_id),
            request_id,
            http_status=reply.status,
            attempts=1,
            latency_ms=latency_ms,
        )

    def _ruling(self, reply: Reply, fields: ReplyFields, envelope: Envelope) -> Ruling:
        if self._is_foreign(fields.request_id, envelope, reply):
            self.transport.distrust(reply)
            return verdict.FOREIGN_REPLY
        return verdict.of_reply(reply.status, fields, address_proven=self._any_accepted)

    def _refused(
        self,
        reply: Reply,
        fields: ReplyFields,
        ruling: Ruling,
        envelope: Envelope,
        pacer: SenderPacer,
        number: int,
        latency_ms: float,
    ) -> Outcome | Setback:
        if self._observer is not None:
            self._observer.on_attempt(latency_ms=latency_ms, http_status=reply.status, code=fields.code)
        retry_after = reply.retry_after or 0.0
        if ruling.scope == "sender" and ruling.verdict == "retry":
            pacer.slow_down(min(retry_after, self._retry.total))
            if self._observer is not None:
                self._observer.on_slow_down(wait_s=retry_after)
        outcome = Outcome(
            _status(ruling),
            to=envelope.to,
            request_id=envelope.own_request_id(),
            http_status=reply.status,
            code=verdict.code_of(reply.status, fields),
            message=answer_text(reply.status, fields, ruling, self._redact),
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
        was_begun = not isinstance(error, _Halted)
        took_s = self._clock() - began
        if is_ours:
            # Not its text, nor where it was raised: either may hold what must not be shown.
            _log.error("%s in the transport", type(error).__name__)
        http_status = getattr(error, "http_status", None)
        outcome = Outcome(
            _status(ruling),
            to=envelope.to,
            request_id=envelope.own_request_id(),
            http_status=http_status,
            message=f"{type(error).__name__} in the transport" if is_ours else self._redact(str(error)),
            attempts=1 if was_begun else 0,
            ruling=ruling,
        )
        if self._observer is not None and was_begun:
            self._observer.on_attempt(latency_ms=took_s * 1000, http_status=http_status, code=None)
        if not self._halted.is_set():
            self._tell_gate(ruling, number, outcome.message or "", silent_s=took_s)
        return Setback(outcome) if ruling.verdict == "retry" else outcome

    def _tell_gate(self, ruling: Ruling, number: int, reason: str, *, silent_s: float = 0.0) -> None:
        if ruling.verdict == "unknown" or (ruling.speaker == "network" and ruling.verdict == "retry"):
            self._gate.troubled(number, self._answered, reason, silent_s=silent_s)
        elif ruling.verdict != "retry" or ruling.scope == "sender":
            self._answered = max(self._answered, number)
            if self._gate.closed:
                self._gate.answered(number)

    def _is_foreign(self, echo: str | None, envelope: Envelope, reply: Reply) -> bool:
        """Tell whether a reply that echoes `echo` is to another request than `envelope`'s."""
        if echo is None or envelope.echoes(echo):
            return False
        if any(request_id_of(payload) == echo for payload in self.transport.other_requests(reply)):
            return True
        if not self._altered_echo_noted:
            self._altered_echo_noted = True
            _log.warning(
                "a reply has the request_id %r where %r was sent; noted once",
                self._redact(echo),
                envelope.own_request_id(),
            )
        return False

    def _on_retry(self, attempt: int, wait_s: float) -> None:
        if self._observer is not None:
            self._observer.on_retry(attempt=attempt, wait_s=wait_s)


def _untried(envelope: Envelope) -> Outcome:
    error = NotSent("not sent, as the server is unavailable")
    return Outcome(
        "failed",
        to=envelope.to,
        request_id=envelope.own_request_id(),
        message=str(error),
        ruling=verdict.of_error(error),
    )


def _status(ruling: Ruling) -> Status:
    """Tell how a message ends on which nothing more is tried."""
    verdict = ruling.verdict
    return "failed" if verdict == "retry" or verdict == "fatal" else verdict
