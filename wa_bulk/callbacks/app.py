"""The aiohttp application that receives callbacks: it stores first and answers after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from wa_bulk.api.errors import ValidationError
from wa_bulk.callbacks.connections import note_arrival
from wa_bulk.callbacks.content_coding import BREAKS_OFF, unpacked
from wa_bulk.callbacks.counters import Counters
from wa_bulk.callbacks.entry import digest_of
from wa_bulk.callbacks.hook import Hook, OnRow
from wa_bulk.callbacks.limits import Allowance, Bucket, Gate, Limits, TooMuch
from wa_bulk.callbacks.parse import parse_callback
from wa_bulk.callbacks.set_aside import Cause
from wa_bulk.callbacks.signature import HEADER, refusal, signature_parts
from wa_bulk.callbacks.sink import CallbackSink, NotStored
from wa_bulk.callbacks.writer import ReplayedNonce, Signed
from wa_bulk.history import HistoryError

HEALTH_PATH = "/health"
COUNTERS = web.AppKey("COUNTERS", Counters)

_REPLAYED = "the signature was used before, for another body"
_HEALTH_EVERY_S = 1.0
_SHOUT_EVERY_S = 10.0
_LOG = logging.getLogger("wa_bulk.callbacks")


def receiver_app(
    store: CallbackSink,
    secret: str | None = None,
    on_row: OnRow | None = None,
    *,
    path: str = "/",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    counters: Counters | None = None,
) -> web.Application:
    """Return an application that takes callbacks at `path` and tells of its health at /health.

    A row is stored before its request is answered with 200: with a `CallbackStore`, it is on disk. With
    `secret`, requests that do not carry X-CALLBACK-ID signed with it get 401 and are kept aside. `on_row` is
    called with each new row afterwards, one at a time; what it raises is logged and harms nothing. `counters`
    are counted up, also found at `app[COUNTERS]`. The store stays the caller's to close, after the
    application has ended.

    Runs on its own or, by `add_subapp`, within another application. Raises ValueError for an empty secret: it
    would let everybody in.
    """
    if secret is not None and not secret.strip():
        raise ValueError("the secret is empty: anybody could sign with it (None: no signatures are checked)")
    receiver = _Receiver(store, secret, on_row, limits, counters or Counters())
    app = web.Application()
    app[COUNTERS] = receiver.counters
    app.router.add_post(path, receiver.receive)
    app.router.add_get(HEALTH_PATH, receiver.health)
    app.cleanup_ctx.append(receiver.running)
    return app


class _Broken(Exception):
    """A body that broke off or could not be unpacked on its way here; `body` is what came of it."""

    def __init__(self, body: bytes, reason: str) -> None:
        super().__init__(body, reason)
        self.body = body
        self.reason = reason


class _Receiver:
    def __init__(
        self,
        store: CallbackSink,
        secret: str | None,
        on_row: OnRow | None,
        limits: Limits,
        counters: Counters,
    ) -> None:
        self.counters = counters
        self._store = store
        self._secret = secret
        self._on_row = on_row
        self._limits = limits
        self._hook: Hook | None = None
        self._gate = Gate(limits)
        self._kept = Bucket(limits.kept_per_s)
        self._health: tuple[float, str | None] = (float("-inf"), None)
        self._shouted_at_s = float("-inf")

    async def running(self, _app: web.Application) -> AsyncIterator[None]:
        """Start and end what goes on beside the requests."""
        if self._on_row is not None:
            self._hook = Hook(self._on_row, self.counters)
        yield
        if self._hook is not None:
            await self._hook.close()

    async def receive(self, request: web.Request) -> web.Response:
        """Take one request in."""
        self.counters.requests += 1
        try:
            with self._gate.allowance() as allowance:
                body = await self._read(request, allowance)
                note_arrival()
                async with self._gate.slot():
                    return await self._take(body, request, allowance)
        except _Broken as error:
            return await self._refuse_broken(error, request)
        except TooMuch as error:
            self.counters.refused_size += 1
            return _refuse(error.status, error.reason)

    async def health(self, _request: web.Request) -> web.Response:
        """Answer 200 while rows can be stored, else 503."""
        now_s = time.monotonic()
        if now_s - self._health[0] >= _HEALTH_EVERY_S:
            self._health = (now_s, self._health[1])
            try:
                await self._store.check()
            except (HistoryError, NotStored) as error:
                self._shout("callbacks cannot be stored: %s", error)
                self._health = (now_s, "callbacks cannot be stored")
            else:
                self._health = (now_s, None)
        problem = self._health[1]
        return web.json_response({"status": problem or "ok"}, status=503 if problem else 200)

    async def _read(self, request: web.Request, allowance: Allowance) -> bytes:
        allowance.expect(request.content_length or 0)
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.read_s):
                async for chunk in request.content.iter_any():
                    allowance.take(len(chunk))
                    body += chunk
        except TimeoutError:
            raise TooMuch(408, f"the body did not come within {self._limits.read_s:g} s") from None
        except (aiohttp.ClientError, web.RequestPayloadError, OSError) as error:
            words = " ".join(str(error).removeprefix("400, message:").split())
            raise _Broken(bytes(body), f"the body cannot be read: {words or type(error).__name__}") from None
        return bytes(body)

    async def _take(self, received: bytes, request: web.Request, allowance: Allowance) -> web.Response:
        coding = request.headers.get("Content-Encoding", "")
        # Of what is packed and breaks off at its beginning, aiohttp hands on nothing.
        is_empty = not received.strip()
        if is_empty and (not coding or request.content_length == 0):
            self.counters.probes += 1
            return web.Response()
        body, damage = received, BREAKS_OFF if is_empty else None
        try:
            body = unpacked(received, coding, self._limits.body_bytes)
        except ValueError as error:
            damage = str(error)
        if body is not received:
            allowance.take(len(body))
        signed = None
        if self._secret:
            parts = signature_parts(request.headers.get(HEADER))
            why = refusal(parts, self._secret)
            if why is not None:
                return await self._refuse_signature(body, why)
            signed = Signed(parts["nonce"], digest_of(body))
        if damage is not None:
            return await self._refuse_garbage(received, damage)
        try:
            rows = parse_callback(body)
        except ValidationError as error:
            why = f"{error} (its Content-Encoding is {coding!r})" if coding else str(error)
            return await self._refuse_garbage(received, why)
        try:
            recorded = await self._store.record(rows, signed=signed)
        except ReplayedNonce:
            return await self._refuse_signature(body, _REPLAYED)
        except (HistoryError, NotStored) as error:
            self.counters.not_stored += 1
            self._shout("callbacks cannot be stored, and are answered with 503: %s", error)
            return _refuse(503, "callbacks cannot be stored now")
        except Exception as error:  # a row that we failed to foresee: it is posted only once
            self.counters.not_stored += 1
            _LOG.exception("a callback could not be stored, and is kept aside")
            await self._set_aside(body, "garbage", f"could not be stored: {error}")
            return _refuse(500, "the callback could not be stored")
        self.counters.count(recorded)
        if self._hook is not None:
            self._hook.add(recorded.new)
        return web.Response()

    async def _refuse_garbage(self, body: bytes, why: str) -> web.Response:
        self.counters.garbage += 1
        await self._set_aside(body, "garbage", why)
        return _refuse(400, why)

    async def _refuse_broken(self, error: _Broken, request: web.Request) -> web.Response:
        """Refuse a body that did not come whole; the connection is of no use any more."""
        request.content.feed_eof()  # nothing more comes, and aiohttp is not to look for it
        why = refusal(signature_parts(request.headers.get(HEADER)), self._secret) if self._secret else None
        response = await (
            self._refuse_garbage(error.body, error.reason)
            if why is None
            else self._refuse_signature(error.body, why)
        )
        response.force_close()
        return response

    async def _refuse_signature(self, body: bytes, why: str) -> web.Response:
        self.counters.bad_signatures += 1
        self._shout("a callback was refused and kept aside: %s", why)
        await self._set_aside(body, "signature", why)
        return _refuse(401, why)

    async def _set_aside(self, body: bytes, cause: Cause, why: str) -> None:
        if not self._kept.take():
            self.counters.not_kept += 1
            return
        try:
            await self._store.set_aside(body, cause, why)
        except (HistoryError, NotStored):
            self.counters.not_kept += 1

    def _shout(self, message: str, detail: object) -> None:
        """Log a warning, but not thousands of them."""
        now_s = time.monotonic()
        if now_s - self._shouted_at_s >= _SHOUT_EVERY_S:
            self._shouted_at_s = now_s
            _LOG.warning(message, detail)


def _refuse(status: int, reason: str) -> web.Response:
    response = web.json_response({"error": reason}, status=status)
    if status in (408, 413):  # the rest of the body is not worth reading
        response.force_close()
    return response
