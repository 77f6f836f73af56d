"""A run as tables on the terminal."""

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.formats import (
    group_headings,
    group_problems,
    group_rows,
    group_title,
    machine_lines,
    target_row,
    verdict,
)
from benchmarks.results import GroupResult, RunResult, ScenarioResult, TargetResult

STYLES = {"met": "green", "missed": "bold red", "not measured": "yellow"}


def print_scenario(console: Console, scenario: ScenarioResult) -> None:
    """Print a scenario's tables and notes."""
    for group in scenario.groups:
        console.print(_group_table(scenario, group))
        for problem in group_problems(group):
            console.print(problem, style="yellow", highlight=False, markup=False)
    console.print(scenario.note, style="dim", highlight=False, markup=False)


def print_targets(console: Console, targets: list[TargetResult]) -> None:
    """Print the promises beside what was measured."""
    if not targets:
        return
    table = Table("target", title="targets", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("bound", justify="right")
    table.add_column("measured", justify="right")
    table.add_column("")
    for target in targets:
        words = verdict(target)
        table.add_row(*target_row(target), f"[{STYLES[words]}]{words}[/]")
    console.print(table)


def print_machine(console: Console, run: RunResult) -> None:
    for line in machine_lines(run):
        console.print(line, style="dim", highlight=False, markup=False)


def _group_table(scenario: ScenarioResult, group: GroupResult) -> Table:
    table = Table(title=group_title(scenario, group), box=box.SIMPLE_HEAD, title_justify="left")
    for number, heading in enumerate(group_headings(group)):
        table.add_column(heading, justify="right" if number else "left", no_wrap=not number)
    for cells, candidate in zip(group_rows(group), group.candidates, strict=True):
        table.add_row(*cells, style="bold" if candidate.ours else None)
    return table
