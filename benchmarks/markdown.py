"""A run as the figures of a Markdown page."""

import os
from pathlib import Path

from benchmarks.formats import (
    group_headings,
    group_problems,
    group_rows,
    group_title,
    machine_lines,
    target_row,
    verdict,
)
from benchmarks.results import RunResult, ScenarioResult

BEGIN = "<!-- figures: written by python -m benchmarks --markdown -->"
END = "<!-- end of figures -->"


class MarksError(ValueError):
    """A page lacks the marks between which the figures belong."""


def write_figures(run: RunResult, page: Path, charts: Path | None) -> None:
    """Replace what is between the marks of `page`; with `charts`, its directory's pictures are shown.

    Raises MarksError.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MarksError(f"{page} lacks the lines {BEGIN!r} and {END!r}")
    images = os.path.relpath(charts, page.parent) if charts else None
    page.write_text(f"{before}{BEGIN}\n\n{figures(run, images)}\n{END}{after}", encoding="utf-8")


def figures(run: RunResult, images: str | None) -> str:
    """Return a run's machine, targets and tables as Markdown."""
    parts = ["\n".join(f"- {line}" for line in machine_lines(run))]
    if run.targets:
        rows = [[*target_row(target), verdict(target)] for target in run.targets]
        parts += ["### Targets", _table(["target", "bound", "measured", ""], rows)]
    for scenario in run.scenarios:
        parts += _scenario(scenario, images)
    return "\n\n".join(parts) + "\n"


def _scenario(scenario: ScenarioResult, images: str | None) -> list[str]:
    parts = [f"### {scenario.name}", f"{scenario.question} {scenario.note}".strip()]
    if images:
        parts.append(f"![{scenario.question}]({images}/bench-{scenario.name}.svg)")
    for group in scenario.groups:
        parts += [f"**{group_title(scenario, group)}**", _table(group_headings(group), group_rows(group))]
        parts += group_problems(group)
    return parts


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
