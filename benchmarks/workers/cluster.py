"""Submits a campaign to a Redis of its own, has workers send it, and prints what each part of that cost.

    python -m benchmarks.workers.cluster CAMPAIGN.toml ROWS BASE_URL --directory FOLDER [--core N]

Workers run where this process does, Redis on `--core`. They begin when all rows are in Redis and nobody
collects, unless told otherwise; what submit and collect cost is told apart from what workers do.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from benchmarks.servers.redis import RunningRedis, running_redis
from benchmarks.workers.cluster_commands import ClusterCommands
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
        commands = ClusterCommands(redis.url, base_url)
        report = sent(
            commands, redis, campaign, rate, workers, directory / "collected.jsonl" if meanwhile else None
        )
    if report.rows != rows:
        raise click.ClickException(f"{report.rows} of {rows} rows were accepted")
    click.echo(msgspec.json.encode(report))


def sent(
    commands: ClusterCommands, redis: RunningRedis, campaign: str, rate: int, workers: int, log: Path | None
) -> ClusterReport:
    """Submit a campaign and have it sent, to its end; with `log`, collect into it meanwhile."""
    submit, worker, collect = Spent(), Spent(), Spent()
    submitting, run_id = commands.submit(campaign, "--rate", str(rate))
    if log is None:
        end(submitting, submit)
    cpu_s, calls, began = redis.cpu_s(), redis.script_calls(), time.monotonic()
    working = [commands.start("worker", "--until-done") for _ in range(workers)]
    if log is not None:
        log.unlink(missing_ok=True)
        collecting = commands.start("collect", run_id, "--log", str(log), "--follow")
        end(submitting, submit)
    for process in working:
        end(process, worker)
    seconds = time.monotonic() - began
    cpu_s, calls = redis.cpu_s() - cpu_s, redis.script_calls() - calls
    if log is not None:
        end(collecting, collect)
    return ClusterReport(
        rows=commands.totals(run_id).accepted,
        seconds=seconds,
        submit=submit,
        workers=worker,
        collect=collect,
        redis_cpu_s=cpu_s,
        redis_calls=calls,
        redis_peak_bytes=redis.peak_bytes(),
        redis_peak_rss=redis.peak_rss(),
    )


if __name__ == "__main__":
    main()
