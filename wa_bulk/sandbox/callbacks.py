"""Posting callbacks to the developer's service, as the vendor does.

Rows are posted in batches, in the background, one request after the other. A batch that is not
answered with 200 within 3 seconds is missed: the vendor promises no second try.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import deque
from collections.abc import Sequence
from typing import Annotated

import aiohttp
import msgspec
from msgspec import Meta, Struct

from wa_bulk.api.callbacks import CallbackBatch, CallbackRow
from wa_bulk.sandbox.faults import Seconds, Share
from wa_bulk.sandbox.reports import event_of

ANSWER_WITHIN_S = 3.0
BACKLOG_MAX = 1_000_000
URL_PATTERN = r"^https?://[^\s/]+\S*$"


class CallbackSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where callbacks go, and how.

    `url` null: nowhere. With `events` only these are posted, by name: message statuses, and the events of
    responses and notifications. With a `secret` each request carries X-CALLBACK-ID, signed for `username`.
    Rows wait up to `batch_wait_s` for others, at most `batch_max` in a request. The shares, 0 to 1, say for
    how many messages the callbacks come `late_s` seconds late, twice, in reverse order, or before the reply
    to the request.
    """

    url: Annotated[str, Meta(pattern=URL_PATTERN)] | None = None
    events: list[str] = []
    secret: str | None = None
    username: Annotated[str, Meta(pattern=r"^[\x21-\x3a\x3c-\x7e]*$")] = "sandbox"
    batch_max: Annotated[int, Meta(ge=1, le=1000)] = 100
    batch_wait_s: Seconds = 0.05
    late_share: Share = 0.0
    late_s: Seconds = 5.0
    repeated_share: Share = 0.0
    out_of_order_share: Share = 0.0
    early_share: Share = 0.0

    def __post_init__(self) -> None:
        if sum(self.shares.values()) > 1:
            raise ValueError("the shares add up to more than 1")

    @property
    def shares(self) -> dict[str, float]:
        """By the name of the behaviour."""
        return {
            "late": self.late_share,
            "repeated": self.repeated_share,
            "out-of-order": self.out_of_order_share,
            "early": self.early_share,
        }


class CallbackState(Struct, frozen=True):
    """How many rows were answered with 200, were missed, and wait; and why the last missed ones were."""

    delivered: int
    missed: int
    waiting: int
    last_error: str | None


def signature_header(secret: str, username: str, timestamp: int, nonce: str) -> str:
    """Build the X-CALLBACK-ID header of the vendor's products; it does not cover the body."""
    signed = f"{timestamp}{nonce}{username}".encode()
    signature = hmac.digest(secret.encode(), signed, "sha256").hex()
    return f"timestamp={timestamp};nonce={nonce};username={username};signature={signature}"


