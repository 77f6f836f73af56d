"""What a seed means: the campaign, how it is run, and everything that goes wrong on the way."""

from __future__ import annotations

import random
from typing import Literal

import msgspec

from tests.simulation.answers import ACCEPTED, KINDS
from tests.simulation.campaign import SHAPES, Recipient, draw_recipients
from tests.simulation.disk import DiskFaults, When
from wa_bulk.campaign.settings import Settings

Ending = Literal["process killed", "power cut", "interrupted", "cancelled"]
Point = Literal["disk", "network", "step", "time"]

NETWORK_FAULTS = (
    "reset before",
    "reset after",
    "silence",
    "cut reply",
    "foreign reply",
    "error in the transport",
)
CONNECT_FAULTS = ("refused", "name not found", "connect hangs", "certificate")
OUTAGES: dict[str, tuple[str, ...]] = {
    "down": ("reset before",),
    "gateway": ("gateway",),
    "silent": ("silence",),
    "resets": ("reset after",),
    "overload": ("5xx, not done", "503 with Retry-After", "code 1000"),
    "pages": ("2xx, no message_id",),
    "mixed": ("gateway", "reset after", "503 in Envoy's words", "5xx, not reached", "reset before"),
    "throttled": ("too fast",),
}


class Outage(msgspec.Struct, frozen=True):
    """From `begin` to `end` (s, since the stretch began) every request meets one of `fates`."""

    name: str
    begin: float
    end: float
    fates: tuple[str, ...]


class Interference(msgspec.Struct, frozen=True):
    """How a stretch is broken off: at the `at`-th operation of the disk, event of the network or step of the
    loop, or after that time (s); `when` tells where within an operation of the disk."""

    ending: Ending
    point: Point
    at: float
    when: When = "before"


class StretchPlan(msgspec.Struct, frozen=True):
    """One stretch of the run: its settings, and what goes wrong in it. `pause_s` comes before it."""

    settings: Settings
    disk: DiskFaults
    interference: tuple[Interference, ...] = ()
    outages: tuple[Outage, ...] = ()
    source_changes_at: int | None = None
    """The step of the loop at which somebody changes the recipients' file."""
    pause_s: float = 0.0
    clock_error_s: float = 0.0
    """How wrong the machine's time of day is."""


class Scenario(msgspec.Struct, frozen=True):
    """A whole simulation. `weights` are of the server's answers and the network's faults."""

    seed: int
    shape: str
    recipients: list[Recipient]
    stretches: list[StretchPlan]
    weights: dict[str, float]
    connect_weights: dict[str, float]
    latency_s: float
    disk_s: float
    lateness_s: float
    again: bool
    """Whether, once it is finished, all that was not accepted is sent again."""


def draw(seed: int) -> Scenario:
    """Draw a scenario. Of each kind of trouble most scenarios have none, and some have plenty."""
    chance = random.Random(f"{seed} scenario")
    shape = chance.choice([*SHAPES])
    rows = min(100, max(1, round(chance.choice([5, 15, 30, 60, 100]) * chance.uniform(0.4, 1))))
    count = chance.choice([1, 1, 2, 2, 3, 4])
    first = _settings(chance, rows)
    latency_s = chance.choice([0.002, 0.05, 0.3, 3.0])
    stretches = [
        _stretch(chance, first if n == 0 else _resumed(chance, first), rows, latency_s, is_first=n == 0)
        for n in range(count)
    ]
    return Scenario(
        seed=seed,
        shape=shape,
        recipients=draw_recipients(chance, shape, rows),
        stretches=stretches,
        weights=_weights(chance),
        connect_weights=_connect_weights(chance),
        latency_s=latency_s,
        disk_s=chance.choice([0.0, 0.0005, 0.005, 0.2]),
        lateness_s=chance.choice([0.0, 0.0, 0.001, 0.05]),
        again=chance.random() < 0.3,
    )


