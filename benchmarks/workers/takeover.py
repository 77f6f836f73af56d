"""Kills a worker that has rows in hand, starts another, and prints when the first was killed.

    python -m benchmarks.workers.takeover CAMPAIGN.toml BASE_URL --directory FOLDER [--core N]

The campaign's rows are to be one chunk, and the server so slow that the first are seen to be accepted long
before the last. When the other worker takes over is for the server to tell: nothing arrives until then.
"""

import time
from pathlib import Path

import click
import msgspec

from benchmarks.servers.redis import running_redis
from benchmarks.workers.cluster_commands import ClusterCommands, Totals
from benchmarks.workers.cluster_report import Spent, end

IN_FLIGHT = 16


class TakeoverReport(msgspec.Struct):
    """When the worker was killed, ns of the monotonic clock, and what became of the rows."""

    killed_at_ns: int
    totals: Totals


@click.command(help=__doc__)
@click.argument("campaign")
@click.argument("base_url")
@click.option("--directory", type=click.Path(path_type=Path), required=True)
@click.option("--core", type=int)
def main(campaign: str, base_url: str, directory: Path, core: int | None) -> None:
    with running_redis(directory, core) as redis:
        commands = ClusterCommands(redis.url, base_url)
        submitting, run_id = commands.submit(campaign, "--rate", "0", "--concurrency", str(IN_FLIGHT))
        end(submitting, Spent())
        first = commands.start("worker")
        try:
            while not commands.totals(run_id).accepted:
                time.sleep(0.1)
        finally:
            first.kill()
            killed_at_ns = time.monotonic_ns()
            first.wait()
        second = commands.start("worker", "--until-done")
        end(second, Spent())
        report = TakeoverReport(killed_at_ns, commands.totals(run_id))
    click.echo(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
