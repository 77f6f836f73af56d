"""One seed, from the first row to the last: processes that begin, die and go on, and the audit of it all."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.simulation.auditor import KEY, TOKEN, Auditor
from tests.simulation.campaign import Recipients, in_place_of_files, plan_first
from tests.simulation.disk import DiskFaults
from tests.simulation.interference import Interferer
from tests.simulation.log_view import CUT_OFF
from tests.simulation.loop import Hangs, SimulatedLoop
from tests.simulation.network import SimulatedTransport
from tests.simulation.scenario import Scenario, StretchPlan, draw
from tests.simulation.server import SECRET, Server
from tests.simulation.storage import LocalStorage, Storage
from tests.simulation.world import World
from wa_bulk.campaign.run.environment import Environment
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.run.progress import CountingLedger
from wa_bulk.campaign.run.run import CampaignRun, RunSummary
from wa_bulk.campaign.settings import Settings
from wa_bulk.ledger.log_format import LogError, RunLine
from wa_bulk.report.summary import summarise
from wa_bulk.send.account import Account
from wa_bulk.send.transport.interface import Transport

STRETCH_MAX_S = 86_400.0
"""Virtual seconds that one stretch may take."""
FAILS_LATER = 0.2
"""How often the power fails between two processes."""
CALM_STRETCHES = 2
"""That number of stretches in which nothing goes wrong must be enough to finish: the second one deals with
what a server's last answers left held."""

StorageFactory = Callable[[World, Path], Storage]

ACCOUNT = Account(KEY, SECRET, "http://127.0.0.1:1")
AGAIN: dict[str, object] = {"on_unknown": "retry", "retry_failed": True, "retry_rejected": True}


class Report(msgspec.Struct):
    """What came of a seed."""

    seed: int
    faults: list[str]
    met: Counter[str]
    trace: list[str]
    trace_hash: str
    log: bytes
    scenario: Scenario


class SimulatedEnvironment(Environment):
    """The simulated machine, as one process sees it."""

    def __init__(self, simulation: Simulation, loop: SimulatedLoop) -> None:
        self.pacer_clock = self.latency_clock = loop.time
        self.chance = simulation.world.chance(f"process {simulation.world.stretch}")
        self._simulation = simulation
        self._loop = loop

    async def open_ledger(
        self, plan: Plan, line: RunLine, on_error: Callable[[LogError], None]
    ) -> CountingLedger:
        return await self._simulation.storage.open_ledger(plan, line, on_error, self._loop)

    def open_transport(self, account: Account, settings: Settings) -> Transport:
        simulation = self._simulation
        simulation.transport = SimulatedTransport(
            simulation.world,
            simulation.server,
            settings.timeout,
            simulation.auditor.attempted,
            simulation.interferer.network_event,
            lambda error: simulation.auditor.faults.append(f"the simulation itself failed: {error!r}"),
        )
        return simulation.transport


