"""The summary on a terminal and as a page."""

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from tests.report.logs import end, intent, result, run, write
from wa_bulk.report.page import page
from wa_bulk.report.summary import Summary, summarise
from wa_bulk.report.terminal import render

HOSTILE = "</style><script>alert(1)</script><img src=x onerror='alert(2)'> & \"quoted\" [bold]markup[/]"


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    """A run with something of everything, and words that try to be more than words."""
    return summarise(
        write(
            tmp_path / "orders <b>.jsonl",
            run(rows=2000),
            intent(1, 40),
            *(result(row, seconds=row / 10, latency_ms=40.0 + row) for row in range(1, 20)),
            *(result(row, "rejected", 3, code=3002, error=HOSTILE) for row in range(20, 24)),
            result(24, "failed", 3, attempts=5, error="no answer"),
            *(result(row, "unknown", 3, error=HOSTILE) for row in range(25, 50)),
            result(50, "skipped", 3, attempts=0, reason="duplicate of row 1"),
            end(4, "fatal", HOSTILE),
            run(60, rows=2000),
            intent(51, 60),
            result(51, seconds=61),
        )
    )


def shown(summary: Summary, width: int, *, colour: bool) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(render(summary))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_shows_all_that_matters_within_its_width(summary: Summary, width: int) -> None:
    text = shown(summary, width, colour=False)

    assert all(len(line) <= width for line in text.splitlines())
    assert "\x1b" not in text
    for words in ("cut off", "accepted", "20", "not sent", "row 25", "wa-bulk resume", "--retry-failed"):
        assert words in text
    assert "[bold]markup[/]" in " ".join(text.split()), "words of the log are no markup"


def test_statuses_add_up_to_the_rows(summary: Summary) -> None:
    assert sum(summary.counts.values()) == summary.rows == 2000


def test_colour_is_only_decoration(summary: Summary) -> None:
    plain = shown(summary, 80, colour=False)
    coloured = Console(file=io.StringIO(), width=80, color_system=None, force_terminal=False)
    coloured.print(render(summary))

    assert "\x1b[" in shown(summary, 80, colour=True)
    assert isinstance(coloured.file, io.StringIO)
    assert coloured.file.getvalue() == plain


class Elements(HTMLParser):
    """Every element opened, every attribute, and whether all that was opened was closed."""

    VOID = frozenset({"meta", "br", "img", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_lets_nothing_in(summary: Summary) -> None:
    text = page(summary)
    elements = Elements()
    elements.feed(text)
    elements.close()

    assert elements.open == []
    assert not elements.names & {"script", "img", "link", "iframe", "object", "form", "a"}
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert "://" not in text
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text


def test_the_page_shows_all_that_matters(summary: Summary) -> None:
    text = page(summary)

    for words in ("cut off", "2,000 rows", "resumed", "row 25"[4:], "wa-bulk resume", "&lt;script&gt;"):
        assert words in text
