"""Telling the developer's service what became of the messages, as the vendor does.

Rows are posted in batches, in the background, one request after the other. A batch that is not
answered with 200 within 3 seconds is not sent again: the vendor promises none.
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

ANSWER_WITHIN_S = 3.0
BACKLOG_MAX = 1_000_000


class CallbackSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where callbacks go, and how.

    `url` null: nowhere. With a `secret` each request carries X-CALLBACK-ID, signed for `username`.
    Rows wait up to `batch_wait_s` for others, at most `batch_max` in a request. The shares, 0 to 1,
    say for how many messages the callbacks come `late_s` seconds late, twice, last things first, or
    before the reply to the request.
    """

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+\S*$")] | None = None
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
    """How many rows were answered with 200, how many were lost, how many wait, and the last trouble."""

    delivered: int
    missed: int
    waiting: int
    last_error: str | None


def signature_header(secret: str, username: str, timestamp: int, nonce: str) -> str:
    """The X-CALLBACK-ID header of the vendor's products; it does not cover the body."""
    signed = f"{timestamp}{nonce}{username}".encode()
    signature = hmac.digest(secret.encode(), signed, "sha256").hex()
    return f"timestamp={timestamp};nonce={nonce};username={username};signature={signature}"


class Callbacks:
    """The queue of rows and the task that posts them."""

    def __init__(self, settings: CallbackSettings) -> None:
        self.settings = settings
        self._rows: deque[CallbackRow] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._late: set[asyncio.TimerHandle] = set()
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._delivered = self._missed = 0
        self._last_error: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to tell."""
        return self.settings.url is not None

    @property
    def state(self) -> CallbackState:
        return CallbackState(
            self._delivered, self._missed, len(self._rows) + len(self._late), self._last_error
        )

    def add(self, rows: Sequence[CallbackRow]) -> None:
        """Has the rows posted soon."""
        if not self.wanted or not rows:
            return
        self._rows.extend(rows)
        while len(self._rows) > BACKLOG_MAX:
            self._rows.popleft()
            self._missed += 1
        self._idle.clear()
        self._arrived.set()
        if self._task is None:
            self._task = asyncio.create_task(self._post_all(), name="sandbox callbacks")

    def add_late(self, rows: Sequence[CallbackRow]) -> None:
        """Has the rows posted `late_s` seconds from now."""
        if not self.wanted:
            return

        def now() -> None:
            self._late.discard(timer)
            self.add(rows)
            self._note_idle()

        timer = asyncio.get_running_loop().call_later(self.settings.late_s, now)
        self._late.add(timer)
        self._idle.clear()

    async def _post_all(self) -> None:
        while True:
            await self._arrived.wait()
            if len(self._rows) < self.settings.batch_max:
                await asyncio.sleep(self.settings.batch_wait_s)
            rows = [self._rows.popleft() for _ in range(min(len(self._rows), self.settings.batch_max))]
            if not self._rows:
                self._arrived.clear()
            await self.post(rows)
            self._note_idle()

    def _note_idle(self) -> None:
        if not self._rows and not self._late:
            self._idle.set()

    async def post(self, rows: Sequence[CallbackRow]) -> None:
        """Posts the rows now; returns when they are answered, or given up."""
        if not rows:
            return
        error = await self._request(msgspec.json.encode(CallbackBatch(len(rows), list(rows))))
        if error is None:
            self._delivered += len(rows)
        else:
            self._missed += len(rows)
            self._last_error = error

    async def probe(self) -> str | None:
        """Sends the empty request that a new address is tried with; what went wrong, or None."""
        return await self._request(b"")

    async def _request(self, body: bytes) -> str | None:
        settings = self.settings
        if settings.url is None:
            return "no url is set"
        headers = {"Content-Type": "application/json"}
        if settings.secret:
            headers["X-CALLBACK-ID"] = signature_header(
                settings.secret, settings.username, int(time.time()), secrets.token_hex(8)
            )
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        try:
            async with self._session.post(
                settings.url, data=body, headers=headers, allow_redirects=False
            ) as reply:
                return None if reply.status == 200 else f"{settings.url} answered {reply.status}, not 200"
        except TimeoutError:
            return f"{settings.url} did not answer within {ANSWER_WITHIN_S:g} s"
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return f"{settings.url}: {error}"

    def forget(self) -> None:
        """Drops what waits."""
        self._rows.clear()
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        self._idle.set()

    async def settled(self) -> None:
        """Returns when nothing waits."""
        await self._idle.wait()

    async def close(self) -> None:
        self.forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
