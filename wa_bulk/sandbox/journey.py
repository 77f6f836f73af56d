"""How messages travel once they are taken: sent, delivered, read, or lost on the way."""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from wa_bulk.api.callbacks import META_ERRORS, MessageStatus
from wa_bulk.sandbox.behaviour import Behaviour
from wa_bulk.sandbox.faults import Seconds, Share
from wa_bulk.sandbox.models import Status

OUTSIDE_WINDOW = 131047
NOBODY_THERE = 131026
_TICK_S = 0.02
_AT_ONCE_MAX = 2_000


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long each step takes and how often one fails.

    The seconds count from the step before; each is varied by chance by up to `spread` of itself.
    `failures`: how often a message fails, 0 to 1, by one of Meta's codes. `read_share`: how many of
    the delivered are read.
    """

    sent_after_s: Seconds = 0.3
    delivered_after_s: Seconds = 0.7
    read_after_s: Seconds = 1.5
    timeout_s: Seconds = 300.0
    spread: Annotated[float, Meta(ge=0, le=1)] = 0.3
    read_share: Share = 1.0
    failures: dict[str, Share] = {}

    def __post_init__(self) -> None:
        for code in self.failures:
            if not code.isascii() or not code.isdigit() or int(code) not in META_ERRORS:
                known = ", ".join(map(str, sorted(META_ERRORS)))
                raise ValueError(f"{code!r} is none of the codes deliveries fail with: {known}")
        if sum(self.failures.values()) > 1:
            raise ValueError("the failures add up to more than 1")


class Step(NamedTuple):
    """`wait_s` counts from the step before; `becomes` is what the message's status is after it, None where
    it stays; `error` is 0 where nothing failed."""

    wait_s: float
    status: MessageStatus
    becomes: Status | None = None
    error: int = 0


Steps = tuple[Step, ...]


class Traveller(Struct, gc=False):
    """One message on its way to one person.

    The waits of its `steps` are multiplied by `pace`. `manner` says how its callbacks come, if oddly.
    `due` is when its last step was due, on the monotonic clock.
    """

    id: int
    message_id: str
    sender: str
    contact: str
    custom_args: dict[str, object] | None
    steps: Steps
    pace: float
    manner: str = ""
    position: int = 0
    status: Status = "accepted"
    due: float = 0.0

    @property
    def arrived(self) -> bool:
        return self.position >= len(self.steps)


class Planner:
    """Works out the steps of messages. Every chance is drawn from one seed."""

    def __init__(self, delivery: Delivery, seed: int) -> None:
        self._chance = random.Random(seed)
        self.set(delivery)

    def set(self, delivery: Delivery) -> None:
        """Goes by `delivery` from now on."""
        self.delivery = delivery
        self._sent = Step(delivery.sent_after_s, "sent", "sent")
        delivered = Step(delivery.delivered_after_s, "delivered", "delivered")
        self._delivered = (_PLANNED, _VALID, self._sent, delivered)
        self._read = (*self._delivered, Step(delivery.read_after_s, "read", "read"))
        self._failures = list(delivery.failures.items())

    def pace(self) -> float:
        """By how much one message's waits are multiplied."""
        spread = self.delivery.spread
        return 1.0 + spread * (2.0 * self._chance.random() - 1.0) if spread else 1.0

    def steps(self, behaviour: Behaviour | None, *, within_window: bool) -> Steps:
        """The steps of one message, failures drawn by chance unless something else is called for."""
        if behaviour is not None and behaviour.kind == "journey":
            return self._special(behaviour)
        if not within_window:
            return self._failing(OUTSIDE_WINDOW)
        code = self.drawn(self._failures)
        if code is not None:
            return self._failing(int(code))
        read_share = self.delivery.read_share
        return self._read if read_share >= 1 or self._chance.random() < read_share else self._delivered

    def drawn(self, shares: Iterable[tuple[str, float]]) -> str | None:
        """One of the names, each as often as its share says; mostly none."""
        draw: float | None = None
        for name, share in shares:
            if draw is None:
                draw = self._chance.random()
            if draw < share:
                return name
            draw -= share
        return None

    def _special(self, behaviour: Behaviour) -> Steps:
        if behaviour.value:
            return self._failing(behaviour.value)
        match behaviour.name:
            case "target-invalid":
                return (_PLANNED, Step(self._sent.wait_s, "target_invalid", "failed", NOBODY_THERE))
            case "undelivered":
                return (_PLANNED, _VALID, self._sent, Step(self.delivery.timeout_s, "delivered_timeout"))
            case _:
                return self._delivered

    def _failing(self, code: int) -> Steps:
        if META_ERRORS[code].kind == "recipient" and code != OUTSIDE_WINDOW:
            failed = Step(self.delivery.delivered_after_s, "delivered_failed", "failed", code)
            return (_PLANNED, _VALID, self._sent, failed)
        return (_PLANNED, _VALID, Step(self._sent.wait_s, "sent_failed", "failed", code))


_PLANNED = Step(0.0, "plan")
_VALID = Step(0.0, "target_valid")


class Journeys:
    """All messages under way, and one timer for the next step of any of them.

    While nobody watches, new messages sleep: nothing is done for them until `wake` has them take the
    steps due by then, each as of its own time. Once awake they take every step when it is due.
    """

    def __init__(
        self, on_step: Callable[[Traveller, Step, float], None], watched: Callable[[], bool]
    ) -> None:
        self._on_step = on_step
        self._watched = watched
        self._asleep: deque[Traveller] = deque()
        self._due: list[tuple[float, int, Traveller]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._done = asyncio.Event()
        self._done.set()

    def start(self, traveller: Traveller) -> None:
        """Sends a message on its way. The steps that need no wait are taken at once, unless it sleeps."""
        traveller.due = time.monotonic()
        if self._watched():
            self._go_on(traveller, traveller.due)
            self._set_timer()
        else:
            self._asleep.append(traveller)

    def wake(self, count: int | None = None) -> None:
        """Has the `count` oldest of those asleep, or all, take the steps due by now."""
        asleep = self._asleep
        if not asleep:
            return
        now = time.monotonic()
        for _ in range(len(asleep) if count is None else min(count, len(asleep))):
            self._go_on(asleep.popleft(), now)
        self._set_timer()

    def _go_on(self, traveller: Traveller, now: float) -> None:
        steps, pace = traveller.steps, traveller.pace
        while traveller.position < len(steps):
            step = steps[traveller.position]
            due = traveller.due + step.wait_s * pace
            if due > now:
                heapq.heappush(self._due, (due, traveller.id, traveller))
                self._done.clear()
                return
            traveller.due = due
            traveller.position += 1
            self._on_step(traveller, step, due)

    def _set_timer(self) -> None:
        if not self._due:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(_TICK_S, self._due[0][0] - time.monotonic())
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = loop.call_at(due, self._advance)

    def _advance(self) -> None:
        self._timer = None
        now = time.monotonic()
        due = self._due
        for _ in range(_AT_ONCE_MAX):
            if not due or due[0][0] > now:
                break
            self._go_on(heapq.heappop(due)[2], now)
        self._set_timer()
        if not due:
            self._done.set()

    def forget(self) -> None:
        """Leaves every message where it is."""
        self._asleep.clear()
        self._due.clear()
        self._done.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def settled(self) -> None:
        """Returns when nothing is under way."""
        self.wake()
        await self._done.wait()
