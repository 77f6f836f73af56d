"""One seed of a cluster, from submit to the whole log: processes that begin, die and go on, and the audit."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import cast

import msgspec
from redis.asyncio import Redis

from tests.simulation.auditor import KEY
from tests.simulation.campaign import RUN_ID, Recipients, plan_first
from tests.simulation.cluster.auditor import CODES, COUNTS_AS, ClusterAuditor
from tests.simulation.cluster.link import Network
from tests.simulation.cluster.machine import EPOCH_NS, LogPlace, in_place_of_machines
from tests.simulation.cluster.place import URL, SimulatedPlace
from tests.simulation.cluster.process import Machines, Process, ProcessLoop
from tests.simulation.cluster.scenario import ClusterScenario, Event, draw_cluster
from tests.simulation.cluster.server import SimulatedRedis
from tests.simulation.disk import Disk
from tests.simulation.loop import Hangs, SimulatedThread
from tests.simulation.server import SECRET, Server
from tests.simulation.world import World
from wa_bulk.cluster import keys
from wa_bulk.cluster.collector import Collector
from wa_bulk.cluster.connection import ClusterError
from wa_bulk.cluster.resubmission import Resubmission
from wa_bulk.cluster.submission import Submission
from wa_bulk.cluster.worker import Worker
from wa_bulk.ledger.journal import Machine
from wa_bulk.ledger.log_format import LogError
from wa_bulk.send.account import Account

ACCOUNT = Account(KEY, SECRET, "http://127.0.0.1:1")
ENDS_WITHIN_S = 20_000.0
"""Virtual seconds in which a run must come to its end once nothing goes wrong any more."""
OPERATOR_LOOKS_S = 5.0
RESTART_S = (0.2, 2.0, 10.0)
PACE_S = 1.1
_RUN, _BOOKS = (key.encode() for key in keys.of_run(RUN_ID, "run", "books"))
_COMMAND = files("wa_bulk.cluster").joinpath("scripts", "command.lua").read_bytes()


class ClusterReport(msgspec.Struct):
    """What came of a seed."""

    seed: int
    faults: list[str]
    met: Counter[str]
    trace: list[str]
    trace_hash: str
    log: bytes
    scenario: ClusterScenario


class ClusterSimulation:
    """One scenario, played."""

    def __init__(self, scenario: ClusterScenario, path: Path) -> None:
        """`path` is for copies of the log."""
        self.scenario = scenario
        self.world = World(scenario.campaign)
        self.server = Server(self.world)
        self.auditor = ClusterAuditor(self.server, scenario)
        self.machines = Machines(self.world.chance("machines"))
        self.redis = SimulatedRedis(lambda: self.machines.now, self.world.chance("redis"))
        self.network = Network(
            self.machines,
            self.redis,
            self.world.chance("links"),
            scenario.link_weights,
            scenario.latency_s,
            self.world.note,
        )
        self.settings = scenario.campaign.stretches[0].settings
        self.is_submitted = self.is_collected = False
        self.retries = False
        self._path = path
        disk = Disk(path, self.world.chance("disk"), self.world.note)
        self.log = LogPlace(disk, path)
        self._source = Recipients(scenario.campaign.recipients)
        self._chance = self.world.chance("blows")
        self._number = 0
        self.machines.before_step = self._before_step
        self.machines.on_end = self._ended
        self.redis.on_change = self._changed

    # -- from its beginning to its end ----------------------------------------------------------------

    def play(self) -> ClusterReport:
        """Play it to its end."""
        with in_place_of_machines(self.scenario, self.log, self.world.chance("ids"), self.machines):
            try:
                self._play()
            except Hangs as hangs:
                alive = Counter(process.kind for process in self.machines.processes)
                self.fault(f"{hangs}; {self._state()}, {dict(alive)}")
            finally:
                for process in [*self.machines.processes]:
                    process.kill()
                    self.machines.on_end = lambda process: None
                    self.machines.bury(process)
        return ClusterReport(
            seed=self.scenario.seed,
            faults=self.auditor.faults,
            met=self.world.met,
            trace=self.world.trace,
            trace_hash=self.world.hash(),
            log=self.log.content,
            scenario=self.scenario,
        )

    def _play(self) -> None:
        scenario, machines = self.scenario, self.machines
        self.server.begin(scenario.campaign.stretches[0].outages)
        self._begin("submit")
        self._begin("collect")
        for _ in range(scenario.workers):
            self._begin("worker")
        for event in scenario.events:
            machines.at(event.at, partial(self._strike, event))
        machines.at(scenario.calm_at, self._calm_down)
        machines.at(OPERATOR_LOOKS_S, self._operate)
        machines.run(lambda: self.is_collected, scenario.calm_at + ENDS_WITHIN_S)
        self.auditor.finished(self.log.content, self._totals())
        if scenario.again:
            machines.run(lambda: self.world.is_calm, scenario.calm_at)
            self._send_again()

    def _send_again(self) -> None:
        """Have what failed or is unknown sent again, and collect the rest of the log."""
        self.auditor.unknown_is_retried = True
        self.is_collected = False
        self.retries = True
        self._begin("retry")
        self.machines.run(lambda: not self.retries, self.machines.now + ENDS_WITHIN_S)
        self._begin("collect")
        self.machines.run(lambda: self.is_collected, self.machines.now + ENDS_WITHIN_S)
        self.auditor.finished(self.log.content, self._totals())
        left = self._totals()
        if not self.auditor.excused and (left["failed"] or left["unknown"]):
            self.fault(f"all was sent again and accepted, and yet there are {dict(left)}")

    def _calm_down(self) -> None:
        self.world.note("calm")
        self.world.is_calm = self.network.is_calm = True
        self.server.begin(())
        self.redis.is_full = False

    def _operate(self) -> None:
        """A person who looks now and then, and has a run go on that was stopped."""
        state = self._state()
        if state in ("stopped", "paused") and self.redis.is_up and not self.retries:
            self.world.note(f"operator: continue after {state}")
            self.redis.execute([b"EVAL", _COMMAND, b"1", _RUN, b"continue"])
        is_lost = self.redis.is_up and (state == "gone" or self._facts().get(b"loading") == b"1")
        if self.is_submitted and is_lost and not any(one.kind == "submit" for one in self.machines.processes):
            self.world.note("operator: submit again")
            self.is_submitted = False
            self._begin("submit")
        self.machines.at(self.machines.now + OPERATOR_LOOKS_S, self._operate)

    # -- processes ------------------------------------------------------------------------------------

    def _begin(self, kind: str) -> None:
        """Let a process begin."""
        self._number += 1
        number, chance = self._number, self.world.chance(f"clock {self._number}")
        lateness_s = self.scenario.campaign.lateness_s if kind == "worker" else 0.0
        loop = ProcessLoop(
            self.machines.now,
            epoch=chance.uniform(0, 1e5),
            speed=1 + chance.uniform(-2e-4, 2e-4),
            late=(lambda: chance.random() ** 4 * lateness_s) if lateness_s else (lambda: 0.0),
        )
        disk_s = self.scenario.campaign.disk_s
        thread = SimulatedThread(loop, lambda: disk_s * chance.random())
        loop.run_in_executor = lambda _, function, *arguments: asyncio.wrap_future(  # type: ignore[method-assign]
            thread.submit(function, *arguments), loop=loop
        )
        process = Process(kind, number, loop, None)
        mains: dict[str, Callable[..., Coroutine[object, object, None]]] = {
            "worker": self._work,
            "submit": self._submit,
            "collect": self._collect,
            "retry": self._retry,
        }
        self.world.note(f"{kind} begins", str(number))
        error_s = chance.choice([0.0, 300.0, -300.0])
        machine = Machine(thread, lambda: EPOCH_NS + round((loop.now + error_s) * 1e9))
        self.machines.start(process, mains[kind](process, machine))

    def _before_step(self, process: Process) -> None:
        self.world.stretch, self.world.loop = process.number, process.loop
        self.world.now = self.machines.now
        self.log.process = process

    def _ended(self, process: Process) -> None:
        self.world.loop = None
        self.auditor.faults += process.loop.problems
        self.log.ended(process)
        is_done = {"submit": self.is_submitted, "collect": self.is_collected, "retry": not self.retries}
        if not is_done.get(process.kind, False):
            pause_s = self._chance.choice(RESTART_S)
            self.machines.at(self.machines.now + pause_s, partial(self._begin, process.kind))

    async def _work(self, process: Process, machine: Machine) -> None:
        redis = self.network.client(process)
        member = Worker(
            redis,
            URL,
            lambda of_run: ACCOUNT,
            lambda account, plan: nullcontext(),
            tell=lambda words: self.world.note("worker tells", words.replace(SECRET, "***")),
            place=lambda ledger, url: SimulatedPlace(
                ledger, process, self.server, self.network, self.auditor
            ),
            clock=process.loop.time,
            lease_s=self.scenario.lease_s,
        )
        process.stop = member.stop
        await self._as_a_command(process, redis, member.work())

    async def _submit(self, process: Process, machine: Machine) -> None:
        redis = self.network.client(process)
        plan = plan_first(
            self.scenario.campaign.shape, self._source, self.settings, Path("/simulated/log.jsonl")
        )

        async def submit() -> None:
            one = Submission(redis, URL, plan, None)
            try:
                await one.find()
            except ClusterError as error:
                if "was submitted with these recipients already" not in str(error):
                    raise
            else:
                await one.begin()
                await one.load()
            self.is_submitted = True

        await self._as_a_command(process, redis, submit())

    async def _collect(self, process: Process, machine: Machine) -> None:
        redis = self.network.client(process)

        async def collect() -> None:
            one = Collector(redis, URL, RUN_ID, self._path, machine=machine)
            process.stop = one.stop
            record = await one.collect(follow=True)
            if record.state == self._state() == "finished" and not self.retries:
                self.is_collected = True

        await self._as_a_command(process, redis, collect())

    async def _retry(self, process: Process, machine: Machine) -> None:
        redis = self.network.client(process)

        async def again() -> None:
            await Resubmission(redis, URL, RUN_ID, self._source).retry(["failed", "unknown"])
            self.retries = False

        await self._as_a_command(process, redis, again())

    async def _as_a_command(
        self, process: Process, redis: Redis, main: Coroutine[object, object, None]
    ) -> None:
        """Do what a command does, with the errors that it tells a person of."""
        try:
            await main
            self.world.note(f"{process.kind} ends")
        except (ClusterError, LogError) as error:
            self.world.note(f"{process.kind} gives up", str(error).replace(str(self._path), "LOG"))
        except Exception as error:
            self.fault(f"{process.kind} raised {error!r}")
        finally:
            await redis.aclose()

    # -- blows ----------------------------------------------------------------------------------------

    def _strike(self, event: Event) -> None:
        machines, now = self.machines, self.machines.now
        if self.is_collected:
            return
        self.world.note(f"blow: {event.blow}", f"{event}")
        of_kind = [one for one in machines.processes if one.kind == event.kind]
        process = self._chance.choice(of_kind) if of_kind else None
        match event.blow:
            case "redis restarts":
                self._restart_redis(event.for_s % 4, loses=False)
            case "redis loses its tail":
                self.redis.save()
                machines.at(now + event.loses_s, lambda: self._restart_redis(event.for_s % 4, loses=True))
            case "redis is full":
                self.redis.is_full = True
                machines.at(now + event.for_s, lambda: setattr(self.redis, "is_full", False))
            case "redis clock jumps":
                self.redis.clock_error_s += event.for_s
                self.auditor.clock_jumped_at = now
                self.auditor.exempt.append((now - PACE_S, now + PACE_S))
            case "paused":
                self.redis.execute([b"EVAL", _COMMAND, b"1", _RUN, b"pause"])
            case "begun twice":
                self._begin(event.kind)
            case _ if process is None:
                pass
            case "killed" | "power cut":
                self._kill(process, power_cut=event.blow == "power cut")
            case "stands still":
                process.stands_still_until = now + event.for_s
            case "told to end":
                if process.stop is not None:
                    process.call(process.stop)
            case "cut off":
                process.reaches_redis_from = now + event.for_s

    def _kill(self, process: Process, *, power_cut: bool) -> None:
        process.kill()
        if power_cut:
            self.log.power_cut(process)
        self.machines.bury(process)

    def _restart_redis(self, away_s: float, *, loses: bool) -> None:
        if not self.redis.is_up:
            return
        self.redis.kill(loses=loses)
        if loses:
            now = self.machines.now
            self.auditor.rolled_back(self.redis.keys.string(_BOOKS))
            self.auditor.exempt.append((now - PACE_S, now + away_s + PACE_S))
        self.network.reset_all()
        self.machines.at(self.machines.now + away_s, self.redis.start)

    # -- what is seen ---------------------------------------------------------------------------------

    def fault(self, text: str) -> None:
        """Take note of something that is wrong."""
        self.auditor.faults.append(text)

    def _facts(self) -> dict[bytes, bytes]:
        return cast("dict[bytes, bytes]", self.redis.keys.values.get(_RUN, {}))

    def _state(self) -> str:
        return self._facts().get(b"state", b"gone").decode()

    def _counters(self) -> Counter[int]:
        facts = self._facts()
        return +Counter({int(name[5:]): int(n) for name, n in facts.items() if name.startswith(b"code:")})

    def _totals(self) -> Counter[str]:
        totals: Counter[str] = Counter()
        for code, count in self._counters().items():
            totals[COUNTS_AS.get(CODES[code], CODES[code])] += count
        return +totals

    def _changed(self) -> None:
        self.auditor.changed(self.redis.keys.string(_BOOKS), self._counters(), self.machines.now)


def simulate_cluster(seed: int, folder: Path) -> ClusterReport:
    """Play the scenario of a seed; `folder` is for copies of the log."""
    return ClusterSimulation(draw_cluster(seed), folder / "log.jsonl").play()
