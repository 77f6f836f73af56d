"""What a part of the report is: a title, and what stands under it on a terminal and on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.console import RenderableType

from wa_bulk.report.summary import Summary


class Section(NamedTuple):
    """A part of the report. Where `terminal` or `page` returns nothing, the part is left out there."""

    title: Callable[[Summary], str]
    terminal: Callable[[Summary], list[RenderableType]]
    page: Callable[[Summary], list[str]]
    """HTML. Everything that came from the log is escaped."""
    title_on_terminal: bool = True
    """Whether the title stands there too, with the part indented under it."""


class Command(str):
    """Something to type: stands in a line of its own that is never broken, so that it can be copied."""

    __slots__ = ()


def titled(title: str) -> Callable[[Summary], str]:
    """Return the same title for every summary."""
    return lambda _: title


def not_shown(_: Summary) -> list[RenderableType]:
    """Leave the part out on a terminal."""
    return []


def html_table(titles: tuple[str, ...], lines: Iterable[tuple[str, ...]], *, stacks: bool = False) -> str:
    """Return a table of cells that are HTML already.

    One that `stacks` has its third cell under the two others where the page is narrow.
    """
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    table = '<table class="stacks">' if stacks else "<table>"
    return f'<div class="scroll">{table}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def badge(status: str) -> str:
    """Return a status with its colour."""
    return f'<span class="badge {css_class(status)}">{status}</span>'


def css_class(name: str) -> str:
    """Return the class that the page's style knows a status or state by."""
    return name.replace(" ", "-")
