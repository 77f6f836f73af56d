"""Counts on a terminal, each with its share and a bar."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from wa_bulk.report.words import percent

_WIDTH = 30
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bars(counts: Mapping[str, int], colours: Mapping[str, str], whole: int) -> Table:
    """Return a line for each count: its name, in its colour, and its share of `whole`."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=10)
    table.add_column(justify="right")
    table.add_column(justify="right", min_width=6)
    table.add_column()
    for name, number in counts.items():
        style = colours.get(name, "cyan") if number else "dim"
        share = number / whole if whole else 0.0
        table.add_row(
            Text(name, style), f"{number:,}", percent(number, whole), Text(_bar(share, number), style)
        )
    return table


def _bar(share: float, number: int) -> str:
    eighths = max(round(min(share, 1.0) * _WIDTH * 8), 1 if number else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")
