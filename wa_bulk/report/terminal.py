"""The summary for a terminal: readable at 80 columns, and without colour."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wa_bulk.report.advice import Step, next_steps
from wa_bulk.report.summary import Summary
from wa_bulk.report.tally import Cause
from wa_bulk.report.words import cause_in_words, duration, percent, plain, when

COLOURS = {
    "accepted": "green",
    "rejected": "red",
    "failed": "yellow",
    "unknown": "magenta",
    "skipped": "bright_black",
}
_CAUSES_SHOWN = 8
_BAR_WIDTH = 30
_EIGHTHS = " ▏▎▍▌▋▊▉"
_STATE_STYLE = {"finished": "bold green", "running": "bold cyan"}


def render(summary: Summary) -> RenderableType:
    """Return the whole summary."""
    return Group(
        _headline(summary),
        "",
        statuses(summary.counts),
        *_section("Why", [causes(summary.causes)] if summary.causes else []),
        *_section("Unknown: may have been accepted", _unknown_rows(summary)),
        *_section("The log is damaged", [*map(plain, summary.damage)] if summary.damaged_lines else []),
        *_section("What next", [*map(_step, next_steps(summary))]),
    )


def _section(title: str, parts: list[RenderableType] | list[str]) -> list[RenderableType]:
    return ["", Text(title, style="bold"), *map(_indented, parts)] if parts else []


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2), expand=False)


def _headline(summary: Summary) -> RenderableType:
    title = Text.assemble(
        (plain(summary.name), "bold"), "  ", (summary.state, _STATE_STYLE.get(summary.state, "bold yellow"))
    )
    facts = [f"{when(summary.started)} UTC", duration(summary.active_s)]
    if summary.rate:
        facts.append(f"{summary.rate:,.1f} messages/s")
    if resumes := len(summary.stretches) - 1:
        facts.append(f"resumed {_times(resumes)}")
    lines: list[RenderableType] = [title]
    if summary.detail:
        lines.append(Text(plain(summary.detail), style="yellow"))
    lines.append(Text(" · ".join(facts), style="dim"))
    if latency := summary.latency_ms:
        words = f"half answered within {latency.p50:,.0f} ms, 99 % within {latency.p99:,.0f} ms"
        lines.append(Text(words, style="dim"))
    lines.append(Text(plain(f"run {summary.run_id} · {summary.source}"), style="dim"))
    return Group(*lines)


def statuses(counts: Mapping[str, int]) -> RenderableType:
    """Return rows by status, each with its share, and the sum."""
    rows = sum(counts.values())
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=10)
    table.add_column(justify="right")
    table.add_column(justify="right", min_width=6)
    table.add_column()
    for name, number in counts.items():
        style = COLOURS.get(name, "cyan") if number else "dim"
        share = number / rows if rows else 0.0
        table.add_row(
            Text(name, style), f"{number:,}", percent(number, rows), Text(_bar(share, number), style)
        )
    table.add_row(Text("rows", "bold"), Text(f"{rows:,}", "bold"))
    return _indented(table)


def _bar(share: float, number: int) -> str:
    eighths = max(round(share * _BAR_WIDTH * 8), 1 if number else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def causes(causes: list[Cause]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(overflow="fold")
    for cause in causes[:_CAUSES_SHOWN]:
        table.add_row(
            f"{cause.rows:,}", Text(cause.status, COLOURS[cause.status]), Text(plain(cause_in_words(cause)))
        )
    if rest := causes[_CAUSES_SHOWN:]:
        table.add_row(
            f"{sum(cause.rows for cause in rest):,}", "", Text(f"for {len(rest)} other reasons", "dim")
        )
    return table


def _unknown_rows(summary: Summary) -> list[RenderableType]:
    if not summary.unknown_rows:
        return []
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(overflow="fold")
    for one in summary.unknown_rows:
        table.add_row(
            f"row {one.row}",
            Text(plain(one.to or "")),
            Text(plain(one.error or "no result in the log"), "dim"),
        )
    parts: list[RenderableType] = [table]
    if more := summary.unknown_more:
        parts.append(Text(f"… and {more:,} more: all of them with --csv FILE, status `unknown`", "dim"))
    return parts


def _step(step: Step) -> RenderableType:
    lines: list[RenderableType] = [Text(step.text)]
    if step.command:
        lines.append(_indented(Text(step.command, style="bold cyan", overflow="fold")))
    return Group(*lines)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
