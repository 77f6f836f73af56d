"""Seeds played every day, seeds that once failed, and that a seed means the same wherever it is played."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.cluster.link import FAULTS
from tests.simulation.cluster.regressions import SEEDS
from tests.simulation.cluster.scenario import BLOWS
from tests.simulation.cluster.simulation import ClusterReport, simulate_cluster
from tests.simulation.search import Findings, folder, search

ROOT = Path(__file__).resolve().parents[3]
EVERY_DAY = range(6)
SOAK = range(1000, 1100)


def replay(seed: int) -> ClusterReport:
    with folder() as path:
        return simulate_cluster(seed, path)


def words(findings: Findings) -> str:
    """Say which seeds failed, why, and how to see each again."""
    return "\n".join(
        f"python -m tests.simulation --cluster --seed {seed} --trace: {'; '.join(faults[:3])}"
        for seed, faults in findings.failed.items()
    )


def test_no_seed_of_every_day_breaks_an_invariant() -> None:
    findings = search(EVERY_DAY, simulate_cluster)
    assert findings.seeds == len(EVERY_DAY)
    assert not findings.failed, words(findings)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_what_failed_once_does_not_fail_again(seed: int) -> None:
    assert replay(seed).faults == [], SEEDS[seed]


def test_a_seed_means_the_same_in_another_process() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--cluster", "--seed", "24"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "2"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert replay(24).trace_hash in played.stdout


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_many_seeds_meet_everything_and_break_nothing() -> None:
    findings = search(SOAK, simulate_cluster)
    assert not findings.failed, words(findings)
    expected = [
        *(f"redis: {fault}" for fault in FAULTS),
        *(f"blow: {blow}" for blow in BLOWS),
        *(f"operator: {what}" for what in ("continue after stopped", "continue after paused")),
        "retry ends",
    ]
    assert [what for what in expected if not findings.met[what]] == []