class Callbacks:
    """The queue of rows and the task that posts them."""

    def __init__(self, settings: CallbackSettings) -> None:
        self.settings = settings
        self._rows: deque[CallbackRow] = deque()
        self._added = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._late: set[asyncio.TimerHandle] = set()
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._delivered = self._missed = 0
        self._last_error: str | None = None

    @property
    def enabled(self) -> bool:
        """Whether there is an address to post to."""
        return self.settings.url is not None

    @property
    def state(self) -> CallbackState:
        """What came of the rows so far."""
        return CallbackState(
            self._delivered, self._missed, len(self._rows) + len(self._late), self._last_error
        )

    def add(self, rows: Sequence[CallbackRow]) -> None:
        """Post the rows soon."""
        rows = self._chosen(rows)
        if not rows:
            return
        self._rows.extend(rows)
        while len(self._rows) > BACKLOG_MAX:
            self._rows.popleft()
            self._miss(1, f"more than {BACKLOG_MAX:,} rows wait for {self.settings.url}")
        self._idle.clear()
        self._added.set()
        if self._task is None:
            self._task = asyncio.create_task(self._post_all(), name="sandbox callbacks")

    def add_late(self, rows: Sequence[CallbackRow]) -> None:
        """Post the rows `late_s` seconds from now."""
        if not self.enabled:
            return

        def add_now() -> None:
            self._late.discard(timer)
            self.add(rows)
            self._note_idle()

        timer = asyncio.get_running_loop().call_later(self.settings.late_s, add_now)
        self._late.add(timer)
        self._idle.clear()

    def _chosen(self, rows: Sequence[CallbackRow]) -> Sequence[CallbackRow]:
        if not self.enabled:
            return ()
        events = self.settings.events
        return [row for row in rows if event_of(row) in events] if events else rows

    async def _post_all(self) -> None:
        while True:
            await self._added.wait()
            if len(self._rows) < self.settings.batch_max:
                await asyncio.sleep(self.settings.batch_wait_s)
            rows = [self._rows.popleft() for _ in range(min(len(self._rows), self.settings.batch_max))]
            if not self._rows:
                self._added.clear()
            await self._post(rows)
            self._note_idle()

    def _note_idle(self) -> None:
        if not self._rows and not self._late:
            self._idle.set()

    async def post(self, rows: Sequence[CallbackRow]) -> None:
        """Post the rows now; returns when they are answered, or missed."""
        if rows := self._chosen(rows):
            await self._post(rows)

    async def _post(self, rows: Sequence[CallbackRow]) -> None:
        if not rows:
            return
        try:
            body = msgspec.json.encode(CallbackBatch(len(rows), list(rows)))
        except (
            RecursionError,
            ValueError,
            TypeError,
        ) as error:  # one row must not end the task for all others
            self._miss(len(rows), f"a row cannot be written as JSON: {error}")
            return
        error_text = await self._request(body)
        if error_text is None:
            self._delivered += len(rows)
        else:
            self._miss(len(rows), error_text)

    def _miss(self, count: int, error: str) -> None:
        self._missed += count
        self._last_error = error

    async def probe(self, url: str | None = None) -> str | None:
        """Post the empty request that a new address is tried with; returns the error, or None.

        To the address of the settings, unless `url` is given.
        """
        return await self._request(b"", url)

    async def _request(self, body: bytes, url: str | None = None) -> str | None:
        settings = self.settings
        url = url or settings.url
        if url is None:
            return "no url is set"
        headers = {"Content-Type": "application/json"}
        if settings.secret:
            headers["X-CALLBACK-ID"] = signature_header(
                settings.secret, settings.username, int(time.time()), secrets.token_hex(8)
            )
        if self._session is None:
            self._session = _new_session()
        try:
            status = await _post(self._session, url, body, headers)
        except TimeoutError:
            return f"{url} did not answer within {ANSWER_WITHIN_S:g} s"
        except aiohttp.ClientConnectorError as error:
            return f"{url}: cannot connect: {error.os_error.strerror or error.os_error}"
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return f"{url}: {str(error) or type(error).__name__}"
        return None if status == 200 else f"{url} answered {status}, not 200"

    def discard(self) -> None:
        """Drop the rows that wait."""
        self._rows.clear()
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        self._idle.set()

    async def settled(self) -> None:
        """Wait until no row waits."""
        await self._idle.wait()

    async def close(self) -> None:
        """Drop the rows that wait and close the connections."""
        self.discard()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


class _Attempt:
    """One request; `reused`: over a connection that an earlier request had left open."""

    reused = False


def _new_session() -> aiohttp.ClientSession:
    async def note_reused(_session: object, context: object, _parameters: object) -> None:
        attempt = getattr(context, "trace_request_ctx", None)
        assert isinstance(attempt, _Attempt)
        attempt.reused = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(note_reused)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    return aiohttp.ClientSession(timeout=timeout, trace_configs=[trace])


async def _post(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> int:
    """Post `body`; returns the HTTP status.

    A receiver may close a connection that was left open just when it is used again. That row is
    not missed: the request goes over another connection then.
    """
    while True:
        attempt = _Attempt()
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=attempt
            ) as reply:
                return reply.status
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not attempt.reused:
                raise