def _settings(chance: random.Random, rows: int) -> Settings:
    return Settings(
        rate=chance.choice([0, 0, 0, 0.5, 1, 2.5, 10, 80, 500]),
        concurrency=chance.choice([1, 2, 3, 5, 8, 16, 64]),
        timeout=chance.choice([1.0, 5.0, 30.0]),
        tries=chance.choice([1, 2, 3, 5]),
        limit=chance.choice([None, None, None, max(1, rows // 2)]),
        on_unknown=chance.choice(["hold", "hold", "hold", "retry"]),
        gateway_errors=chance.choice(["unknown", "unknown", "unknown", "retry"]),
        allow_duplicates=chance.random() < 0.25,
        max_failures_in_a_row=chance.choice([0, 3, 10, 100, 100]),
        max_failure_share=chance.choice([0.0, 0.5]),
        outage_limit=chance.choice([0.0, 2.0, 20.0, 60.0, 60.0]),
    )


def _resumed(chance: random.Random, first: Settings) -> Settings:
    return msgspec.structs.replace(
        first,
        rate=chance.choice([first.rate, first.rate, 0, 20]),
        concurrency=chance.choice([first.concurrency, first.concurrency, 4]),
        limit=None,
        on_unknown=chance.choice(["hold", "hold", "hold", "retry"]),
        retry_failed=chance.random() < 0.3,
        retry_rejected=chance.random() < 0.2,
        gateway_errors=chance.choice([first.gateway_errors, "unknown", "retry"]),
    )


def _stretch(
    chance: random.Random, settings: Settings, rows: int, latency_s: float, *, is_first: bool
) -> StretchPlan:
    def rarely(share: float, chances: tuple[float, ...]) -> float:
        return chance.choice(chances) if chance.random() < share else 0.0

    disk = DiskFaults(
        full=rarely(0.1, (0.02, 0.2)),
        broken=rarely(0.1, (0.02, 0.2)),
        sync_fails=rarely(0.1, (0.05, 0.3)),
        moved=rarely(0.05, (0.05, 0.3)),
        page_bytes=chance.choice([64, 512, 4096]),
    )
    duration_s = rows * max(1 / settings.rate if settings.rate else 0.0, latency_s / settings.concurrency)
    found: list[Interference] = []
    endings: list[Ending] = ["process killed", "power cut", "power cut", "interrupted", "cancelled"]
    for _ in range(chance.choice([0, 1, 1, 1, 2]) if chance.random() < (0.8 if is_first else 1) else 0):
        ending = chance.choice(endings[: 5 if chance.random() < 0.3 else 4])
        point: Point = chance.choice(["disk", "network", "step", "time"])
        highest = {"disk": 6 + rows / 4, "network": 3.0 * rows, "step": 20.0 * rows, "time": 2 * duration_s}[
            point
        ]
        at = chance.random() ** 2 * highest
        when: When = chance.choice(["before", "middle", "after"])
        found.append(Interference(ending, point, at if point == "time" else round(at) + 1, when))
    return StretchPlan(
        settings=settings,
        disk=disk,
        interference=tuple(found),
        outages=_outages(chance, duration_s),
        source_changes_at=chance.randint(1, 20 * rows) if chance.random() < 0.03 else None,
        pause_s=chance.choice([0.0, 1.0, 600.0]),
        clock_error_s=chance.choice([0.0, 0.0, -7200.0, 86400.0]),
    )


def _weights(chance: random.Random) -> dict[str, float]:
    weights = {ACCEPTED.name: chance.choice([0.3, 1.0, 3.0, 10.0, 30.0])}
    share = chance.choice([0.0, 0.1, 0.3, 0.6, 1.0])
    for kind in KINDS:
        if chance.random() < (share / 3 if kind.stops else share):
            weights[kind.name] = chance.choice([0.02, 0.1, 0.3] if kind.stops else [0.1, 0.5, 1.0])
    for fault in NETWORK_FAULTS:
        if chance.random() < share:
            weights[fault] = chance.choice([0.05, 0.3, 1.0])
    if chance.random() < 0.06:  # a campaign that is refused as a whole
        weights = {chance.choice(["3001", "3002", "3003", "4001"]): 1.0}
    return weights


def _connect_weights(chance: random.Random) -> dict[str, float]:
    weights = {"connected": 10.0}
    for fault in CONNECT_FAULTS:
        if chance.random() < 0.15:
            weights[fault] = 0.02 if fault == "certificate" else chance.choice([0.3, 2.0, 10.0])
    return weights


def _outages(chance: random.Random, duration_s: float) -> tuple[Outage, ...]:
    outages: list[Outage] = []
    at = 0.0
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        at += chance.random() * duration_s * 0.8
        name = chance.choice([*OUTAGES])
        end = at + chance.choice([duration_s / 4, 5.0, 45.0, 200.0])
        outages.append(Outage(name, at, end, OUTAGES[name]))
        at = end
    return tuple(outages)
