"""The first rows whose message may have been accepted."""

from __future__ import annotations

from html import escape

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from wa_bulk.report.sections.section import Section, html_table, titled
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import plain


def _terminal(summary: Summary) -> list[RenderableType]:
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
        parts.append(Text(f"… and {more:,} more: all of them with --rows unknown --csv FILE", "dim"))
    return parts


def _page(summary: Summary) -> list[str]:
    if not summary.unknown_rows:
        return []
    lines = [
        (f"{one.row:,}", escape(one.to or ""), escape(one.error or "no result in the log"))
        for one in summary.unknown_rows
    ]
    parts = [html_table(("row", "to", "what happened"), lines, stacks=True)]
    if more := summary.unknown_more:
        parts.append(f"<p class='quiet'>… and {more:,} more.</p>")
    return parts


UNKNOWN_ROWS = Section(titled("Unknown: may have been accepted"), _terminal, _page)
