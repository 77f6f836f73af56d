"""The summary as a page."""

from html.parser import HTMLParser

from wa_bulk.report.page import page
from wa_bulk.report.summary import Summary


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
