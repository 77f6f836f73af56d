"""Many seeds, one after the other or in several processes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import msgspec

from tests.simulation.simulation import Report, simulate

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""
BATCH = 50


class Played(Protocol):
    """What a simulation came to, as far as a search wants to know."""

    faults: list[str]
    met: Counter[str]


Simulate = Callable[[int, Path], Played]
"""Plays a seed; the folder is for copies of logs."""


class Findings(msgspec.Struct):
    """What some seeds came to: how many there were, the faults of those that failed, and what was met."""

    seeds: int = 0
    failed: dict[int, list[str]] = {}
    met: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, other: Findings) -> None:
        """Take in what other seeds came to."""
        self.seeds += other.seeds
        self.failed = {**self.failed, **other.failed}
        self.met.update(other.met)


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for copies of logs, in memory where that is possible."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as path:
        yield Path(path)


def replay(seed: int) -> Report:
    """Play one seed."""
    with folder() as path:
        return simulate(seed, path)


def search(seeds: Iterable[int], simulate: Simulate = simulate) -> Findings:
    """Play these seeds, in this process."""
    findings = Findings()
    with folder() as path:
        for seed in seeds:
            report = simulate(seed, path)
            findings.add(Findings(1, {seed: report.faults} if report.faults else {}, report.met))
    return findings


def search_in_processes(seeds: range, jobs: int, simulate: Simulate = simulate) -> Iterator[Findings]:
    """Play these seeds in `jobs` processes; what each batch came to, as it comes."""
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(partial(search, simulate=simulate), batches)
