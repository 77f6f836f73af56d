"""The summary for a terminal: readable at 80 columns, and without colour."""

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from wa_bulk.report.sections import SECTIONS, Section
from wa_bulk.report.sections.causes import causes
from wa_bulk.report.sections.rows import COLOURS, statuses
from wa_bulk.report.sections.section import Command
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import duration, plain, when

__all__ = ["COLOURS", "causes", "render", "show", "statuses"]

_COMMAND_STYLE = "bold cyan"
_STATE_STYLE = {"finished": "bold green", "running": "bold cyan"}


def show(summary: Summary, console: Console) -> None:
    """Print the whole summary; its commands are not broken over lines, however long they are."""
    for part in _parts(summary):
        if isinstance(part, Command):
            console.print(Text(f"    {part}", _COMMAND_STYLE), soft_wrap=True)
        else:
            console.print(part)


def render(summary: Summary) -> RenderableType:
    """Return the whole summary, within the width of whatever it is printed on."""
    return Group(
        *(
            Padding(Text(part, _COMMAND_STYLE, overflow="fold"), (0, 0, 0, 4), expand=False)
            if isinstance(part, Command)
            else part
            for part in _parts(summary)
        )
    )


def _parts(summary: Summary) -> list[RenderableType]:
    parts: list[RenderableType] = [_headline(summary)]
    for section in SECTIONS:
        parts += _section(section, summary)
    return parts


def _section(section: Section, summary: Summary) -> list[RenderableType]:
    parts = section.terminal(summary)
    if not parts:
        return []
    if not section.title_on_terminal:
        return ["", *parts]
    return ["", Text(section.title(summary), style="bold"), *map(_indented, parts)]


def _indented(part: RenderableType) -> RenderableType:
    return part if isinstance(part, Command) else Padding(part, (0, 0, 0, 2), expand=False)


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


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
