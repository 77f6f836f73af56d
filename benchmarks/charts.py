"""Charts of a run: one SVG a scenario, a bar a candidate, medians with the range of the samples."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.results import CandidateResult, GroupResult, RunResult, ScenarioResult

WIDTH_IN = 8.0
BAR_IN = 0.34
AROUND_BARS_IN = 1.0
OURS, LIMIT, PEERS = "#128c7e", "#9aa5ab", "#5b7083"
STYLE = Path(__file__).with_suffix(".mplstyle")


def chart_path(scenario: str, directory: Path) -> Path:
    return directory / f"bench-{scenario}.svg"


def draw_charts(run: RunResult, directory: Path) -> None:
    """Draw every scenario that has figures into `directory`; the same results give the same bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(fname=str(STYLE)):
        for scenario in run.scenarios:
            drawn = [group for group in scenario.groups if _measured(group)]
            if drawn:
                figure = _draw(scenario, drawn)
                figure.savefig(chart_path(scenario.name, directory), metadata={"Date": None})


def _measured(group: GroupResult) -> list[CandidateResult]:
    return [candidate for candidate in group.candidates if candidate.summary(group.columns[0].key)]


def _draw(scenario: ScenarioResult, groups: list[GroupResult]) -> Figure:
    heights = [AROUND_BARS_IN + BAR_IN * len(_measured(group)) for group in groups]
    figure = Figure(figsize=(WIDTH_IN, sum(heights)), layout="constrained")
    figure.suptitle(scenario.question, x=0.01, ha="left")
    all_axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)
    for axes, group in zip(all_axes[:, 0], groups, strict=True):
        _draw_group(axes, group)
    return figure


def _draw_group(axes: Axes, group: GroupResult) -> None:
    column = group.columns[0]
    for place, candidate in enumerate(_measured(group)):
        summary = candidate.summary(column.key)
        assert summary
        colour = OURS if candidate.ours else LIMIT if candidate.name == group.reference else PEERS
        axes.barh(
            place,
            summary.median,
            xerr=[[summary.median - summary.least], [summary.most - summary.median]],
            color=colour,
            error_kw={"ecolor": "#333333", "elinewidth": 0.8, "capsize": 2},
        )
        label = f" {summary.median:,.{column.decimals}f}"
        axes.text(summary.most, place, label, va="center", ha="left", fontsize=8)
    axes.set_yticks(range(len(_measured(group))), [candidate.name for candidate in _measured(group)])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    axes.set_title(group.name)
    axes.set_xlabel(column.heading)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
