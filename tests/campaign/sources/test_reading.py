from __future__ import annotations

import pytest

from wa_bulk.campaign.sources.reading import Reading, delimiter_named, encoding_named, reading_of


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        (";", ";"),
        ("\t", "\t"),
        ("tab", "\t"),
        ("\\t", "\t"),
        ("Comma", ","),
        ("|", "|"),
        ("pipe", "|"),
        ("^", "^"),
    ],
)
def test_a_delimiter_is_a_character_or_the_name_of_one(text: str, delimiter: str) -> None:
    assert delimiter_named(text) == delimiter


@pytest.mark.parametrize("text", ["", " ", "a", "5", '"', "'", ";;", "\n", "spaces"])
def test_what_is_no_delimiter_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is no delimiter; expected one character"):
        delimiter_named(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("UTF8", "utf-8"),
        ("Windows-1252", "cp1252"),
        ("latin1", "iso8859-1"),
        (" cp1252 ", "cp1252"),
        ("UTF-16", "utf-16"),
    ],
)
def test_an_encoding_has_many_names(text: str, name: str) -> None:
    assert encoding_named(text) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cp1225", "did you mean 'cp125"),
        ("ansi-text", "is no encoding of text"),
        ("hex", "is no encoding"),
        ("", "''"),
        ("zip", "is no encoding"),
        ("undefined", "is no encoding"),
        ("a\0b", "is no encoding"),
    ],
)
def test_what_is_no_encoding_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encoding_named(text)


def test_a_log_tells_how_the_recipients_were_read() -> None:
    assert reading_of({"delimiter": ";", "rate": 80, "sheet": None}) == Reading(delimiter=";")
