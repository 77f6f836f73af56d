"""Is the rate kept and reached, and what does waiting cost?"""

import sys
from array import array
from collections.abc import Sequence

from benchmarks.messages import csv_path, write_campaign
from benchmarks.model import Candidate, Column, Group, Read, Reading, ReadingError, Scenario, Stage
from benchmarks.process import Finished, Observation
from benchmarks.readings import expect_success
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed
from benchmarks.stats import busiest_window

RATES = (80, 1000, 5000)
MEASURED_S = 10
SENT_S = 11
SETTLED_S = 2.0
SECOND_NS = 1_000_000_000

WA_BULK = "wa-bulk send --rate"
LIMITER = "aiohttp script, aiolimiter"


def group_name(rate: int) -> str:
    return f"{rate:,}/s"


def reader(rate: int) -> Read:
    def read(finished: Finished, stage: Stage) -> Reading:
        expect_success(finished)
        reading = kept_and_reached(stage, rate)
        cpu_share = settled_cpu_share(finished.observations)
        return reading if cpu_share is None else reading | {"cpu_pct": cpu_share * 100}

    return read


def kept_and_reached(stage: Stage, rate: int) -> dict[str, float]:
    """Return how full the busiest second was, and how much arrived in time, of what the rate allows (%).

    Raises ReadingError unless every message arrived, and once.
    """
    arrivals = array("q", stage.arrivals.read_bytes())
    if len(arrivals) != rate * SENT_S:
        raise ReadingError(f"{len(arrivals)} messages arrived, {rate * SENT_S} were to be sent")
    in_time = sum(at - arrivals[0] < MEASURED_S * SECOND_NS for at in arrivals)
    return {
        "window_pct": busiest_window(arrivals, SECOND_NS) / rate * 100,
        "achieved_pct": in_time / (rate * MEASURED_S) * 100,
    }


def settled_cpu_share(observations: Sequence[Observation]) -> float | None:
    """Return the share of a core used once the start is over, None where it was not observed."""
    settled = [seen for seen in observations if seen.at_s >= observations[0].at_s + SETTLED_S]
    if len(settled) < 2:
        return None
    first, last = settled[0], settled[-1]
    return (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s)


def limiter_script(rate: int) -> Candidate:
    def command(stage: Stage) -> Sequence[str]:
        recipients = csv_path(stage.directory, rate * SENT_S)
        module = "benchmarks.peers.csv_aiohttp_limiter"
        return [sys.executable, "-m", module, str(recipients), stage.url, str(rate)]

    return Candidate(name=LIMITER, command=command, read=reader(rate))


def at_rate(rate: int) -> Group:
    def prepare(stage: Stage) -> None:
        write_campaign(stage.directory, rate * SENT_S)

    return Group(
        name=group_name(rate),
        columns=(
            Column(key="window_pct", heading="busiest second, % of rate", decimals=1),
            Column(key="achieved_pct", heading="reached in 10 s, % of rate", decimals=1),
            Column(key="cpu_pct", heading="CPU % of a core", decimals=1),
        ),
        reference=LIMITER,
        candidates=(
            wa_bulk_send(WA_BULK, lambda stage: rate * SENT_S, rate=rate, read=reader(rate)),
            limiter_script(rate),
        ),
        server=ServerNeed(record_arrivals=True),
        prepare=prepare,
        observe=True,
    )


SCENARIO = Scenario(
    name="pacing",
    question=__doc__,
    rounds=3,
    quick_rounds=1,
    note=(
        "From the server's own record of arrivals: any window of 1 s, and the first 10 s. CPU is that of "
        "the whole process from 2 s after its start."
    ),
    groups=tuple(at_rate(rate) for rate in RATES),
)
