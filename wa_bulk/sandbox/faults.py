"""Faults at random: how often each, how slow, how fast is too fast. The same seed gives the same faults."""

from __future__ import annotations

import random
import time
from collections import deque
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from wa_bulk.sandbox.behaviour import BEHAVIOURS, Behaviour

Share = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Milliseconds = Annotated[float, Meta(ge=0, le=600_000)]


class Latency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long replies are kept back: `fixed` at `ms`; `normal` around `ms`, `spread_ms` its standard
    deviation; `long_tail` with the median `ms` (log-normal), where one in a hundred takes ten times that.
    """

    shape: Literal["fixed", "normal", "long_tail"] = "fixed"
    ms: Milliseconds = 0.0
    spread_ms: Milliseconds = 0.0

    def draw(self, chance: random.Random) -> float:
        """Milliseconds."""
        if self.shape == "normal":
            return max(0.0, chance.gauss(self.ms, self.spread_ms))
        if self.shape == "long_tail":
            return min(600_000.0, self.ms * chance.lognormvariate(0.0, 1.0))
        return self.ms


class FaultSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong at random.

    `shares`: how often each behaviour befalls a request, 0 to 1, by its name. `latency`: of every
    reply. `max_per_second`: requests above it within any second get 429 with `retry_after_s`.
    `outage_s`: from now on and for so many seconds nothing works: connections are reset, or answered
    with a gateway's 503 where `outage` says so. `seed`: the same one gives the same faults.
    """

    shares: dict[str, Share] = {}
    latency: Latency | None = None
    max_per_second: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    retry_after_s: Annotated[int, Meta(ge=0, le=3600)] = 1
    outage: Literal["reset", "503"] = "reset"
    outage_s: Seconds = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.shares) - set(BY_CHANCE))
        if unknown:
            raise ValueError(f"no fault is called {unknown[0]!r}; there are {', '.join(BY_CHANCE)}")
        if sum(self.shares.values()) > 1:
            raise ValueError("the shares add up to more than 1")


BY_CHANCE = [name for name, row in BEHAVIOURS.items() if row.kind not in ("journey", "callbacks")]
"""What `shares` may name. How often deliveries fail is a matter of the delivery settings."""


class Faults:
    """Decides for each request, in the order of their arrival, what is done to it."""

    def __init__(self, settings: FaultSettings) -> None:
        self.set(settings)

    def set(self, settings: FaultSettings) -> None:
        """Begins anew with `settings`: the draw of chances too."""
        self.settings = settings
        self._chance = random.Random(settings.seed)
        self._names = list(settings.shares)
        self._edges: list[float] = []
        edge = 0.0
        for share in settings.shares.values():
            edge += share
            self._edges.append(edge)
        self._arrivals: deque[float] = deque(maxlen=settings.max_per_second)
        self._outage_ends = time.monotonic() + settings.outage_s if settings.outage_s else 0.0
        self.active = settings != FaultSettings(seed=settings.seed)

    @property
    def outage_left_s(self) -> float:
        return max(0.0, self._outage_ends - time.monotonic())

    def next(self) -> tuple[Behaviour | None, float]:
        """What befalls the next request, and the milliseconds its reply is kept back."""
        settings = self.settings
        now = time.monotonic()
        if now < self._outage_ends:
            return BEHAVIOURS["reset-before" if settings.outage == "reset" else "503"], 0.0
        latency_ms = settings.latency.draw(self._chance) if settings.latency else 0.0
        draw = self._chance.random() if self._edges else 1.0
        if settings.max_per_second is not None:
            arrivals = self._arrivals
            if len(arrivals) == settings.max_per_second and now - arrivals[0] < 1.0:
                return msgspec.structs.replace(BEHAVIOURS["429"], value=settings.retry_after_s), latency_ms
            arrivals.append(now)
        for edge, name in zip(self._edges, self._names, strict=True):
            if draw < edge:
                return BEHAVIOURS[name], latency_ms
        return None, latency_ms
