"""What do 1,000 sends a second cost the rest of a service's event loop?"""

import sys
from collections.abc import Sequence

from benchmarks.model import Candidate, Column, Group, Reading, Scenario, Stage
from benchmarks.process import Finished
from benchmarks.readings import report_of
from benchmarks.servers.running import ServerNeed
from benchmarks.workers.service import ServiceReport

RATE = 1000
NOTHING = "tasks that send nothing"


def service(name: str, module: str, *needs: str, ours: bool = False) -> Candidate:
    def command(stage: Stage) -> Sequence[str]:
        worker = [sys.executable, "-m", "benchmarks.workers.service", module, "--url", stage.url]
        command = [*worker, "--rate", str(RATE), "--seconds", str(stage.pick(3, 8))]
        return command if stage.server_core is None else [*command, "--probe-core", str(stage.server_core)]

    return Candidate(name=name, command=command, read=read, needs=needs, ours=ours)


def read(finished: Finished, stage: Stage) -> Reading:
    report = report_of(finished, ServiceReport)
    return {
        "median_us": report.median_us,
        "p99_us": report.p99_us,
        "worst_ms": report.worst_us / 1000,
        "per_s": report.per_s,
        "cpu_pct": report.cpu_share * 100,
    }


SCENARIO = Scenario(
    name="service",
    question=__doc__,
    quick_rounds=2,
    note=(
        "The standard loop, replies after 50 ± 20 ms, a task a send. Another process asks the same loop "
        "for an echo every 2 ms; its waits are shown. Sends that would be more than 200 in flight are "
        "left out."
    ),
    groups=(
        Group(
            name=f"{RATE:,} sends/s",
            columns=(
                Column(key="p99_us", heading="99 % of echoes within µs"),
                Column(key="median_us", heading="half within µs"),
                Column(key="worst_ms", heading="worst ms", decimals=1),
                Column(key="per_s", heading="messages/s"),
                Column(key="cpu_pct", heading="CPU % of a core", decimals=1),
            ),
            reference=NOTHING,
            candidates=(
                service(NOTHING, "service_idle"),
                service("wa_bulk Client", "service_wa_bulk", ours=True),
                service("aiohttp", "service_aiohttp"),
                service("httpx", "service_httpx", "httpx"),
            ),
            server=ServerNeed(delay_ms=50, spread_ms=20),
        ),
    ),
)
