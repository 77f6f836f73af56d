"""What does it cost to send a campaign through Redis, with the books of a single run?"""

import sys
from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise

from benchmarks.messages import campaign_path, csv_path, write_campaign
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
from benchmarks.readings import MEGABYTE, report_of
from benchmarks.scenarios.pacing import MEASURED_S, SECOND_NS, SENT_S, kept_and_reached
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed
from benchmarks.workers.cluster_report import ClusterReport
from benchmarks.workers.takeover import TakeoverReport

SINGLE = "wa-bulk send"
WORKER = "wa-bulk cluster worker"
UNPACED = "unpaced"
RATES = (80, 1000)
WORKERS = 3
PACED = f"{WORKERS} workers"
TAKEOVER = "a worker dies"
KILLED = "SIGKILL of the worker that has a chunk"
ONE_CHUNK = 1000
REDIS = ("redis", "redis-server")

Rows = Callable[[Stage], int]


def of_wa_bulk(stage: Stage) -> int:
    return stage.pick(100_000, 300_000)


def of_celery(stage: Stage) -> int:
    return stage.pick(3_000, 10_000)


def of_taskiq(stage: Stage) -> int:
    return stage.pick(5_000, 20_000)


def group_name(rate: int) -> str:
    return f"{WORKERS} workers at {rate:,}/s"


def worker_command(stage: Stage, rows: int, *options: str) -> Sequence[str]:
    worker = [sys.executable, "-m", "benchmarks.workers.cluster"]
    what = [str(campaign_path(stage.directory, rows)), str(rows), stage.base_url]
    return [*worker, *what, *_where(stage), *options]


def task_queue(name: str, peer: str, rows: Rows, *needs: str) -> Candidate:
    """Return a task a message of another library, over the same Redis."""

    def command(stage: Stage) -> Sequence[str]:
        worker = [sys.executable, "-m", "benchmarks.workers.task_queue", peer]
        what = [str(csv_path(stage.directory, of_wa_bulk(stage))), str(rows(stage)), stage.url]
        return [*worker, *what, *_where(stage)]

    return Candidate(
        name=name,
        command=command,
        read=read_costs,
        needs=(*REDIS, *needs),
        install="pip install wa-bulk[bench-queues]",
    )


def _where(stage: Stage) -> list[str]:
    core = [] if stage.server_core is None else ["--core", str(stage.server_core)]
    return ["--directory", str(stage.directory), *core]


def read_costs(finished: Finished, stage: Stage) -> Reading:
    report = report_of(finished, ClusterReport)
    return {
        "per_s": report.rows / report.seconds,
        "cpu_us": report.workers.cpu_s / report.rows * 1e6,
        "redis_us": report.redis_cpu_s / report.rows * 1e6,
        "submit_us": report.submit.cpu_s / report.rows * 1e6,
        "peak_rss_mb": report.workers.peak_rss / MEGABYTE,
        "redis_bytes": report.redis_peak_bytes / report.rows,
    }


def prepare(stage: Stage) -> None:
    write_campaign(stage.directory, of_wa_bulk(stage))


def at_rate(rate: int) -> Group:
    rows = rate * SENT_S

    def prepare(stage: Stage) -> None:
        write_campaign(stage.directory, rows)

    def command(stage: Stage) -> Sequence[str]:
        return worker_command(stage, rows, "--rate", str(rate), "--workers", str(WORKERS))

    def read(finished: Finished, stage: Stage) -> Reading:
        report = report_of(finished, ClusterReport)
        return {**kept_and_reached(stage, rate), "calls_per_s": report.redis_calls / SENT_S}

    return Group(
        name=group_name(rate),
        columns=(
            Column(key="window_pct", heading="busiest second, % of rate", decimals=1),
            Column(key="achieved_pct", heading=f"reached in {MEASURED_S} s, % of rate", decimals=1),
            Column(key="calls_per_s", heading="script calls/s"),
        ),
        reference=PACED,
        candidates=(Candidate(name=PACED, command=command, read=read, needs=REDIS, ours=True),),
        server=ServerNeed(record_arrivals=True),
        prepare=prepare,
    )


def takeover_command(stage: Stage) -> Sequence[str]:
    worker = [sys.executable, "-m", "benchmarks.workers.takeover"]
    return [*worker, str(campaign_path(stage.directory, ONE_CHUNK)), stage.base_url, *_where(stage)]


def read_takeover(finished: Finished, stage: Stage) -> Reading:
    report = report_of(finished, TakeoverReport)
    if report.totals.accepted + report.totals.unknown != ONE_CHUNK:
        raise ReadingError(f"not every one of {ONE_CHUNK} rows was sent or is unknown: {report.totals}")
    arrivals = array("q", stage.arrivals.read_bytes())
    after = [report.killed_at_ns, *(at for at in arrivals if at > report.killed_at_ns)]
    _, taken_over_at_ns = max(pairwise(after), key=lambda pair: pair[1] - pair[0])
    return {
        "takeover_s": (taken_over_at_ns - report.killed_at_ns) / SECOND_NS,
        "unknown": report.totals.unknown,
    }


def prepare_takeover(stage: Stage) -> None:
    write_campaign(stage.directory, ONE_CHUNK)


SCENARIO = Scenario(
    name="cluster",
    question=__doc__,
    quick_rounds=3,
    rounds=5,
    note=(
        "Whole processes, start-up included, 64 connections, one worker on one core; Redis, with an "
        "append-only file, and the server share the other. Everything is in Redis before the worker starts; "
        "nobody collects meanwhile. A sample of ours counts only if every row was accepted. A task of celery "
        "or taskiq sends one message: no results are kept, and nothing is known of a row but that it is no "
        "longer in the queue. Paced runs and the takeover: from the server's own record of arrivals."
    ),
    groups=(
        Group(
            name=UNPACED,
            columns=(
                PER_S,
                CPU_US,
                Column(key="redis_us", heading="Redis CPU µs each", decimals=1),
                Column(key="submit_us", heading="CPU µs each to queue", decimals=1),
                PEAK_RSS_MB,
                Column(key="redis_bytes", heading="Redis peak bytes each"),
            ),
            reference=SINGLE,
            candidates=(
                wa_bulk_send(SINGLE, of_wa_bulk),
                Candidate(
                    name=WORKER,
                    command=lambda stage: worker_command(stage, of_wa_bulk(stage)),
                    read=read_costs,
                    needs=REDIS,
                    ours=True,
                ),
                task_queue("a taskiq task a message", "tasks_taskiq", of_taskiq, "taskiq", "taskiq_redis"),
                task_queue("a celery task a message", "tasks_celery", of_celery, "celery", "requests"),
            ),
            server=ServerNeed(),
            prepare=prepare,
        ),
        *(at_rate(rate) for rate in RATES),
        Group(
            name=TAKEOVER,
            columns=(
                Column(key="takeover_s", heading="s until others send its rows", decimals=1),
                Column(key="unknown", heading="rows unknown"),
            ),
            reference=KILLED,
            candidates=(
                Candidate(name=KILLED, command=takeover_command, read=read_takeover, needs=REDIS, ours=True),
            ),
            server=ServerNeed(delay_ms=200, record_arrivals=True),
            prepare=prepare_takeover,
            rounds=1,
        ),
    ),
)
