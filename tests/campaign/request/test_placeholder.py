"""Placeholders in a campaign's strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.campaign.request.placeholder import Column, Piece, split


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [""]),
        ("Hello", ["Hello"]),
        ("{name}", [Column("name")]),
        ("{ name }", [Column("name")]),
        ("Hello {name}!", ["Hello ", Column("name"), "!"]),
        ("{a}{b}", [Column("a"), Column("b")]),
        ("{{name}}", ["{name}"]),
        ("a{{b{c}}}d", ["a{b", Column("c"), "}d"]),
    ],
)
def test_a_text_in_its_pieces(text: str, pieces: list[Piece]) -> None:
    assert split(text) == pieces


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{name", "has a lone '{' in it; write '{{' for a brace"),
        ("name}", "has a lone '}' in it; write '}}' for a brace"),
        ("Hello {}", "has a placeholder without a column name"),
        ("Hello { }", "has a placeholder without a column name"),
    ],
)
def test_braces_that_say_nothing_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="has a") as refusal:
        split(text)
    assert words in str(refusal.value)


@given(st.text())
def test_any_text_can_be_written_with_doubled_braces(text: str) -> None:
    assert split(text.replace("{", "{{").replace("}", "}}")) == [text]
