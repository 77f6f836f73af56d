"""Messages a second over the time of a run."""

from wa_bulk.report.chart import throughput_chart
from wa_bulk.report.sections.section import Section, not_shown, titled
from wa_bulk.report.summary import Summary


def _page(summary: Summary) -> list[str]:
    return [throughput_chart(summary.throughput)] if summary.throughput.accepted else []


OVER_TIME = Section(titled("Over time"), not_shown, _page)
