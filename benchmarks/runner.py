"""Runs scenarios: candidates in alternation, each sample a process and a server of its own."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.machine import Cores, missing
from benchmarks.model import Candidate, Group, PrepareError, Reading, ReadingError, Scenario, Stage
from benchmarks.process import ProcessError, run_measured
from benchmarks.results import CandidateResult, ColumnHeading, GroupResult, ScenarioResult
from benchmarks.servers.certificate import make_certificate
from benchmarks.servers.running import RunningServer, ServerError, ServerNeed, free_port, running_server

Say = Callable[[str, str], None]


def run_scenario(scenario: Scenario, cores: Cores, quick: bool, say: Say) -> ScenarioResult:
    """Measure every group of a scenario; `say` is told the group and what is being done."""
    rounds = scenario.quick_rounds if quick else scenario.rounds
    groups = []
    for group in scenario.groups:
        with tempfile.TemporaryDirectory(prefix="wa-bulk-bench-") as directory:
            heading = f"{scenario.name}, {group.name}"
            groups.append(
                _run_group(group, heading, group.rounds or rounds, Path(directory), cores, quick, say)
            )
    return ScenarioResult(
        name=scenario.name, question=(scenario.question or "").strip(), note=scenario.note, groups=groups
    )


def _run_group(
    group: Group, heading: str, rounds: int, directory: Path, cores: Cores, quick: bool, say: Say
) -> GroupResult:
    results = [CandidateResult(name=candidate.name, ours=candidate.ours) for candidate in group.candidates]
    tls = group.server is not None and group.server.tls
    outcome = GroupResult(
        name=group.name,
        columns=[
            ColumnHeading(key=column.key, heading=column.heading, decimals=column.decimals)
            for column in group.columns
        ],
        reference=group.reference,
        server=_shared_server(group),
        candidates=results,
    )
    if tls and missing(("trustme",)):
        for result in results:
            result.problem = "not installed: trustme (pip install wa-bulk[bench])"
        return outcome
    stage = Stage(
        directory=directory,
        port=free_port(),
        tls=tls,
        quick=quick,
        certificate=make_certificate(directory) if tls else None,
        client_core=cores.client,
        server_core=cores.server,
    )
    for candidate, result in zip(group.candidates, results, strict=True):
        absent = missing(candidate.needs)
        if absent:
            result.problem = f"not installed: {absent} ({candidate.install})"
    if group.prepare and not all(result.problem for result in results):
        say(heading, "preparing")
        problem = _prepare(group, stage)
        if problem:
            for result in results:
                result.problem = result.problem or problem
    for turn in range(1, rounds + 1):
        for candidate, result in zip(group.candidates, results, strict=True):
            if result.problem is None:
                say(heading, f"{candidate.name} ({turn}/{rounds})")
                _add_sample(group, candidate, stage, result)
    return outcome


def _shared_server(group: Group) -> str | None:
    if group.server is None or any(candidate.server for candidate in group.candidates):
        return None
    return group.server.program


def _prepare(group: Group, stage: Stage) -> str | None:
    assert group.prepare
    try:
        with ExitStack() as stack:
            _enter_server(stack, group.server, stage)
            group.prepare(stage)
    except (PrepareError, ServerError) as error:
        return str(error)
    return None


def _add_sample(group: Group, candidate: Candidate, stage: Stage, result: CandidateResult) -> None:
    try:
        result.samples.append(dict(_sample(group, candidate, stage)))
    except (ProcessError, ReadingError, ServerError) as error:
        result.problem = str(error)


def _sample(group: Group, candidate: Candidate, stage: Stage) -> Reading:
    if candidate.before:
        candidate.before(stage)
    with ExitStack() as stack:
        server = _enter_server(stack, candidate.server or group.server, stage)
        cpu_s_before = server.cpu_s() if server else None
        finished = run_measured(
            candidate.command(stage),
            core=stage.client_core,
            environment=stage.environment,
            timeout_s=group.timeout_s,
            observe=group.observe,
        )
        cpu_s_after = server.cpu_s() if server else None
        if cpu_s_before is not None and cpu_s_after is not None:
            finished.server_cpu_s = cpu_s_after - cpu_s_before
    return candidate.read(finished, stage)


def _enter_server(stack: ExitStack, need: ServerNeed | None, stage: Stage) -> RunningServer | None:
    if need is None:
        return None
    return stack.enter_context(
        running_server(need, stage.port, stage.directory, stage.certificate, stage.server_core)
    )
