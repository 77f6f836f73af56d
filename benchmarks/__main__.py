"""Measure wa_bulk against its peers, on this machine, in one run.

Every candidate runs in a process of its own, all of a table in alternation; client and server are pinned
to a core each where the machine allows it. Every line states its ratio to another line of the same table.

\b
  python -m benchmarks                    everything; about half an hour
  python -m benchmarks --quick            everything, less often and less long
  python -m benchmarks campaign client    only these
  python -m benchmarks --from results.json --charts docs/images --markdown docs/performance.md
"""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks.machine import choose_cores, describe_machine, versions
from benchmarks.markdown import MarksError, write_figures
from benchmarks.progress import Progress
from benchmarks.results import ResultsError, RunResult, read_results, write_results
from benchmarks.runner import run_scenario
from benchmarks.scenarios import SCENARIOS
from benchmarks.tables import print_machine, print_scenario, print_targets
from benchmarks.targets import judge

FILE = click.Path(dir_okay=False, path_type=Path)
PROGRAMS = ("nginx", "wrk")
WIDTH_OF_A_FILE = 120


@click.command(help=__doc__)
@click.argument("scenarios", nargs=-1, type=click.Choice(list(SCENARIOS)), metavar="[SCENARIO]...")
@click.option("--quick", is_flag=True, help="Shorter and fewer samples: 6 to 8 minutes on two cores.")
@click.option("--json", "json_file", type=FILE, help="Write all samples, versions and the machine to FILE.")
@click.option(
    "--from", "from_file", type=FILE, help="Measure nothing; take the results of an earlier --json FILE."
)
@click.option("--charts", type=click.Path(file_okay=False, path_type=Path), help="Draw SVG charts into DIR.")
@click.option("--markdown", type=FILE, help="Put the tables between the figures marks of FILE.")
def main(
    scenarios: tuple[str, ...],
    quick: bool,
    json_file: Path | None,
    from_file: Path | None,
    charts: Path | None,
    markdown: Path | None,
) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_OF_A_FILE)
    if from_file:
        try:
            run = read_results(from_file)
        except ResultsError as error:
            raise click.ClickException(str(error)) from error
        for scenario in run.scenarios:
            print_scenario(console, scenario)
    else:
        run = measure(list(scenarios) or list(SCENARIOS), quick, json_file, console)
    print_targets(console, run.targets)
    print_machine(console, run)
    if charts:
        draw(run, charts)
    if markdown:
        try:
            write_figures(run, markdown, charts)
        except (OSError, MarksError) as error:
            raise click.ClickException(str(error)) from error


def measure(names: list[str], quick: bool, json_file: Path | None, console: Console) -> RunResult:
    """Run the scenarios; the JSON file is written after each, so that what was measured is not lost."""
    cores = choose_cores()
    run = RunResult(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        quick=quick,
        seconds=0,
        machine=describe_machine(cores),
        versions=versions(),
        load=os.getloadavg()[0],
        absent=[program for program in PROGRAMS if not shutil.which(program)],
        scenarios=[],
    )
    started_at = time.monotonic()
    for name in names:
        with Progress() as progress:
            run.scenarios.append(run_scenario(SCENARIOS[name], cores, quick, progress.say))
        run.targets = judge(run)
        run.seconds = time.monotonic() - started_at
        if json_file:
            write_results(run, json_file)
        print_scenario(console, run.scenarios[-1])
    return run


def draw(run: RunResult, directory: Path) -> None:
    try:
        from benchmarks.charts import draw_charts
    except ImportError as error:
        raise click.ClickException(f"charts need {error.name}: pip install wa-bulk[bench]") from error
    draw_charts(run, directory)


if __name__ == "__main__":
    main()
