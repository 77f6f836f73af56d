import itertools
import re

import pytest

from tools.number_plans import OPENING_MAX, TABLE, openings, plans, source
from wa_bulk.api.number_plan_data import PLANS


def test_the_table_says_what_the_installed_phonenumbers_says() -> None:
    today = plans()
    changed = {code for code in PLANS.keys() | today if PLANS.get(code) != today.get(code)}
    assert not changed, "write the table anew: python3 dev.py numbers"


def test_the_table_is_as_it_was_written() -> None:
    assert TABLE.read_text(encoding="utf-8") == source()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", []),
        ("0", ["0"]),
        ("06", ["06"]),
        ("[08]", ["0", "8"]),
        ("0|80?", ["0", "8"]),
        (r"(1(?:[12]\d|79)\d\d)|0", ["0", "11", "12", "179"]),
        (r"([89]\d{5})$", ["8", "9"]),
        (r"0?(?:(11|2[23])15)?", ["0", "111", "221", "231"]),
        ("(?:0|90)(?:1)?", ["0", "90"]),
    ],
)
def test_openings_are_the_first_digits_of_all_that_a_pattern_matches(
    pattern: str, expected: list[str]
) -> None:
    assert openings(pattern) == expected


@pytest.mark.parametrize("code", sorted(PLANS))
def test_nothing_that_a_trunk_pattern_matches_begins_otherwise(code: str) -> None:
    *_, given, pattern = PLANS[code]
    if not pattern:
        assert not given
        return
    beginnings = ["".join(digits) for digits in itertools.product("0123456789", repeat=OPENING_MAX)]
    tails = [
        "",
        "0",
        "15",
        "150",
        "155",
        "0151",
        "151234567",
        "0000",
        "8800",
        "123456",
        "1234567",
        "12345678",
    ]
    for beginning, tail in itertools.product(beginnings, tails):
        match = re.match(pattern, beginning + tail)
        if match is not None and match.end() > 0:
            assert beginning.startswith(tuple(given.split())), beginning + tail


def test_a_pattern_of_another_kind_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="not provided for"):
        openings("0(?=1)")
