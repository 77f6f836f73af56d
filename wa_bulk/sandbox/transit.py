"""Messages in transit: each takes the steps of its delivery when they are due."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from wa_bulk.sandbox.delivery import Step, Steps
from wa_bulk.sandbox.models import Status

CallbackOrder = Literal["in-order", "late", "repeated", "out-of-order", "early"]

_TICK_S = 0.02
_STEPS_AT_ONCE_MAX = 2_000


class InTransit(Struct, gc=False):
    """One message on its way to one recipient.

    The waits of its `steps` are multiplied by `pace`. `window_open`: the recipient wrote within the last
    24 hours. `due` is when its last step was due, on the monotonic clock.
    """

    id: int
    message_id: str
    sender: str
    contact: str
    custom_args: dict[str, object] | None
    steps: Steps
    pace: float
    window_open: bool = False
    callback_order: CallbackOrder = "in-order"
    position: int = 0
    status: Status = "accepted"
    due: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether its last step was taken."""
        return self.position >= len(self.steps)


class Transit:
    """All messages in transit, and one timer for the next step of any of them.

    While nobody observes them, new messages are deferred: nothing is done for them until `catch_up` takes
    the steps due by then, each as of its own time. Once started they take every step when it is due.
    """

    def __init__(
        self, on_step: Callable[[InTransit, Step, float], None], observed: Callable[[], bool]
    ) -> None:
        self._on_step = on_step
        self._observed = observed
        self._deferred: deque[InTransit] = deque()
        self._due: list[tuple[float, int, InTransit]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._done = asyncio.Event()
        self._done.set()

    def start(self, message: InTransit) -> None:
        """Start a delivery. Steps without a wait are taken at once, unless nobody observes them."""
        message.due = time.monotonic()
        if self._observed():
            self._advance(message, message.due)
            self._set_timer()
        else:
            self._deferred.append(message)

    def catch_up(self, count: int | None = None) -> None:
        """Take the steps due by now of the `count` oldest deferred messages, or of all."""
        deferred = self._deferred
        if not deferred:
            return
        now = time.monotonic()
        for _ in range(len(deferred) if count is None else min(count, len(deferred))):
            self._advance(deferred.popleft(), now)
        self._set_timer()

    def _advance(self, message: InTransit, now: float) -> None:
        steps, pace = message.steps, message.pace
        while message.position < len(steps):
            step = steps[message.position]
            due = message.due + step.wait_s * pace
            if due > now:
                heapq.heappush(self._due, (due, message.id, message))
                self._done.clear()
                return
            message.due = due
            message.position += 1
            self._on_step(message, step, due)

    def _set_timer(self) -> None:
        if not self._due:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(_TICK_S, self._due[0][0] - time.monotonic())
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = loop.call_at(due, self._advance_due)

    def _advance_due(self) -> None:
        self._timer = None
        now = time.monotonic()
        due = self._due
        for _ in range(_STEPS_AT_ONCE_MAX):
            if not due or due[0][0] > now:
                break
            self._advance(heapq.heappop(due)[2], now)
        self._set_timer()
        if not due:
            self._done.set()

    def discard(self) -> None:
        """Drop every message; none takes another step."""
        self._deferred.clear()
        self._due.clear()
        self._done.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def settled(self) -> None:
        """Wait until no message is in transit."""
        self.catch_up()
        await self._done.wait()
