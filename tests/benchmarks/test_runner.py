"""Scenarios run: real servers, real processes, small amounts."""

import sys
from collections.abc import Callable
from dataclasses import replace

from benchmarks.machine import Cores
from benchmarks.messages import write_campaign
from benchmarks.model import Candidate, Column, Group, PrepareError, Reading, Scenario, Stage
from benchmarks.process import Finished
from benchmarks.readings import expect_success
from benchmarks.results import ScenarioResult
from benchmarks.runner import run_scenario
from benchmarks.scenarios import campaign, encode, transport
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed

NOWHERE = Cores(client=None, server=None)


def read_number(finished: Finished, stage: Stage) -> Reading:
    expect_success(finished)
    return {"number": float(finished.stdout)}


def printing(name: str, code: str, *needs: str) -> Candidate:
    return Candidate(
        name=name, command=lambda stage: [sys.executable, "-c", code], read=read_number, needs=needs
    )


def one_group(*candidates: Candidate, prepare: Callable[[Stage], None] | None = None) -> Scenario:
    columns = (Column(key="number", heading="number"),)
    made = Group(name="some", columns=columns, reference="two", candidates=candidates, prepare=prepare)
    return Scenario(name="made up", question="Why?", groups=(made,), rounds=2, quick_rounds=1)


def run(scenario: Scenario, *, quick: bool = False) -> tuple[ScenarioResult, list[str]]:
    said: list[str] = []
    return run_scenario(scenario, NOWHERE, quick, lambda heading, detail: said.append(detail)), said


def test_candidates_take_turns() -> None:
    result, said = run(one_group(printing("two", "print(2)"), printing("three", "print(3)")))
    assert said == ["two (1/2)", "three (1/2)", "two (2/2)", "three (2/2)"]
    group = result.groups[0]
    assert [found.values("number") for found in group.candidates] == [[2.0, 2.0], [3.0, 3.0]]
    assert group.ratio("three") == 1.5


def test_what_is_not_installed_or_fails_is_said_and_hinders_no_other() -> None:
    result, _ = run(
        one_group(
            printing("absent", "print(1)", "no_such_module"),
            printing("broken", "raise SystemExit('it broke')"),
            printing("two", "print(2)"),
        ),
        quick=True,
    )
    absent, broken, two = result.groups[0].candidates
    assert absent.problem == "not installed: no_such_module (pip install wa-bulk[bench])"
    assert broken.problem == "exit status 1: it broke"
    assert (two.problem, two.values("number")) == (None, [2.0])


def test_input_that_cannot_be_made_is_every_candidates_problem() -> None:
    def prepare(stage: Stage) -> None:
        raise PrepareError("no room")

    result, _ = run(one_group(printing("two", "print(2)"), prepare=prepare), quick=True)
    assert [found.problem for found in result.groups[0].candidates] == ["no room"]


def test_a_transport_is_measured_against_the_bundled_server() -> None:
    peer = next(found for found in transport.CANDIDATES if found.name == "aiohttp as in tutorials")
    quickly = replace(peer, command=lambda stage: [*peer.command(stage), "--seconds", "0.2"])
    group = replace(
        transport.SCENARIO.groups[1],
        candidates=(quickly,),
        reference=peer.name,
        server=ServerNeed(tls=True, only="bundled"),
    )
    result, _ = run(replace(transport.SCENARIO, groups=(group,), quick_rounds=1), quick=True)
    (measured,) = result.groups[0].candidates
    assert measured.problem is None
    assert measured.samples[0]["per_s"] > 0
    assert measured.samples[0]["cpu_us"] > 0
    assert result.groups[0].server == "bundled"


def test_an_encoder_is_measured() -> None:
    group = replace(encode.SCENARIO.groups[0], candidates=(encode.encoder("dict + json", "dict_json"),))
    result, _ = run(replace(encode.SCENARIO, groups=(group,), quick_rounds=1), quick=True)
    (sample,) = result.groups[0].candidates[0].samples
    assert 0 < sample["us"] < 1000
    assert sample["bytes"] > 300


def test_a_campaign_is_measured_with_its_log_as_proof() -> None:
    few = 200

    def prepare(stage: Stage) -> None:
        write_campaign(stage.directory, few)

    sender = wa_bulk_send(campaign.WA_BULK, lambda stage: few)
    plain = campaign.SCENARIO.groups[0]
    group = replace(plain, candidates=(sender,), reference=sender.name, prepare=prepare)
    result, _ = run(replace(campaign.SCENARIO, groups=(group,), quick_rounds=1), quick=True)
    (measured,) = result.groups[0].candidates
    assert measured.problem is None
    assert measured.samples[0]["per_s"] > 0
