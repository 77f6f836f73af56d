"""How long until it begins?"""

import sys
from collections.abc import Sequence

from benchmarks.machine import wa_bulk_program
from benchmarks.model import PEAK_RSS_MB, Candidate, Column, Group, Reading, Scenario, Stage
from benchmarks.process import Finished
from benchmarks.readings import MEGABYTE, expect_success

BARE = "python -c pass"
IMPORT = "import wa_bulk"
HELP = "wa-bulk --help"


def process(name: str, *command: str, needs: tuple[str, ...] = (), ours: bool = False) -> Candidate:
    def fixed(stage: Stage) -> Sequence[str]:
        return command

    return Candidate(name=name, command=fixed, read=read, needs=needs, ours=ours)


def read(finished: Finished, stage: Stage) -> Reading:
    expect_success(finished)
    return {
        "wall_ms": finished.wall_s * 1000,
        "cpu_ms": finished.cpu_s * 1000,
        "peak_rss_mb": finished.peak_rss / MEGABYTE,
    }


SCENARIO = Scenario(
    name="startup",
    question=__doc__,
    rounds=40,
    quick_rounds=10,
    groups=(
        Group(
            name="a process",
            columns=(
                Column(key="wall_ms", heading="wall ms", decimals=1),
                Column(key="cpu_ms", heading="CPU ms", decimals=1),
                PEAK_RSS_MB,
            ),
            reference=BARE,
            candidates=(
                process(BARE, sys.executable, "-c", "pass"),
                process(IMPORT, sys.executable, "-c", "import wa_bulk", ours=True),
                process(
                    "from wa_bulk import Client, Message",
                    sys.executable,
                    "-c",
                    "from wa_bulk import Client, Message",
                    ours=True,
                ),
                process(HELP, *wa_bulk_program(), "--help", ours=True),
                process("import aiohttp", sys.executable, "-c", "import aiohttp"),
                process("import requests", sys.executable, "-c", "import requests", needs=("requests",)),
            ),
        ),
    ),
)
