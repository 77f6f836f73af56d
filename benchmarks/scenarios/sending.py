"""Candidates that send through benchmarks.workers.send, for the scenarios that have them."""

import sys
from collections.abc import Sequence

from benchmarks.model import Candidate, Stage
from benchmarks.readings import read_report


def peer(
    name: str,
    module: str,
    *needs: str,
    feed: str = "dict",
    loop: str = "asyncio",
    tasks: int = 64,
    quick_s: int = 1,
    full_s: int = 3,
    ours: bool = False,
    install: str = "pip install wa-bulk[bench]",
) -> Candidate:
    """Return the candidate that runs `benchmarks.peers.<module>` for some seconds, start-up left out."""

    def command(stage: Stage) -> Sequence[str]:
        worker = [sys.executable, "-m", "benchmarks.workers.send", module, "--url", stage.url]
        seconds = str(stage.pick(quick_s, full_s))
        return [*worker, "--seconds", seconds, "--tasks", str(tasks), "--feed", feed, "--loop", loop]

    return Candidate(name=name, command=command, read=read_report, needs=needs, ours=ours, install=install)
