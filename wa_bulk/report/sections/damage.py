"""Lines of the log that could not be read, where no crash explains it."""

from html import escape

from rich.text import Text

from wa_bulk.report.sections.section import Section, titled
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import plain


def _lines(summary: Summary) -> list[str]:
    return summary.damage if summary.damaged_lines else []


DAMAGE = Section(
    titled("The log is damaged"),
    lambda summary: [Text(plain(line)) for line in _lines(summary)],
    lambda summary: [f"<p>{escape(line)}</p>" for line in _lines(summary)],
)
