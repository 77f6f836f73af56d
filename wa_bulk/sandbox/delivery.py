"""What becomes of a message once it is taken: the steps of its delivery, and how long each takes."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from wa_bulk.api.callbacks import META_ERRORS, MessageStatus
from wa_bulk.sandbox.behaviour import Behaviour
from wa_bulk.sandbox.faults import Seconds, Share
from wa_bulk.sandbox.models import Status

OUTSIDE_WINDOW = 131047
UNDELIVERABLE = 131026
MEDIA_NOT_TAKEN = 131053


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long each step takes and how often one fails.

    The seconds count from the step before; each is varied at random by up to `spread` of itself.
    `failures`: how often a message fails, 0 to 1, by one of Meta's codes. `read_share`: the share of
    delivered messages that are read.
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
                raise ValueError(f"no delivery fails with {code!r}; expected one of Meta's codes: {known}")
        if sum(self.failures.values()) > 1:
            raise ValueError("the failures add up to more than 1")


class Step(NamedTuple):
    """`wait_s` counts from the step before; `becomes` is the message's status after it, None where it does
    not change; `error` is one of Meta's codes, 0 where nothing failed, and `detail` what is said of it beyond
    the code's meaning."""

    wait_s: float
    status: MessageStatus
    becomes: Status | None = None
    error: int = 0
    detail: str = ""

    @property
    def error_text(self) -> str:
        """The error in words."""
        return self.detail or META_ERRORS[self.error].meaning


Steps = tuple[Step, ...]


class DeliveryPlanner:
    """Works out the steps of messages. All random choices come from one seed."""

    def __init__(self, delivery: Delivery, seed: int) -> None:
        self._random = random.Random(seed)
        self.set(delivery)

    def set(self, delivery: Delivery) -> None:
        """Plan with `delivery` from now on."""
        self.delivery = delivery
        self._sent = Step(delivery.sent_after_s, "sent", "sent")
        delivered = Step(delivery.delivered_after_s, "delivered", "delivered")
        self._delivered = (_PLANNED, _VALID, self._sent, delivered)
        self._read = (*self._delivered, Step(delivery.read_after_s, "read", "read"))
        self._failures = list(delivery.failures.items())

    def pace(self) -> float:
        """Draw the factor by which one message's waits are multiplied."""
        spread = self.delivery.spread
        return 1.0 + spread * (2.0 * self._random.random() - 1.0) if spread else 1.0

    def steps(self, behaviour: Behaviour | None, *, within_window: bool) -> Steps:
        """Plan the steps of one message; failures are drawn at random unless `behaviour` asks for something.

        `within_window`: a template, or a message to a person who wrote within the last 24 hours.
        """
        if behaviour is not None and behaviour.kind == "delivery":
            return self._asked_for(behaviour)
        if not within_window:
            return self._failing(OUTSIDE_WINDOW)
        code = self.drawn(self._failures)
        if code is not None:
            return self._failing(int(code))
        read_share = self.delivery.read_share
        return self._read if read_share >= 1 or self._random.random() < read_share else self._delivered

    def without_medium(self, reason: str) -> Steps:
        """Plan the steps of a message whose medium cannot be sent."""
        failed = Step(self._sent.wait_s, "sent_failed", "failed", MEDIA_NOT_TAKEN, reason)
        return (_PLANNED, _VALID, failed)

    def drawn(self, shares: Iterable[tuple[str, float]]) -> str | None:
        """Draw one of the names, each as often as its share says; None for the rest."""
        draw: float | None = None
        for name, share in shares:
            if draw is None:
                draw = self._random.random()
            if draw < share:
                return name
            draw -= share
        return None

    def _asked_for(self, behaviour: Behaviour) -> Steps:
        if behaviour.value:
            return self._failing(behaviour.value)
        match behaviour.name:
            case "target-invalid":
                return (_PLANNED, Step(self._sent.wait_s, "target_invalid", "failed", UNDELIVERABLE))
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