class Simulation:
    """One scenario, played."""

    def __init__(self, scenario: Scenario, path: Path, storage: StorageFactory = LocalStorage) -> None:
        """`path` is for copies of the log."""
        self.world = World(scenario)
        self.server = Server(self.world)
        self.auditor = Auditor(self.server, scenario)
        self.storage = storage(self.world, path)
        self.interferer = Interferer(self.world, self._interrupt)
        self.storage.on_operation = self.interferer.disk_operation
        self.storage.on_sync = self.auditor.synced
        self.transport: SimulatedTransport | None = None
        """The running process's."""
        self._source = Recipients(scenario.recipients)
        self._run: CampaignRun | None = None
        self._stop_by = 0.0

    def play(self) -> Report:
        """Play it to its end."""
        scenario, world = self.world.scenario, self.world
        with in_place_of_files(scenario.shape, self._source), self._log_records():
            try:
                for plan in scenario.stretches:
                    self._stretch(plan)
                self._finish(scenario.stretches[0].settings)
            except Hangs as hangs:
                self._fault(str(hangs))
        return Report(
            seed=scenario.seed,
            faults=self.auditor.faults,
            met=world.met,
            trace=world.trace,
            trace_hash=world.hash(),
            log=self.storage.log(),
            scenario=scenario,
        )

    # -- one stretch ----------------------------------------------------------------------------------

    def _finish(self, settings: Settings) -> None:
        """Let nothing go wrong any more: the run must come to its end, and then all its books must agree."""
        self.world.is_calm = True
        calm = StretchPlan(msgspec.structs.replace(settings, limit=None, on_unknown="hold"), DiskFaults())
        summary = None
        for _ in range(CALM_STRETCHES):
            summary = self._stretch(calm)
            if summary is not None and summary.stopped is None:
                break
        else:
            self._fault(f"nothing goes wrong any more, and the run does not finish: {summary}")
            return
        self.auditor.finished(self.storage.log())
        self._compare_with_report(summary)
        if not self.storage.rest(msgspec.structs.asdict(calm.settings)).is_finished:
            self._fault("the run has finished, and there is something left to resume")
        if self.world.scenario.again:
            again = msgspec.structs.replace(calm, settings=msgspec.structs.replace(calm.settings, **AGAIN))
            summary = self._stretch(again)
            if summary is None or summary.stopped is not None:
                self._fault(f"sending again what was not accepted does not finish: {summary}")
                return
            self.auditor.finished(self.storage.log())
            self._compare_with_report(summary)
            self.auditor.accepted_again(self.storage.log())

    def _stretch(self, plan: StretchPlan) -> RunSummary | None:
        """Let one process run; None where it did not end by itself."""
        world, storage = self.world, self.storage
        world.stretch += 1
        world.now += plan.pause_s
        world.note("stretch", str(plan.settings) if world.stretch == 1 else "")
        storage.begin(plan.disk, plan.clock_error_s)
        before = storage.log()
        self.server.begin(plan.outages)
        self.auditor.begin(plan, before, world.now)
        run_plan = self._plan(plan, before)
        self.transport = None
        chance, lateness_s = world.chance(f"loop {world.stretch}"), world.scenario.lateness_s
        lateness = (lambda: chance.random() ** 4 * lateness_s) if lateness_s else (lambda: 0.0)
        loop = world.loop = SimulatedLoop(
            world.now, lateness, lambda steps: self._step(steps, plan.source_changes_at)
        )
        self._stop_by = loop.now + STRETCH_MAX_S
        self.interferer.begin(plan)
        self._run = CampaignRun(run_plan, ACCOUNT, environment=SimulatedEnvironment(self, loop))
        try:
            summary = self._result(loop.live(self._run.execute()))
        finally:
            world.now = loop.now
            self.auditor.faults += loop.problems
            loop.tear_down()
            world.loop = None
            self._source.changed = False
        # The power may also fail once the process has ended: what it said at its end must be on the disk.
        fails_later = not world.is_calm and world.chance(f"power {world.stretch}").random() < FAILS_LATER
        storage.process_ended(power_cut=self.interferer.power_cut or fails_later)
        lost_pages = bool(world.met["disk: pages lost"])
        self.auditor.ended(storage.log(), by_itself=summary is not None, lost_pages=lost_pages)
        return summary

    def _plan(self, plan: StretchPlan, log: bytes) -> Plan:
        storage, world = self.storage, self.world
        if storage.exists:
            changes = msgspec.structs.asdict(plan.settings)
            try:
                rest = storage.rest(changes)
            except LogError as error:
                if self.server.attempts:
                    self._fault(f"the run cannot be resumed: {error}")
                    raise Hangs("no way on") from None
                world.note("began anew: the log's first line was lost")
                storage.discard()
            else:
                self._compare_with_past(rest, log)
                return rest
        elif self.server.attempts:
            self._fault("the log is gone, although messages were sent")
        self.auditor.begin_anew()
        return plan_first(world.scenario.shape, self._source, plan.settings, Path("/simulated/log.jsonl"))

    def _result(self, task: asyncio.Task[RunSummary] | None) -> RunSummary | None:
        world = self.world
        if task is None:
            return None
        slow = world.scenario
        self.auditor.stopped(world.time, 1 + 40 * slow.disk_s + 20 * slow.lateness_s + slow.latency_s)
        if task.cancelled():
            world.note("ended: cancelled")
            return None
        error = task.exception()
        if isinstance(error, LogError):
            world.note("ended: log error", "" if "/" in str(error) else str(error))
            return None
        if error is not None:
            self._fault(f"the run raised {error!r}")
            return None
        summary = task.result()
        world.note(f"ended: {summary.stopped or 'finished'}", f"{summary.totals}, {summary.detail}")
        view = self.auditor.view(self.storage.log())
        totals = {name: count for name, count in msgspec.structs.asdict(summary.totals).items() if count}
        if totals != dict(view.totals()):
            self._fault(f"the summary says {totals}, the log {dict(view.totals())}")
        for name, count in totals.items():
            world.met[f"status: {name}"] += count
        if summary.stopped is not None and summary.detail:
            world.met[f"stop: {' '.join(summary.detail.split()[:3])}"] += 1
        return summary

    # -- what goes wrong ------------------------------------------------------------------------------

    def _step(self, steps: int, source_changes_at: int | None) -> None:
        if steps == source_changes_at:
            self._source.changed = True
            self.world.note("the recipients' file was changed")
        if self.world.time > self._stop_by:
            raise Hangs(f"a stretch of more than {STRETCH_MAX_S} s")
        self.interferer.step(steps)

    def _interrupt(self) -> None:
        assert self._run is not None, "only a running process is interrupted"
        about_to_write = self.transport.about_to_write if self.transport is not None else 0
        self.auditor.interrupted(self.world.time, about_to_write)
        self._run.interrupt()

    # -- whether all agree ----------------------------------------------------------------------------

    def _fault(self, text: str) -> None:
        self.auditor.faults.append(text)

    def _compare_with_past(self, plan: Plan, log: bytes) -> None:
        """Compare what the package reads in the log with another reader; after a power cut it may be more
        careful, within bounds."""
        assert plan.past is not None
        view = self.auditor.view(log)
        careful: set[int] = set()
        for row in range(1, plan.rows + 1):
            theirs, ours = plan.past.states.state(row), view.state(row)
            if theirs == CUT_OFF != ours and self.world.met["disk: pages lost"]:
                careful.add(row)
            elif theirs != ours:
                self._fault(f"row {row} is {ours!r} in the log, and {theirs!r} to the package")
        report = summarise(self.storage.copy())
        if report.totals != msgspec.structs.asdict(plan.past.totals()):
            self._fault(f"the report says {report.totals}, whoever resumes {plan.past.totals()}")
        if careful:
            self.world.note("rows called cut off behind a lost tail")
            self.auditor.note_cut_off(careful, log)

    def _compare_with_report(self, summary: RunSummary) -> None:
        report = summarise(self.storage.copy())
        if report.totals != msgspec.structs.asdict(summary.totals):
            self._fault(f"the report says {report.totals}, the run {summary.totals}")
        if (report.state, report.not_sent, report.in_flight, report.damaged_lines) != ("finished", 0, 0, 0):
            self._fault(f"the report of a finished run says {report.state}, {report.damage}, {report.counts}")

    @contextmanager
    def _log_records(self) -> Iterator[None]:
        logger, handler = logging.getLogger("wa_bulk"), _Records(self)
        propagate, logger.propagate = logger.propagate, False
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.propagate = propagate


class _Records(logging.Handler):
    def __init__(self, simulation: Simulation) -> None:
        super().__init__()
        self._simulation = simulation

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if SECRET in text or TOKEN.decode() in text:
            self._simulation.auditor.faults.append(f"the secret was logged: {text}")


def simulate(seed: int, folder: Path, storage: StorageFactory = LocalStorage) -> Report:
    """Play the scenario of a seed; `folder` is for copies of the log."""
    return Simulation(draw(seed), folder / "log.jsonl", storage).play()
