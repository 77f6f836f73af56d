"""Many seeds, one after the other or in several processes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tests.simulation.simulation import Report, simulate

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""
BATCH = 50


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


def search(seeds: Iterable[int]) -> Findings:
    """Play these seeds, in this process."""
    findings = Findings()
    with folder() as path:
        for seed in seeds:
            report = simulate(seed, path)
            findings.add(Findings(1, {seed: report.faults} if report.faults else {}, report.met))
    return findings


def search_in_processes(seeds: range, jobs: int) -> Iterator[Findings]:
    """Play these seeds in `jobs` processes; what each batch came to, as it comes."""
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(search, batches)
