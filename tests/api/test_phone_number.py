import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.api import e164

DIGITS = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@pytest.mark.parametrize(
    "written",
    [
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        " +86 138 0013 8000 ",
        "+86-138-0013-8000",
        "+86 (138) 0013.8000",
        "'+8613800138000",
        "8613800138000.0",
        "8613800138000.00",
        "\u202a+86\u00a0138 0013\u20118000\u202c",
        "\ufeff8613800138000",
    ],
)
def test_one_form_for_all(written: str) -> None:
    assert e164(written) == "+8613800138000"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("4.47912E+11", "spreadsheet"),
        ("4,47912E+11", "spreadsheet"),
        ("8.6138E12", "spreadsheet"),
        ("07911123456", "no country code"),
        ("+07911123456", "no country code"),
        ("+44 (0) 7911 123456".replace(" (0) ", "(0)"), "national (0)"),
        ("447911123456.5", "decimals"),
        ("447911123456,5", "decimals"),
        ("+44 7911 123456/7", "behind a slash"),
        ("+447911123456 / 57", "behind a slash"),
        ("123456", "too short (6 digits)"),
        ("1234567890123456", "too long (16 digits)"),
        ("+44791112345x", "has 'x' in it"),
        ("++447911123456", "has '+' in it"),
        ("٤٤٧٩١١١٢٣٤٥٦", "in it"),
        ("#N/A", "'#'"),
        ("()", "no digits"),
    ],
)
def test_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        e164(written)


@given(DIGITS, st.sampled_from(["+", "00", ""]))
def test_all_forms_meet(digits: str, prefix: str) -> None:
    assert e164(prefix + digits) == "+" + digits


@given(DIGITS, st.lists(st.tuples(st.integers(0, 15), st.sampled_from(" -.()/\u00a0")), max_size=6))
def test_punctuation_between_digits_means_nothing(digits: str, marks: list[tuple[int, str]]) -> None:
    written = "+" + digits
    for place, mark in marks:
        place = min(place, len(written) - 1) + 1
        written = written[:place] + mark + written[place:]
    if "(0)" in written or re.fullmatch(r"\+[0-9]{7,}\.[0-9]+\s*|.*/\D*[0-9]{1,3}\D*", written):
        return
    assert e164(written) == "+" + digits


@given(st.text())
def test_whatever_comes_it_is_a_number_or_a_reason(text: str) -> None:
    try:
        number = e164(text)
    except ValueError as error:
        assert str(error)
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number)
        assert e164(number) == number
