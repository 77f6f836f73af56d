"""When the run was running, and how each time ended."""

from html import escape

from wa_bulk.report.sections.section import Section, html_table, not_shown, titled
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import when


def _page(summary: Summary) -> list[str]:
    if len(summary.stretches) < 2:
        return []
    lines = []
    for stretch in summary.stretches:
        ended = stretch.stopped or "reached the end" if stretch.ended else "no end line"
        lines.append((when(stretch.at), when(stretch.until), escape(ended), escape(stretch.detail or "")))
    return [html_table(("from", "to", "ended", "why"), lines)]


STRETCHES = Section(titled("Running times"), not_shown, _page)
