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
        ("{name|friend}", [Column("name", fallback="friend")]),
        ("Hi { name | my friend }", ["Hi ", Column("name", fallback="my friend")]),
        ("{name|}!", [Column("name", fallback=""), "!"]),
        ("{name|a|b}", [Column("name", fallback="a|b")]),
        ("{name?}", [Column("name", optional=True)]),
        ("{n:int}", [Column("n", number="int")]),
        ("{n : float | 0.5}", [Column("n", fallback="0.5", number="float")]),
        ("{n:int?}", [Column("n", optional=True, number="int")]),
    ],
)
def test_a_text_in_its_pieces(text: str, pieces: list[Piece]) -> None:
    assert split(text) == pieces


@pytest.mark.parametrize("name", ["Name?", "a|b", "at: int", "n:int", "?"])
def test_a_column_that_is_called_so_is_that_column(name: str) -> None:
    assert split(f"{{{name}}}", [name]) == [Column(name)]


def test_a_column_with_an_odd_name_may_have_a_fallback_too() -> None:
    assert split("{Name?|friend}", ["Name?"]) == [Column("Name?", fallback="friend")]
    assert split("{at:int?}", ["at:int"]) == [Column("at:int", optional=True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{name", "has a lone '{' in it; write '{{' for a brace"),
        ("name}", "has a lone '}' in it; write '}}' for a brace"),
        ("Hello {}", "has a placeholder without a column name"),
        ("Hello { }", "has a placeholder without a column name"),
        ("{|friend}", "has a placeholder without a column name"),
        (
            "{name?|friend}",
            "expected {name?}, which leaves the key out where the cell is empty, or {name|friend}",
        ),
    ],
)
def test_braces_that_say_nothing_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="has ") as refusal:
        split(text)
    assert words in str(refusal.value)


@given(st.text())
def test_any_text_can_be_written_with_doubled_braces(text: str) -> None:
    assert split(text.replace("{", "{{").replace("}", "}}")) == [text]
