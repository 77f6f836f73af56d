"""How many rows there are, by status."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from wa_bulk.report.sections.bars import bars
from wa_bulk.report.sections.section import Section, css_class
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import counted, percent

COLOURS = {
    "accepted": "green",
    "rejected": "red",
    "failed": "yellow",
    "unknown": "magenta",
    "skipped": "bright_black",
}
_MEANING = {
    "accepted": "EngageLab took the message",
    "rejected": "refused; the same again is pointless",
    "failed": "not accepted; may safely be sent again",
    "unknown": "may have been accepted; held back",
    "skipped": "not to be sent",
    "in flight": "sent or about to be, without a result yet",
    "not sent": "the run has not come to them",
}


def statuses(counts: Mapping[str, int]) -> RenderableType:
    """Return rows by status, each with its share, and the sum."""
    rows = sum(counts.values())
    table = bars(counts, COLOURS, rows)
    table.add_row(Text("rows", "bold"), Text(f"{rows:,}", "bold"))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _title(summary: Summary) -> str:
    return counted(sum(summary.counts.values()), "row")


def _page(summary: Summary) -> list[str]:
    counts = summary.counts
    rows = sum(counts.values())
    shown = {name: number for name, number in counts.items() if number}
    segments = "".join(
        f'<i class="{css_class(name)}" style="flex-grow:{number}" title="{name}: {number:,}"></i>'
        for name, number in shown.items()
    )
    cards = "".join(
        f'<li class="{css_class(name)}{"" if number else " none"}"><b>{number:,}</b>'
        f"<span>{' · '.join(filter(None, (name, percent(number, rows))))}</span>"
        f"<small>{_MEANING[name]}</small></li>"
        for name, number in counts.items()
    )
    described = ", ".join(f"{number:,} {name}" for name, number in shown.items())
    return [
        f'<div class="bar" role="img" aria-label="{described}">{segments}</div>',
        f'<ul class="cards">{cards}</ul>',
    ]


ROWS = Section(_title, lambda summary: [statuses(summary.counts)], _page, title_on_terminal=False)
