"""The results' form, and the promises they are held against."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.model import Group
from benchmarks.results import ResultsError, RunResult, read_results, write_results
from benchmarks.scenarios import SCENARIOS, campaign, memory, startup
from benchmarks.targets import TARGETS, Target, judge

from .results import candidate, run_of


def a_run() -> RunResult:
    return run_of(
        "campaign",
        "plain",
        "wrk",
        candidate("wrk", {"per_s": 100.0}, {"per_s": 200.0}),
        candidate(campaign.WA_BULK, {"per_s": 50.0, "cpu_us": 20.0}, {"per_s": 90.0, "cpu_us": 24.0}),
        candidate(campaign.NAIVE_AIOHTTP, {"per_s": 5.0}, problem="exit status 1: it broke"),
    )


def test_results_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_results(a_run(), path)
    assert read_results(path) == a_run()


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    for content in (b"not JSON", b"{}", msgspec.json.encode(a_run()).replace(b'"form":1', b'"form":2')):
        path.write_bytes(content)
        with pytest.raises(ResultsError, match=r"results\.json"):
            read_results(path)
    with pytest.raises(ResultsError, match="nowhere"):
        read_results(tmp_path / "nowhere")


def test_samples_of_a_candidate_with_a_problem_do_not_count() -> None:
    group = a_run().scenarios[0].groups[0]
    broken = group.candidate(campaign.NAIVE_AIOHTTP)
    assert broken
    assert broken.values("per_s") == []
    assert group.ratio(campaign.NAIVE_AIOHTTP) is None
    assert group.ratio(campaign.WA_BULK) == 0.475


def test_a_run_is_judged_by_the_targets_of_its_scenarios() -> None:
    judged = {target.words: (target.measured, target.met) for target in judge(a_run())}
    assert judged == {
        "campaign, of wrk": (0.475, True),
        "campaign, of the naive aiohttp script": (None, None),
        "campaign, of one requests.post a message": (None, None),
        "campaign, CPU µs a message": (22.0, True),
        "campaign over TLS, of wrk over TLS": (None, None),
    }


def test_growth_is_judged_by_the_difference() -> None:
    few, many = (
        candidate(memory.label(rows), {"peak_rss_mb": mb}) for rows, mb in ((10_000, 40), (10**6, 95))
    )
    judged = judge(run_of("memory", "rows", few.name, few, many))
    assert [(target.measured, target.met) for target in judged] == [(95, False), (55, False)]


def test_a_bound_from_above_is_met_below_it() -> None:
    bare, ours = candidate(startup.BARE, {"wall_ms": 10.0}), candidate(startup.IMPORT, {"wall_ms": 60.0})
    judged = judge(run_of("startup", "a process", startup.BARE, bare, ours))
    assert [(target.bound, target.met) for target in judged] == [("≤ 6", True), ("≤ 15", None)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.words)
def test_every_target_is_about_something_that_is_measured(target: Target) -> None:
    groups = {group.name: group for group in SCENARIOS[target.scenario].groups}
    group: Group = groups[target.group]
    assert target.column in {column.key for column in group.columns}
    names = {found.name for found in group.candidates}
    assert {target.candidate} | ({target.against} - {""}) <= names
    assert (target.at_least is None) != (target.at_most is None)
    assert (target.of == "value") == (not target.against)
