"""How many callbacks are stored before they are answered, how soon, and how are they joined with a run?"""

import shutil
import subprocess
import sys
from collections.abc import Sequence

import msgspec

from benchmarks.machine import wa_bulk_program
from benchmarks.model import (
    PEAK_RSS_MB,
    Candidate,
    Column,
    Group,
    PrepareError,
    Reading,
    ReadingError,
    Scenario,
    Stage,
)
from benchmarks.process import Finished
from benchmarks.readings import MEGABYTE, expect_success, report_of
from benchmarks.scenarios.wa_bulk_cli import expect_all_accepted, log_path
from benchmarks.workers.callbacks import CallbacksReport

WA_BULK = "wa-bulk callbacks"
RATE = 5_000
WHOLE_LOG = "whole-log"
FASTEST = "as fast as it goes"
PACED = f"{RATE:,} rows/s"
JOINING = "joining a run with four callbacks a row"
SETTLE = "wa-bulk settle"
REPORT = "wa-bulk report"

_COLUMNS = (
    Column(key="per_s", heading="rows/s"),
    Column(key="cpu_us", heading="CPU µs each", decimals=1),
    Column(key="p50_ms", heading="half answered within ms", decimals=1),
    Column(key="p99_ms", heading="99 % within ms", decimals=1),
    Column(key="worst_ms", heading="worst ms", decimals=1),
    PEAK_RSS_MB,
    Column(key="growth_mb", heading="RSS growth MB, last 80 %", decimals=1),
)


def receiving(
    name: str, program: str, quick: int, full: int, *, rate: int = 0, ours: bool = False
) -> Candidate:
    """Return a receiver that is posted four statuses of each message."""

    def command(stage: Stage) -> Sequence[str]:
        worker = [sys.executable, "-m", "benchmarks.workers.callbacks", program]
        amount = ["--messages", str(stage.pick(quick, full)), "--rate", str(rate)]
        where = ["--directory", str(stage.directory)]
        core = [] if stage.server_core is None else ["--core", str(stage.server_core)]
        return [*worker, *amount, *where, *core]

    return Candidate(name=name, command=command, read=read_receiver, ours=ours)


def read_receiver(finished: Finished, stage: Stage) -> Reading:
    report = report_of(finished, CallbacksReport)
    return {
        "per_s": report.rows / report.seconds,
        "cpu_us": report.cpu_s / report.rows * 1e6,
        "p50_ms": report.p50_ms,
        "p99_ms": report.p99_ms,
        "worst_ms": report.worst_ms,
        "peak_rss_mb": report.peak_rss / MEGABYTE,
        "growth_mb": report.growth / MEGABYTE,
    }


def messages_of_run(stage: Stage) -> int:
    return stage.pick(100_000, 1_000_000)


def make_run(stage: Stage) -> None:
    """Write the log of a run, and store every callback of its messages."""
    memory, messages = stage.environment["WA_BULK_DB"], messages_of_run(stage)
    worker = [sys.executable, "-m", "benchmarks.workers.make_run"]
    command = [*worker, str(stage.directory / WHOLE_LOG), memory, str(messages)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise PrepareError(f"the run could not be made: {made.stderr.strip()[-300:]}")


def put_log_back(stage: Stage) -> None:
    """Have the log be as it was before it was settled."""
    shutil.copyfile(stage.directory / WHOLE_LOG, log_path(stage))


def settle_command(stage: Stage) -> Sequence[str]:
    return [*wa_bulk_program(), "settle", str(log_path(stage))]


def read_settled(finished: Finished, stage: Stage) -> Reading:
    expect_success(finished)
    expect_all_accepted(stage, messages_of_run(stage))
    return read_process(finished)


def report_command(stage: Stage) -> Sequence[str]:
    return [*wa_bulk_program(), "report", str(log_path(stage)), "--json"]


def read_report_of_run(finished: Finished, stage: Stage) -> Reading:
    expect_success(finished)
    read, messages = msgspec.json.decode(finished.stdout, type=_Report).delivery.read, messages_of_run(stage)
    if read != messages:
        raise ReadingError(f"{read} of {messages} rows are reported as read")
    return read_process(finished)


def read_process(finished: Finished) -> Reading:
    return {
        "wall_s": finished.wall_s,
        "cpu_s": finished.cpu_s,
        "peak_rss_mb": finished.peak_rss / MEGABYTE,
    }


class _Delivery(msgspec.Struct):
    read: int


class _Report(msgspec.Struct):
    delivery: _Delivery


SCENARIO = Scenario(
    name="callbacks",
    question=__doc__,
    quick_rounds=1,
    rounds=3,
    note=(
        "Batches of 100 rows over 16 connections from another process, each on disk before its answer. CPU "
        "and memory are the receiver's. Rows that were answered with 200 are counted in the file afterwards."
    ),
    groups=(
        Group(
            name=FASTEST,
            columns=_COLUMNS,
            reference="aiohttp and sqlite3",
            candidates=(
                receiving(WA_BULK, "wa_bulk", 50_000, 250_000, ours=True),
                receiving("aiohttp and sqlite3", "aiohttp", 50_000, 250_000),
            ),
        ),
        Group(
            name=PACED,
            columns=_COLUMNS,
            reference="aiohttp and sqlite3",
            candidates=(
                receiving(WA_BULK, "wa_bulk", 12_500, 75_000, rate=RATE, ours=True),
                receiving("aiohttp and sqlite3", "aiohttp", 12_500, 75_000, rate=RATE),
            ),
        ),
        Group(
            name=JOINING,
            columns=(
                Column(key="wall_s", heading="wall s", decimals=2),
                Column(key="cpu_s", heading="CPU s", decimals=2),
                PEAK_RSS_MB,
            ),
            reference=SETTLE,
            candidates=(
                Candidate(
                    name=SETTLE, command=settle_command, read=read_settled, before=put_log_back, ours=True
                ),
                Candidate(
                    name=REPORT,
                    command=report_command,
                    read=read_report_of_run,
                    before=put_log_back,
                    ours=True,
                ),
            ),
            prepare=make_run,
        ),
    ),
)
