"""What a seed means for a cluster: the campaign, how it is run, and the blows that fall."""

from __future__ import annotations

import random
from typing import Literal, get_args

import msgspec

from tests.simulation.cluster.link import FAULTS
from tests.simulation.scenario import Scenario, draw

Kind = Literal["worker", "submit", "collect"]
Blow = Literal[
    "killed",
    "power cut",
    "stands still",
    "told to end",
    "cut off",
    "begun twice",
    "redis restarts",
    "redis loses its tail",
    "redis is full",
    "redis clock jumps",
    "paused",
]
BLOWS: tuple[Blow, ...] = get_args(Blow)
OF_PROCESSES: tuple[Blow, ...] = (
    "killed",
    "killed",
    "stands still",
    "stands still",
    "told to end",
    "cut off",
    "cut off",
    "begun twice",
)
OF_REDIS: tuple[Blow, ...] = ("redis restarts", "redis is full", "paused")


class Event(msgspec.Struct, frozen=True):
    """A blow: on whom, when (s since the beginning), and for how long. `loses_s`: what a disk has not got."""

    blow: Blow
    at: float
    kind: Kind
    for_s: float
    loses_s: float = 0.0


class ClusterScenario(msgspec.Struct, frozen=True):
    """A whole simulation. `campaign` has its rows and settings, and what the API answers."""

    seed: int
    campaign: Scenario
    workers: int
    chunk_rows: int
    queued_bytes_max: int
    latency_s: float
    lease_s: float
    """Of workers; submit and collect keep theirs."""
    link_weights: dict[str, float]
    events: list[Event]
    calm_at: float
    """From then on nothing goes wrong any more."""
    again: bool
    """Whether, once it is finished, all that failed or is unknown is sent again."""


def draw_cluster(seed: int) -> ClusterScenario:
    """Draw a scenario. Of each kind of trouble most have none, and some have plenty."""
    chance = random.Random(f"{seed} cluster")
    campaign = draw(seed)
    first = campaign.stretches[0]
    settings = msgspec.structs.replace(
        first.settings,
        rate=chance.choice([0, 0, 2.5, 10, 10, 80]),
        concurrency=min(first.settings.concurrency, 16),
    )
    campaign = msgspec.structs.replace(
        campaign, stretches=[msgspec.structs.replace(first, settings=settings)]
    )
    rows = len(campaign.recipients)
    workers = chance.choice([2, 2, 3, 4])
    per_s = settings.rate or workers * settings.concurrency / campaign.latency_s
    span_s = max(rows / per_s, 0.5) * chance.choice([0.7, 1.2, 3]) + chance.choice([0.0, 2.0, 40.0])
    return ClusterScenario(
        seed=seed,
        campaign=campaign,
        workers=workers,
        chunk_rows=chance.choice([3, 7, 20, 50]),
        queued_bytes_max=chance.choice([200, 1000, 1 << 24]),
        latency_s=chance.choice([0.0002, 0.001, 0.03]),
        lease_s=random.Random(f"{seed} lease").choice([6.0, 6.0, 6.0, 30.0]),
        link_weights=_link_weights(chance),
        events=_events(chance, span_s),
        calm_at=span_s,
        again=chance.random() < 0.3,
    )


def _link_weights(chance: random.Random) -> dict[str, float]:
    share = chance.choice([0.0, 0.0, 0.3, 1.0])
    return {fault: chance.choice([0.003, 0.01, 0.05]) for fault in FAULTS if chance.random() < share}


def _events(chance: random.Random, span_s: float) -> list[Event]:
    events: list[Event] = []
    for _ in range(chance.choice([0, 1, 2, 3, 5, 8])):
        blow = chance.choice(OF_PROCESSES if chance.random() < 0.75 else OF_REDIS)
        kind: Kind = chance.choice(["worker", "worker", "worker", "submit", "collect"])
        if blow == "killed" and kind == "collect" and chance.random() < 0.5:
            blow = "power cut"
        for_s = chance.choice([0.05, 0.5, 3.0, 12.0, 40.0, 90.0]) * chance.uniform(0.5, 1)
        events.append(Event(blow, chance.random() * span_s, kind, for_s))
    if chance.random() < 0.15:
        loses_s = chance.choice([0.1, 1.0, 1.0, 5.0]) * chance.random()
        at = chance.random() * span_s
        events.append(Event("redis loses its tail", at, "worker", chance.random() * 3, loses_s))
    if chance.random() < 0.15:
        to = chance.choice([-300.0, -20.0, 20.0, 300.0])
        events.append(Event("redis clock jumps", chance.random() * span_s, "worker", to))
    return sorted(events, key=lambda event: event.at)
