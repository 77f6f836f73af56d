"""Killing a campaign at random moments until it is done: what, when and how hard is all the seed's choice."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from tests.chaos.auditor import SLOW_DISK
from tests.chaos.balance import faults as faults_in
from tests.chaos.books import Books
from tests.chaos.campaign import Campaign, Life, Moment
from tests.chaos.faults import CALM, ROUGH
from tests.chaos.recipients import mixed_crowd
from tests.chaos.recorder import Recorder, recording

REQUEST_TIMEOUT_S = 1.0
FIRST_LIFE_S = 0.3
SLOWEST_PER_S = 300
STARTING_S = 0.9
"""How long a process takes to begin sending, more or less: strikes while it starts fall within."""
FAULTS_TOLD = 20
GOOD = "the books balance"
KILLS_PER_CAMPAIGN = 20
RETRY_UNKNOWN = ("--on-unknown", "retry")
LIVES_MAX_PER_KILL = 4


class Tale(msgspec.Struct):
    """How one campaign went."""

    seed: int
    options: tuple[str, ...]
    rows: int
    url: str = ""
    kills: int = 0
    power_cuts: int = 0
    lives: int = 0
    arrivals: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = {}
    faults: list[str] = []
    kept_in: str = ""

    def __str__(self) -> str:
        options = " ".join(self.options)
        statuses = ", ".join(f"{number:,} {status}" for status, number in sorted(self.statuses.items()))
        verdict = [f"BROKEN, see {self.kept_in}:", *self.faults[:FAULTS_TOLD]] if self.faults else [GOOD]
        return (
            f"seed {self.seed}: {self.rows:,} rows to {self.url}, {options}: {self.lives} processes, "
            f"{self.kills} killed, {self.power_cuts} of them with a power cut; {self.arrivals:,} requests; "
            f"{statuses}; {self.seconds:.0f} s; " + "\n  ".join(verdict)
        )


async def attacks(kills: int, rows: int, seed: int) -> AsyncIterator[Tale]:
    """One campaign after another, each with the next seed, until there were so many kills.

    What a campaign leaves behind is kept where its books do not balance.
    """
    while kills > 0:
        folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
        tale = await attack(folder, seed, rows, min(kills, KILLS_PER_CAMPAIGN))
        if tale.faults:
            tale.kept_in = str(folder)
        else:
            shutil.rmtree(folder)
        yield tale
        kills -= tale.kills
        seed += 1


async def attack(folder: Path, seed: int, rows: int, kills: int) -> Tale:
    """Runs a campaign of `rows` rows to its end through up to `kills` kills, and checks its books."""
    rng = random.Random(f"attack {seed}")
    began = time.monotonic()
    faults = rng.choice((CALM, ROUGH, ROUGH, ROUGH))
    concurrency = rng.choice((1, 8, 32, 64, 64))
    latency_s = rng.choice((0.001, 0.01, 0.05)) if concurrency > 8 else 0.001
    faults = msgspec.structs.replace(faults, latency_s=latency_s)
    rate = rng.choice((0, 0, 500, 1500, 3000))
    options = (
        *("--rate", str(rate), "--concurrency", str(concurrency)),
        *("--timeout", str(REQUEST_TIMEOUT_S), "--tries", str(rng.choice((1, 2, 5)))),
        *("--transport", rng.choice(("lean", "lean", "aiohttp"))),
    )
    tale = Tale(seed, options, rows)
    async with recording(folder, seed, faults, tls=rng.random() < 0.25) as server:
        tale.url = server.url
        campaign = Campaign(folder, server, mixed_crowd(rng, rows), *options, seed=seed)
        if concurrency > 8 and rng.random() < 0.4:
            campaign.environment[SLOW_DISK] = "yes"
        retry = RETRY_UNKNOWN if rng.random() < 0.25 else ()
        life = await campaign.send(*retry, moment=_moment(rng, FIRST_LIFE_S))
        at_work_s = 0.0
        while not _is_done(life):
            tale.kills += life.killed
            tale.lives += 1
            if life.exit_code == 2 or tale.lives > kills * LIVES_MAX_PER_KILL + 10:
                tale.faults.append("it does not come to an end")
                break
            at_work_s += max(0.01, life.seconds - STARTING_S / 2)
            left_s = (rows - life.arrivals) / max(life.arrivals / at_work_s, SLOWEST_PER_S)
            moment = _moment(rng, left_s / (kills - tale.kills)) if tale.kills < kills else None
            life = await _next(campaign, server, rng, _asked(rng) if moment else (), moment)
        tale.lives += 1
        tale.arrivals = await server.count()
        tale.power_cuts = campaign.power_cuts
        results = Books(campaign.log.read_bytes()).last_result.values()
        tale.statuses = Counter(result["status"] for result in results)
        tale.faults += faults_in(campaign)
        if (reported := await campaign.report()) != tale.statuses:
            tale.faults.append(f"the report says {reported}, the log {tale.statuses}")
    tale.seconds = time.monotonic() - began
    return tale


async def _next(
    campaign: Campaign, server: Recorder, rng: random.Random, asked: tuple[str, ...], moment: Moment | None
) -> Life:
    """The next process; now and then its server is away for its first second or two."""
    if rng.random() >= 0.1:
        return await campaign.resume(*asked, moment=moment)
    await server.go_away()
    async with asyncio.TaskGroup() as both:
        life = both.create_task(campaign.resume(*asked, moment=moment))
        await asyncio.sleep(rng.uniform(0.5, 2.0))
        await server.come_back()
    return life.result()


def _is_done(life: Life) -> bool:
    return life.exit_code in (0, 1)


def _asked(rng: random.Random) -> tuple[str, ...]:
    asked: tuple[str, ...] = ()
    if rng.random() < 0.25:
        asked += RETRY_UNKNOWN
    if rng.random() < 0.25:
        asked += ("--retry-failed",)
    return asked


def _moment(rng: random.Random, work_s: float) -> Moment:
    """A strike, most often while it is at work, within twice `work_s`."""
    power_cut = rng.random() < 0.3
    at_s = rng.uniform(0, 2 * max(work_s, 0.01))
    dice = rng.random()
    if dice < 0.15:
        return Moment(rng.uniform(0, STARTING_S), at_work=False, power_cut=power_cut)
    if dice < 0.3:
        number = rng.choice((signal.SIGINT, signal.SIGTERM))
        return Moment(at_s, number=number, killed_after_s=rng.uniform(0, 0.1), power_cut=power_cut)
    if dice < 0.4:
        return Moment(at_s, number=rng.choice((signal.SIGINT, signal.SIGTERM)))
    return Moment(at_s, power_cut=power_cut)
