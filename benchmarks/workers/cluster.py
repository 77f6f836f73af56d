"""Submits a campaign to a Redis of its own, has workers send it, and prints what each part of that cost.

    python -m benchmarks.workers.cluster CAMPAIGN.toml ROWS BASE_URL --directory FOLDER [--core N]

Workers run where this process does, Redis on `--core`. They begin when all rows are in Redis and nobody
collects, unless told otherwise; what submit and collect cost is told apart from what workers do.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import click
import msgspec

from benchmarks.scenarios.wa_bulk_cli import program
from benchmarks.servers.redis import RunningRedis, running_redis
from benchmarks.workers.cluster_report import ClusterReport, Spent, end


@click.command(help=__doc__)
@click.argument("campaign")
@click.argument("rows", type=int)
@click.argument("base_url")
@click.option("--directory", type=click.Path(path_type=Path), required=True)
@click.option("--core", type=int)
@click.option("--workers", default=1)
@click.option("--rate", default=0)
@click.option(
    "--meanwhile", is_flag=True, help="Workers begin at once, and results are collected as they come."
)
def main(
    campaign: str,
    rows: int,
    base_url: str,
    directory: Path,
    core: int | None,
    workers: int,
    rate: int,
    meanwhile: bool,
) -> None:
    with running_redis(directory, core) as redis:
        environment = {**os.environ, "WA_BULK_REDIS": redis.url, "WA_BULK_BASE_URL": base_url}
        cluster = Cluster(redis, environment, directory / "collected.jsonl")
        report = cluster.send(campaign, rate, workers, meanwhile=meanwhile)
    if report.rows != rows:
        raise click.ClickException(f"{report.rows} of {rows} rows were accepted")
    click.echo(msgspec.json.encode(report))


class Cluster:
    """The real commands, over one Redis."""

    def __init__(self, redis: RunningRedis, environment: dict[str, str], log: Path) -> None:
        self._redis = redis
        self._environment = environment
        self._log = log

    def send(self, campaign: str, rate: int, workers: int, *, meanwhile: bool) -> ClusterReport:
        """Submit a campaign and have it sent, to its end."""
        submit, worker, collect = Spent(), Spent(), Spent()
        submitting = self._start("submit", campaign, "--rate", str(rate), "--again")
        assert submitting.stdout is not None
        run_id = submitting.stdout.readline().decode().strip()
        if not meanwhile:
            end(submitting, submit)
        cpu_s, calls, began = self._redis.cpu_s(), self._redis.script_calls(), time.monotonic()
        working = [self._start("worker", "--until-done") for _ in range(workers)]
        if meanwhile:
            self._log.unlink(missing_ok=True)
            collecting = self._start("collect", run_id, "--log", str(self._log), "--follow")
            end(submitting, submit)
        for process in working:
            end(process, worker)
        seconds = time.monotonic() - began
        cpu_s, calls = self._redis.cpu_s() - cpu_s, self._redis.script_calls() - calls
        if meanwhile:
            end(collecting, collect)
        return ClusterReport(
            rows=self._accepted(run_id),
            seconds=seconds,
            submit=submit,
            workers=worker,
            collect=collect,
            redis_cpu_s=cpu_s,
            redis_calls=calls,
            redis_peak_bytes=self._redis.peak_bytes(),
            redis_peak_rss=self._redis.peak_rss(),
        )

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*program(), "cluster", *words],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _accepted(self, run_id: str) -> int:
        status = self._start("status", run_id, "--json")
        told, _ = status.communicate()
        accepted: int = msgspec.json.decode(told)["totals"]["accepted"]
        return accepted


if __name__ == "__main__":
    main()
