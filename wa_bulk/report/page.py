"""The summary as one HTML page that needs nothing else: no script, no network, light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from wa_bulk.report.advice import next_steps
from wa_bulk.report.chart import throughput_chart
from wa_bulk.report.style import STYLE
from wa_bulk.report.summary import Stretch, Summary
from wa_bulk.report.words import cause_in_words, counted, duration, percent, when

_CAUSES_SHOWN = 50
_MEANING = {
    "accepted": "EngageLab took the message",
    "rejected": "refused; the same again is pointless",
    "failed": "not accepted; may safely be sent again",
    "unknown": "may have been accepted; held back",
    "skipped": "not to be sent",
    "in flight": "sent or about to be, without a result yet",
    "not sent": "the run has not come to them",
}


def page(summary: Summary) -> str:
    """Return the whole page. Everything that came from the log is escaped."""
    damage = summary.damage if summary.damaged_lines else []
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
{_statuses(summary)}
{_section("Over time", [throughput_chart(summary.throughput)] if summary.throughput.accepted else [])}
{_section("Why", _causes(summary))}
{_section("Unknown: may have been accepted", _unknown_rows(summary))}
{_section("The log is damaged", [f"<p>{escape(line)}</p>" for line in damage])}
{_section("What next", _steps(summary))}
{_section("Running times", _stretches(summary.stretches))}
<footer>Run {escape(summary.run_id)} of {escape(summary.campaign)}<br>
with {escape(summary.source)}<br>
from the log {escape(summary.log)}</footer>
</main>
</body>
</html>
"""


def _section(title: str, parts: list[str]) -> str:
    return f"<section><h2>{title}</h2>{''.join(parts)}</section>" if parts else ""


def _header(summary: Summary) -> str:
    facts = [("began", f"{when(summary.started)} UTC"), ("took", duration(summary.active_s))]
    if summary.rate:
        facts.append(("messages/s", f"{summary.rate:,.1f}"))
    if latency := summary.latency_ms:
        facts.append(("half answered within", f"{latency.p50:,.0f} ms"))
        facts.append(("99 % within", f"{latency.p99:,.0f} ms"))
    detail = f"<p class='detail'>{escape(summary.detail)}</p>" if summary.detail else ""
    return f"""<header>
<h1>{escape(summary.name)} <span class="state {summary.state.replace(" ", "-")}">{summary.state}</span></h1>
{detail}
<dl>{"".join(f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts)}</dl>
</header>"""


def _statuses(summary: Summary) -> str:
    counts = summary.counts
    rows = sum(counts.values())
    shown = {name: number for name, number in counts.items() if number}
    segments = "".join(
        f'<i class="{_class(name)}" style="flex-grow:{number}" title="{name}: {number:,}"></i>'
        for name, number in shown.items()
    )
    cards = "".join(
        f'<li class="{_class(name)}{"" if number else " none"}"><b>{number:,}</b>'
        f"<span>{' · '.join(filter(None, (name, percent(number, rows))))}</span>"
        f"<small>{_MEANING[name]}</small></li>"
        for name, number in counts.items()
    )
    described = ", ".join(f"{number:,} {name}" for name, number in shown.items())
    return f"""<section><h2>{counted(rows, "row")}</h2>
<div class="bar" role="img" aria-label="{described}">{segments}</div>
<ul class="cards">{cards}</ul></section>"""


def _causes(summary: Summary) -> list[str]:
    if not summary.causes:
        return []
    shown, rest = summary.causes[:_CAUSES_SHOWN], summary.causes[_CAUSES_SHOWN:]
    lines = [(f"{cause.rows:,}", _badge(cause.status), escape(cause_in_words(cause))) for cause in shown]
    if rest:
        lines.append((f"{sum(cause.rows for cause in rest):,}", "", f"for {len(rest)} other reasons"))
    return [_table(("rows", "status", "reason"), lines)]


def _unknown_rows(summary: Summary) -> list[str]:
    if not summary.unknown_rows:
        return []
    lines = [
        (f"{one.row:,}", escape(one.to or ""), escape(one.error or "no result in the log"))
        for one in summary.unknown_rows
    ]
    parts = [_table(("row", "to", "what happened"), lines)]
    if more := summary.unknown_more:
        parts.append(f"<p class='quiet'>… and {more:,} more.</p>")
    return parts


def _steps(summary: Summary) -> list[str]:
    return [
        f"<p>{escape(step.text)}</p>" + (f"<pre>{escape(step.command)}</pre>" if step.command else "")
        for step in next_steps(summary)
    ]


def _stretches(stretches: list[Stretch]) -> list[str]:
    if len(stretches) < 2:
        return []
    lines = []
    for stretch in stretches:
        ended = stretch.stopped or "reached the end" if stretch.ended else "no end line"
        lines.append((when(stretch.at), when(stretch.until), escape(ended), escape(stretch.detail or "")))
    return [_table(("from", "to", "ended", "why"), lines)]


def _table(titles: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _badge(status: str) -> str:
    return f'<span class="badge {_class(status)}">{status}</span>'


def _class(name: str) -> str:
    return name.replace(" ", "-")
