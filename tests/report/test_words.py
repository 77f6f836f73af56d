"""Numbers, times and causes in words."""

import pytest

from wa_bulk.report.tally import Cause
from wa_bulk.report.words import cause_in_words, counted, duration, percent, plain, rows_in_words, when


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (8.14, "8.1 s"),
        (60, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.6, "1 h 0 min"),
        (12000, "3 h 20 min"),
    ],
)
def test_a_length_of_time(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1200, "1,200 rows")]
)
def test_a_count(number: int, words: str) -> None:
    assert counted(number, "row") == words


@pytest.mark.parametrize(
    ("number", "of", "words"),
    [(0, 10, ""), (908, 1000, "90.8%"), (1, 1000, "0.1%"), (1, 1_000_000, "<0.1%"), (7, 7, "100.0%")],
)
def test_a_share_is_never_rounded_to_nothing(number: int, of: int, words: str) -> None:
    assert percent(number, of) == words


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause("rejected", 3002, 400, "to: is empty"), "3002: to: is empty"),
        (Cause("failed", None, 503, "busy"), "HTTP 503: busy"),
        (Cause("failed", None, None, "timed out"), "timed out"),
        (Cause("failed"), "no reason given"),
    ],
)
def test_a_cause(cause: Cause, words: str) -> None:
    assert cause_in_words(cause) == words


def test_a_time() -> None:
    assert when("2026-03-01T12:00:05.250Z") == "2026-03-01 12:00:05"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë, 你好", "Zoë, 你好"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb\x9b", r"a\r\nb\x9b"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("first", "rows", "words"),
    [([7], 1, "row 7"), ([7, 12], 2, "rows 7, 12"), ([7, 12], 11, "rows 7, 12 and 9 more")],
)
def test_rows_are_named(first: list[int], rows: int, words: str) -> None:
    assert rows_in_words(first, rows) == words
