"""What does it cost to send a campaign through Redis, with the books of a single run?"""

import sys
from collections.abc import Sequence

import msgspec

from benchmarks.messages import campaign_path, write_campaign
from benchmarks.model import (
    CPU_US,
    PEAK_RSS_MB,
    PER_S,
    Candidate,
    Column,
    Group,
    Reading,
    ReadingError,
    Scenario,
    Stage,
)
from benchmarks.process import Finished
from benchmarks.readings import MEGABYTE, expect_success
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed
from benchmarks.workers.cluster import ClusterReport

SINGLE = "wa-bulk send"
WORKER = "wa-bulk cluster worker"
UNPACED = "unpaced"


def rows(stage: Stage) -> int:
    return stage.pick(100_000, 300_000)


def worker_command(stage: Stage) -> Sequence[str]:
    worker = [sys.executable, "-m", "benchmarks.workers.cluster"]
    what = [str(campaign_path(stage.directory, rows(stage))), str(rows(stage)), stage.base_url]
    core = [] if stage.server_core is None else ["--core", str(stage.server_core)]
    return [*worker, *what, "--directory", str(stage.directory), *core]


def read_report(finished: Finished, stage: Stage) -> Reading:
    expect_success(finished)
    try:
        report = msgspec.json.decode(finished.stdout, type=ClusterReport)
    except msgspec.DecodeError as error:
        raise ReadingError(f"not a report: {error}") from error
    return {
        "per_s": report.rows / report.seconds,
        "cpu_us": report.cpu_s / report.rows * 1e6,
        "redis_us": report.redis_cpu_s / report.rows * 1e6,
        "peak_rss_mb": report.peak_rss / MEGABYTE,
        "redis_mb": report.redis_peak_bytes / MEGABYTE,
    }


def prepare(stage: Stage) -> None:
    write_campaign(stage.directory, rows(stage))


SCENARIO = Scenario(
    name="cluster",
    question=__doc__,
    quick_rounds=3,
    rounds=5,
    note=(
        "Whole processes, start-up included, 64 connections, unpaced, one worker on one core; Redis, with "
        "an append-only file, and the server share the other. The campaign is in Redis before the worker "
        "starts; nobody collects meanwhile. A sample counts only if every row was accepted."
    ),
    groups=(
        Group(
            name=UNPACED,
            columns=(
                PER_S,
                CPU_US,
                Column(key="redis_us", heading="Redis CPU µs each", decimals=1),
                PEAK_RSS_MB,
                Column(key="redis_mb", heading="Redis peak MB", decimals=1),
            ),
            reference=SINGLE,
            candidates=(
                wa_bulk_send(SINGLE, rows),
                Candidate(
                    name=WORKER,
                    command=worker_command,
                    read=read_report,
                    needs=("redis", "redis-server"),
                    ours=True,
                ),
            ),
            server=ServerNeed(),
            prepare=prepare,
        ),
    ),
)
