"""What to do about the run, and the command that does it."""

from __future__ import annotations

from html import escape

from rich.console import RenderableType
from rich.text import Text

from wa_bulk.report.advice import Step, next_steps
from wa_bulk.report.sections.section import Command, Section, titled
from wa_bulk.report.summary import Summary


def _on_terminal(summary: Summary) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for step in next_steps(summary):
        parts.append(Text(step.text))
        if step.command:
            parts.append(Command(step.command))
    return parts


def _on_page(step: Step) -> str:
    return f"<p>{escape(step.text)}</p>" + (f"<pre>{escape(step.command)}</pre>" if step.command else "")


WHAT_NEXT = Section(titled("What next"), _on_terminal, lambda summary: [*map(_on_page, next_steps(summary))])
