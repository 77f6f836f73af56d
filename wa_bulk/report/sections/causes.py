"""Why rows were not accepted, the most frequent cause first, and which rows."""

from __future__ import annotations

from html import escape

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from wa_bulk.report.sections.rows import COLOURS
from wa_bulk.report.sections.section import Section, badge, html_table, titled
from wa_bulk.report.summary import Summary
from wa_bulk.report.tally import Cause
from wa_bulk.report.words import cause_in_words, plain, rows_in_words

_SHOWN = 8
_SHOWN_ON_THE_PAGE = 50


def causes(causes: list[Cause], *, at_most: int = _SHOWN) -> RenderableType:
    """Return how many rows there are for each cause, the cause, and its first rows."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(overflow="fold")
    for cause in causes[:at_most]:
        words = Text.assemble(
            plain(cause_in_words(cause)), "  ", (rows_in_words(cause.first_rows, cause.rows), "dim")
        )
        table.add_row(f"{cause.rows:,}", Text(cause.status, COLOURS[cause.status]), words)
    if rest := causes[at_most:]:
        table.add_row(
            f"{sum(cause.rows for cause in rest):,}", "", Text(f"for {len(rest)} other reasons", "dim")
        )
    return table


def _quiet(cause: Cause) -> str:
    return f'<span class="quiet">{rows_in_words(cause.first_rows, cause.rows)}</span>'


def _page(summary: Summary) -> list[str]:
    if not summary.causes:
        return []
    shown, rest = summary.causes[:_SHOWN_ON_THE_PAGE], summary.causes[_SHOWN_ON_THE_PAGE:]
    lines = [
        (f"{cause.rows:,}", badge(cause.status), f"{escape(cause_in_words(cause))} {_quiet(cause)}")
        for cause in shown
    ]
    if rest:
        lines.append((f"{sum(cause.rows for cause in rest):,}", "", f"for {len(rest)} other reasons"))
    return [html_table(("rows", "status", "reason"), lines, stacks=True)]


CAUSES = Section(titled("Why"), lambda summary: [causes(summary.causes)] if summary.causes else [], _page)
