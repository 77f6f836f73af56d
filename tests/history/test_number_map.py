from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.history.number_map import NumberMap, key_of

KEYS = st.integers(1, 10**15 - 1)


@given(st.lists(st.tuples(KEYS, st.integers(1, 255))), st.lists(KEYS))
def test_it_is_a_map_that_keeps_the_highest_value(pairs: list[tuple[int, int]], others: list[int]) -> None:
    numbers = NumberMap(len(pairs))
    expected: dict[int, int] = {}
    for key, value in pairs:
        numbers.raise_to(key, value)
        expected[key] = max(value, expected.get(key, 0))
    for key in [*expected, *others]:
        assert numbers.get(key) == expected.get(key, 0)
    assert sorted(numbers.keys_of(frozenset(range(1, 256)))) == sorted(expected)
    assert sorted(numbers.keys_of(frozenset({7}))) == sorted(key for key in expected if expected[key] == 7)


def test_bits_add_up() -> None:
    numbers = NumberMap(2)
    for bits in (1, 4, 1):
        numbers.add_bits(5, bits)
    assert numbers.get(5) == 5


def test_it_takes_at_most_15_bytes_a_number() -> None:
    numbers = NumberMap(100_000)
    assert sys.getsizeof(numbers._keys) + sys.getsizeof(numbers._values) < 15 * 100_000


def test_numbers_of_one_person_have_one_key() -> None:
    assert key_of("+5215512345678") == key_of("+525512345678") == 525512345678
    assert key_of("+447911123456") == 447911123456
    with pytest.raises(ValueError, match="invalid literal"):
        key_of("nobody")
