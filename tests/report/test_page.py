"""The summary as a page."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.logs import end, intent, result, run, write
from wa_bulk.ledger.log_format import Sends
from wa_bulk.report.page import page
from wa_bulk.report.summary import Summary, summarise


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


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:8025", "a sandbox"),
        ("https://wa.api.engagelab.cc", "real"),
        ("https://wa.example.com", "not EngageLab&#x27;s own address"),
        ("http://[", "not EngageLab&#x27;s own address"),
    ],
)
def test_the_page_says_what_was_sent_from_where_to_which_address(
    tmp_path: Path, address: str, words: str
) -> None:
    line = run(rows=2)
    line.settings |= {"base_url": address, "rate": 80.0, "concurrency": 64, "limit": None}
    line.sends = Sends("Orders & more", "template", "+8613800138000", "order_update", "{language}")
    log = write(tmp_path / "log.jsonl", line, intent(1, 2), result(1, latency_ms=40.0), result(2), end())
    text = page(summarise(log))

    assert "<h1>Orders &amp; more " in text, "the campaign's name, not its file's"
    for fact in ("template order_update, in {language}", "+8613800138000", f"{address} ({words})"):
        assert fact in text
    assert "rate 80, concurrency 64" in text
    assert all(f"<span>{name}</span>" in text for name in ("p50", "p95", "p99", "max"))


def test_a_reason_is_shown_with_its_rows(summary: Summary) -> None:
    assert "rows 20, 21, 22, 23" in page(summary)
    assert "rows 25, 26, 27, 28, 29 and 20 more" in page(summary)
