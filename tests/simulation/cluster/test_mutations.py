"""Deliberate mistakes in scripts and ledger, which the simulation has to find: it is worth what it finds."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence

import msgspec
import pytest
from redis.asyncio import Redis

from tests.simulation.cluster.link import FAULTS
from tests.simulation.cluster.scenario import Blow, ClusterScenario, Event, Kind, draw_cluster
from tests.simulation.cluster.simulation import ClusterSimulation
from tests.simulation.search import folder
from wa_bulk.cluster import collector, leased_chunk, redis_ledger, shared_queue
from wa_bulk.cluster.redis_ledger import RedisLedger
from wa_bulk.cluster.script import Argument, Script

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

SEEDS_MAX = 60
ROUGH_S = 12.0


def rough(seed: int) -> ClusterScenario:
    """Draw a scenario in which something of every kind goes wrong: a mistake is to be found soon."""
    scenario, chance = draw_cluster(seed), random.Random(f"{seed} rough")
    blows: list[tuple[Blow, Kind, float]] = [
        ("killed", "worker", 0.0),
        ("stands still", "worker", 20.0),
        ("cut off", "worker", 12.0),
        ("killed", "submit", 0.0),
        ("killed", "collect", 0.0),
    ]
    settings = msgspec.structs.replace(
        scenario.campaign.stretches[0].settings, rate=chance.choice([10, 80]), on_unknown="hold"
    )
    stretch = msgspec.structs.replace(scenario.campaign.stretches[0], settings=settings)
    events = [Event(blow, chance.random() * ROUGH_S / 2, kind, for_s) for blow, kind, for_s in blows]
    return msgspec.structs.replace(
        scenario,
        campaign=msgspec.structs.replace(scenario.campaign, stretches=[stretch]),
        chunk_rows=7,
        lease_s=6.0,
        link_weights=dict.fromkeys(FAULTS, 0.03),
        events=events,
        calm_at=ROUGH_S,
    )


def first_fault(*, about: str) -> int | None:
    """Find the first seed with a fault that has these words."""
    with folder() as path:
        for seed in range(SEEDS_MAX):
            report = ClusterSimulation(rough(seed), path / "log.jsonl").play()
            if any(about in fault for fault in report.faults):
                return seed
    return None


def test_without_a_mistake_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.SEEDS_MAX", 20)
    assert first_fault(about="") is None


def change(monkeypatch: pytest.MonkeyPatch, script: Script, before: str, after: str) -> None:
    """Have a script say something else in one place."""
    assert script._text.count(before) == 1
    text = script._text.replace(before, after)
    monkeypatch.setattr(script, "_text", text)
    monkeypatch.setattr(script, "_sha", hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@pytest.mark.parametrize(
    ("script", "before", "after", "about"),
    [
        pytest.param(
            redis_ledger._note,
            "if redis.call('HGET', leases, chunk) ~= fence .. ' ' .. owner then",
            "if false then",
            "",
            id="a zombie that may settle",
        ),
        pytest.param(
            redis_ledger._note,
            "if tonumber(request) <= tonumber(last) then",
            "if request == last then",
            "the books count",
            id="a late request that is carried out again",
        ),
        pytest.param(
            redis_ledger._take,
            "return string.char(CUT_OFF)",
            "return string.char(0)",
            "proves nothing",
            id="rows of a dead owner that count as never sent",
        ),
        pytest.param(
            redis_ledger._take, "'XAUTOCLAIM'", "'XPENDING'", "", id="chunks of the dead that nobody takes"
        ),
        pytest.param(
            collector._collected, "'MINID', ARGV[4]", "'MINID', '9999999999999-0'", "have no final line",
            id="results that are dropped before they are on the disk",
        ),
        pytest.param(
            shared_queue._pace,
            "local WINDOW = 1.005",
            "local WINDOW = 0.9",
            "messages left from",
            id="a pace that is too fast",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_script_is_found(
    monkeypatch: pytest.MonkeyPatch, script: Script, before: str, after: str, about: str
) -> None:
    change(monkeypatch, script, before, after)
    assert first_fault(about=about) is not None


def test_an_intent_that_is_not_waited_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self: RedisLedger) -> None:
        self._flush_soon()

    monkeypatch.setattr(RedisLedger, "_flush", at_once)
    assert first_fault(about="before its intent was in Redis") is not None


def test_a_request_that_is_repeated_as_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try has a number of its own."""
    run = Script.run

    async def renumbered(self: Script, redis: Redis, names: Sequence[str], *arguments: Argument) -> object:
        if self.name == "note":
            arguments = (arguments[0], next(numbers), *arguments[2:])
        return await run(self, redis, names, *arguments)

    numbers = itertools.count(1_000_000)
    monkeypatch.setattr(Script, "run", renumbered)
    monkeypatch.setattr(RedisLedger, "_request", lambda self: str(next(numbers)))
    assert first_fault(about="the books count") is not None


def test_results_that_are_lost_on_the_way_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    news = leased_chunk.LeasedChunk.news

    def without_some(self: leased_chunk.LeasedChunk, fate: leased_chunk.Fate) -> object:
        self.results = self.results[1:]
        return news(self, fate)

    monkeypatch.setattr(leased_chunk.LeasedChunk, "news", without_some)
    assert first_fault(about="have no final line") is not None
