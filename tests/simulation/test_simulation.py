"""Seeds played every day, seeds that once failed, and that a seed means the same wherever it is played."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.answers import ACCEPTED, KINDS
from tests.simulation.regressions import SEEDS
from tests.simulation.scenario import CONNECT_FAULTS, NETWORK_FAULTS, OUTAGES
from tests.simulation.search import Findings, replay, search

ROOT = Path(__file__).resolve().parents[2]
EVERY_DAY = range(60)
SOAK = range(1000, 3000)

ENDINGS = (
    *(
        f"{ending} at {point}"
        for ending in ("process killed", "power cut")
        for point in ("network", "step", "time")
    ),
    *(
        f"{ending} {when} {at}"
        for ending in ("process killed", "power cut")
        for when in ("before", "middle", "after")
        for at in ("append", "sync")
    ),
    *(f"interrupted at {point}" for point in ("disk", "network", "step", "time")),
    *(f"cancelled at {point}" for point in ("disk", "network", "step", "time")),
)
DISK_FAULTS = (
    *(f"{number} at {at}" for number in ("EIO", "ENOSPC") for at in ("append", "sync")),
    *("log moved away", "page of zeros", "page of rubbish", "new file lost"),
    *(f"unsynced {how}" for how in ("kept", "cut", "pages", "pages and cut")),
)
ENDS = ("finished", "fatal", "failures", "interrupted", "cancelled", "log error")


def words(findings: Findings) -> str:
    """Say which seeds failed, why, and how to see each again."""
    return "\n".join(
        f"python -m tests.simulation --seed {seed} --trace: {'; '.join(faults)}"
        for seed, faults in findings.failed.items()
    )


def test_no_seed_of_every_day_breaks_an_invariant() -> None:
    findings = search(EVERY_DAY)
    assert findings.seeds == len(EVERY_DAY)
    assert not findings.failed, words(findings)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_failed_once_does_not_fail_again(seed: int) -> None:
    assert replay(seed).faults == [], SEEDS[seed]


def test_a_seed_means_one_thing_and_another_seed_another() -> None:
    first, again, other = replay(3), replay(3), replay(4)
    assert first.trace == again.trace
    assert first.log == again.log
    assert first.trace_hash == again.trace_hash != other.trace_hash


def test_a_seed_means_the_same_in_another_process() -> None:
    def told(hash_seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "24"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert replay(24).trace_hash in told("1")
    assert told("1") == told("2")


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_two_thousand_seeds_meet_everything_and_break_nothing() -> None:
    findings = search(SOAK)
    assert not findings.failed, words(findings)
    expected = [
        *(f"answer: {kind.name}" for kind in (ACCEPTED, *KINDS)),
        *(f"network: {fault}" for fault in (*NETWORK_FAULTS, *CONNECT_FAULTS, "foreign reply delivered")),
        *(f"outage: {name}" for name in OUTAGES),
        *(f"disk: {fault}" for fault in DISK_FAULTS),
        *(f"ended: {how}" for how in ENDS),
        *ENDINGS,
        "the recipients' file was changed",
        "rows called cut off behind a lost tail",
        "began anew: the log's first line was lost",
    ]
    assert [what for what in expected if not findings.met[what]] == []
