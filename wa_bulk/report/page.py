"""The summary as one HTML page that needs nothing else: no script, no network, light and dark."""

from __future__ import annotations

from html import escape

from wa_bulk.report.sections import SECTIONS, Section
from wa_bulk.report.sections.section import css_class
from wa_bulk.report.style import STYLE
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import duration, when


def page(summary: Summary) -> str:
    """Return the whole page. Everything that came from the log is escaped."""
    sections = "\n".join(filter(None, (_section(section, summary) for section in SECTIONS)))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(summary.name)}: {summary.state}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{_header(summary)}
{sections}
<footer>Run {escape(summary.run_id)} of {escape(summary.campaign)}<br>
with {escape(summary.source)}<br>
from the log {escape(summary.log)}</footer>
</main>
</body>
</html>
"""


def _section(section: Section, summary: Summary) -> str:
    parts = section.page(summary)
    return f"<section><h2>{section.title(summary)}</h2>{''.join(parts)}</section>" if parts else ""


def _header(summary: Summary) -> str:
    facts = [("began", f"{when(summary.started)} UTC"), ("took", duration(summary.active_s))]
    if summary.rate:
        facts.append(("messages/s", f"{summary.rate:,.1f}"))
    detail = f"<p class='detail'>{escape(summary.detail)}</p>" if summary.detail else ""
    return f"""<header>
<h1>{escape(summary.name)} <span class="state {css_class(summary.state)}">{summary.state}</span></h1>
{detail}
<dl>{"".join(f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts)}</dl>
</header>"""
