"""How long the replies took."""

from wa_bulk.report.sections.section import Section, not_shown, titled
from wa_bulk.report.summary import Summary


def _page(summary: Summary) -> list[str]:
    if (latency := summary.latency_ms) is None:
        return []
    bars = "".join(
        f'<li><span>{name}</span><i style="width:{value / (latency.highest or 1):.2%}"></i>'
        f"<b>{value:,.0f} ms</b></li>"
        for name, value in (
            ("p50", latency.p50),
            ("p95", latency.p95),
            ("p99", latency.p99),
            ("max", latency.highest),
        )
    )
    words = f"Half of the replies came within {latency.p50:,.0f} ms, 99 % within {latency.p99:,.0f} ms."
    return [f'<ol class="latency">{bars}</ol><p class="quiet">{words}</p>']


LATENCY = Section(titled("Time to reply"), not_shown, _page)
