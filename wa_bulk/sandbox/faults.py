"""Random faults: how often each comes, how slow replies are, how fast is too fast."""

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
    """How long replies are delayed: `fixed` at `ms`; `normal` around `ms`, `spread_ms` its standard
    deviation; `long_tail` with the median `ms` (log-normal), where one in a hundred takes ten times that.
    """

    shape: Literal["fixed", "normal", "long_tail"] = "fixed"
    ms: Milliseconds = 0.0
    spread_ms: Milliseconds = 0.0

    def draw(self, source: random.Random) -> float:
        """Draw one delay, in milliseconds."""
        if self.shape == "normal":
            return max(0.0, source.gauss(self.ms, self.spread_ms))
        if self.shape == "long_tail":
            return min(600_000.0, self.ms * source.lognormvariate(0.0, 1.0))
        return self.ms


class FaultSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which faults come at random.

    `shares`: the share of requests, 0 to 1, that each fault comes to, by its name. `latency`: of every
    reply. `max_per_second`: requests above it within any second get 429 with `retry_after_s`.
    `outage_s`: for this many seconds from now connections are reset, or answered with a gateway's 503
    where `outage` says so. `seed`: the same one gives the same faults.
    """

    shares: dict[str, Share] = {}
    latency: Latency | None = None
    max_per_second: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    retry_after_s: Annotated[int, Meta(ge=0, le=3600)] = 1
    outage: Literal["reset", "503"] = "reset"
    outage_s: Seconds = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.shares) - set(RANDOM_FAULTS))
        if unknown:
            raise ValueError(f"no fault is called {unknown[0]!r}; expected one of {', '.join(RANDOM_FAULTS)}")
        if sum(self.shares.values()) > 1:
            raise ValueError("the shares add up to more than 1")


RANDOM_FAULTS = [name for name, row in BEHAVIOURS.items() if row.at_the_api]
"""The names `shares` may hold. How often deliveries fail is part of the delivery settings."""


class Faults:
    """Chooses the fault of each request, in the order in which they arrive."""

    def __init__(self, settings: FaultSettings) -> None:
        self.set(settings)

    def set(self, settings: FaultSettings) -> None:
        """Start again with `settings`, the random numbers included."""
        self.settings = settings
        self._random = random.Random(settings.seed)
        self._names = list(settings.shares)
        self._edges: list[float] = []
        edge = 0.0
        for share in settings.shares.values():
            edge += share
            self._edges.append(edge)
        self._recent: deque[float] = deque(maxlen=settings.max_per_second)
        self._outage_ends = time.monotonic() + settings.outage_s if settings.outage_s else 0.0
        self.active = settings != FaultSettings(seed=settings.seed)

    @property
    def outage_left_s(self) -> float:
        return max(0.0, self._outage_ends - time.monotonic())

    def next(self) -> tuple[Behaviour | None, float]:
        """Return the fault of the next request, if any, and its reply's delay in milliseconds."""
        settings = self.settings
        now = time.monotonic()
        if now < self._outage_ends:
            return BEHAVIOURS["reset-before" if settings.outage == "reset" else "503"], 0.0
        latency_ms = settings.latency.draw(self._random) if settings.latency else 0.0
        draw = self._random.random() if self._edges else 1.0
        if settings.max_per_second is not None:
            recent = self._recent
            if len(recent) == settings.max_per_second and now - recent[0] < 1.0:
                return msgspec.structs.replace(BEHAVIOURS["429"], value=settings.retry_after_s), latency_ms
            recent.append(now)
        for edge, name in zip(self._edges, self._names, strict=True):
            if draw < edge:
                return BEHAVIOURS[name], latency_ms
        return None, latency_ms
