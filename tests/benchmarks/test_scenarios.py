"""The declarations of the scenarios hold together, and the peers do what they say."""

import itertools
import json
import subprocess
import sys
from array import array
from pathlib import Path

import msgspec
import pytest

from benchmarks.messages import csv_path, message_of, read_rows, rows, write_campaign
from benchmarks.model import Stage
from benchmarks.peers import encoders
from benchmarks.process import Finished, Observation
from benchmarks.scenarios import SCENARIOS, cluster
from benchmarks.scenarios.pacing import settled_cpu_share
from benchmarks.workers.cluster_commands import Totals
from benchmarks.workers.takeover import TakeoverReport

ENCODERS = (
    "compiled",
    "structs",
    "validated_structs",
    "dict_msgspec",
    "dict_orjson",
    "dict_json",
    "pydantic",
)


def a_stage(directory: Path) -> Stage:
    return Stage(
        directory=directory,
        port=8080,
        tls=False,
        quick=True,
        certificate=None,
        client_core=None,
        server_core=None,
    )


def test_the_scenarios_are_those_documented() -> None:
    page = Path(__file__).parents[2] / "docs" / "performance.md"
    text = page.read_text(encoding="utf-8")
    assert [name for name in SCENARIOS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_holds_together(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    assert scenario.question.strip().endswith((".", "?"))
    assert scenario.rounds >= scenario.quick_rounds
    assert len({group.name for group in scenario.groups}) == len(scenario.groups)
    for group in scenario.groups:
        names = [candidate.name for candidate in group.candidates]
        assert len(set(names)) == len(names)
        assert group.reference in names
        for candidate in group.candidates:
            assert all(isinstance(part, str) for part in candidate.command(a_stage(tmp_path)))


@pytest.mark.parametrize("function", ENCODERS)
def test_every_encoder_makes_the_same_message(function: str) -> None:
    encode: encoders.Encode = getattr(encoders, function)()
    row = next(rows())
    made = json.loads(encode(row))
    made["custom_args"].pop("wa_bulk", None)
    assert made == message_of(row)


def test_a_campaign_is_written_and_read_back(tmp_path: Path) -> None:
    write_campaign(tmp_path, 20)
    assert list(read_rows(str(csv_path(tmp_path, 20)))) == list(itertools.islice(rows(), 20))


def test_a_dead_worker_is_replaced_at_the_end_of_the_silence(tmp_path: Path) -> None:
    stage, second = a_stage(tmp_path), 1_000_000_000
    arrivals = [1.0, 2.0, 2.1, 2.2, 32.0, 32.5, 40.0]  # killed at 2.0; those of 2.1 and 2.2 were on their way
    stage.arrivals.write_bytes(array("q", (int(at * second) for at in arrivals)).tobytes())
    report = TakeoverReport(2 * second, Totals(accepted=cluster.ONE_CHUNK - 2, unknown=2))
    finished = Finished(
        status=0,
        wall_s=41.0,
        cpu_s=1.0,
        peak_rss=0,
        stdout=msgspec.json.encode(report),
        stderr="",
        observations=[],
    )
    assert cluster.read_takeover(finished, stage) == {"takeover_s": 30.0, "unknown": 2}


def test_the_start_is_left_out_of_the_cpu_share() -> None:
    seen = [Observation(0.0, 0.0), Observation(1.0, 1.0), Observation(2.0, 1.0), Observation(4.0, 1.5)]
    assert settled_cpu_share(seen) == 0.25
    assert settled_cpu_share(seen[:3]) is None
    assert settled_cpu_share([]) is None


def test_to_begin_the_package_alone_is_enough() -> None:
    """What a peer needs is asked for when it is its turn, so that a missing one is told and not run into."""
    peers = ["celery", "httpx", "matplotlib", "orjson", "pydantic", "redis", "requests", "taskiq", "trustme"]
    code = f"import sys; sys.modules.update(dict.fromkeys({peers})); import benchmarks.__main__"
    subprocess.run([sys.executable, "-c", code], check=True)
