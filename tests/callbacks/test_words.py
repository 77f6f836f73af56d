from __future__ import annotations

import pytest

from wa_bulk.callbacks import START_WORDS, STOP_WORDS, OptOutWords
from wa_bulk.callbacks.words import plain_words

WORDS = OptOutWords()


@pytest.mark.parametrize("text", [word for words in STOP_WORDS.values() for word in words])
def test_every_stop_word_stops(text: str) -> None:
    for form in (text, text.upper(), f"  {text} !", f"«{text}»", f"{text}.", f"👎 {text} 🙏"):
        assert WORDS.wish(form) == "stop"


@pytest.mark.parametrize("text", [word for words in START_WORDS.values() for word in words])
def test_every_start_word_starts(text: str) -> None:
    assert WORDS.wish(text) == "start"
    assert WORDS.wish(f"{text.upper()}!") == "start"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Arret", "stop"),
        ("ＳＴＯＰ", "stop"),
        ("s\u200btop\u200f", "stop"),
        ("STOP\n", "stop"),
        ("stop\nall", "stop"),
        ("don't stop", None),
        ("Where is the bus stop?", None),
        ("stop it now or else", None),
        ("non-stop", None),
        ("cancel", None),
        ("no", None),
        ("", None),
        ("👍", None),
        ("stop " * 50, None),
    ],
)
def test_only_a_whole_message_counts(text: str, wish: str | None) -> None:
    assert WORDS.wish(text) == wish


def test_no_word_means_both() -> None:
    both = {plain_words(word) for words in STOP_WORDS.values() for word in words} & {
        plain_words(word) for words in START_WORDS.values() for word in words
    }
    assert both == set()


def test_own_words_are_added() -> None:
    words = OptOutWords(["Cancel", "Fertig!"], ["Los"])
    assert [words.wish(text) for text in ("cancel", "FERTIG", "los", "stop")] == [
        "stop",
        "stop",
        "start",
        "stop",
    ]


def test_own_words_may_take_the_place_of_the_built_in_ones() -> None:
    words = OptOutWords(["basta"], only_these=True)
    assert [words.wish(text) for text in ("basta", "stop", "start")] == ["stop", None, None]


def test_a_built_in_word_may_be_given_another_meaning() -> None:
    assert OptOutWords(start=["dur"]).wish("dur") == "start"


@pytest.mark.parametrize(("stop", "start"), [(["!"], []), ([""], []), (["end"], ["End!"])])
def test_words_that_cannot_be_are_refused(stop: list[str], start: list[str]) -> None:
    with pytest.raises(ValueError, match=r"cannot both|no word"):
        OptOutWords(stop, start)
