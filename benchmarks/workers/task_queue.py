"""Puts a task a message into a Redis of its own, has one worker do them, and prints what each part cost.

    python -m benchmarks.workers.task_queue PEER RECIPIENTS.csv ROWS URL --directory FOLDER [--core N]

PEER is a module of benchmarks.peers. The worker runs where this process does, Redis on `--core`.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import click
import msgspec

from benchmarks.servers.redis import running_redis
from benchmarks.workers.cluster_report import ClusterReport, Spent, end


@click.command(help=__doc__)
@click.argument("peer")
@click.argument("recipients")
@click.argument("rows", type=int)
@click.argument("url")
@click.option("--directory", type=click.Path(path_type=Path), required=True)
@click.option("--core", type=int)
def main(peer: str, recipients: str, rows: int, url: str, directory: Path, core: int | None) -> None:
    submit, worker = Spent(), Spent()
    with running_redis(directory, core) as redis:
        environment = {**os.environ, "TASKS_BROKER": redis.url}

        def start(step: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", f"benchmarks.peers.{peer}", step, recipients, str(rows), url]
            return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

        end(start("enqueue"), submit)
        cpu_s, calls, began = redis.cpu_s(), redis.script_calls(), time.monotonic()
        end(start("work"), worker)
        report = ClusterReport(
            rows=rows,
            seconds=time.monotonic() - began,
            submit=submit,
            workers=worker,
            collect=Spent(),
            redis_cpu_s=redis.cpu_s() - cpu_s,
            redis_calls=redis.script_calls() - calls,
            redis_peak_bytes=redis.peak_bytes(),
            redis_peak_rss=redis.peak_rss(),
        )
    click.echo(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
