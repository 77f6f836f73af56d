from __future__ import annotations

import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.api.one_person import person_key
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.duplicates import ASKED_BEFORE_SLOTS, DuplicateRule

BYTES_A_ROW_MAX = 16


def first_of(rule: DuplicateRule, number: str, row: int) -> int | None:
    """Ask for the row that a number belongs to, in the name of `row`; None if that is the first."""
    reason = rule.skip(RenderedRow(number, b"", number=row))
    return None if reason is None else int(reason.removeprefix("duplicate of row "))


numbers = st.integers(1, 999_999_999_999_999).map(lambda digits: f"+{digits}")


@given(
    brought=st.lists(numbers | st.integers(1, 30).map(lambda digits: f"+{digits}"), max_size=200),
    rows=st.integers(0, 250),
    noted=st.sets(st.integers(1, 200)) | st.integers(0, 200).map(lambda last: set(range(1, last + 1))),
)
def test_exactly_the_numbers_seen_are_known(brought: list[str], rows: int, noted: set[int]) -> None:
    """Whatever room was asked for, and whichever rows were noted without asking."""
    seen = DuplicateRule(rows)
    first_rows: dict[str, int] = {}
    for row, number in enumerate(brought, 1):
        key = person_key(number)
        if row in noted and key not in first_rows:
            seen.note(number, row)
        else:
            assert first_of(seen, number, row) == first_rows.get(key)
        first_rows.setdefault(key, row)


few_numbers = st.lists(st.integers(1, 30).map(lambda digits: f"+{digits}"), max_size=60)


@given(rows=st.integers(0, 150), noted=few_numbers, tried=few_numbers, brought=few_numbers)
def test_what_was_only_tried_is_forgotten(
    rows: int, noted: list[str], tried: list[str], brought: list[str]
) -> None:
    """Of a run that begins, with nothing noted, and of one that goes on."""
    rule, untried = DuplicateRule(rows), DuplicateRule(rows)
    for row, number in enumerate(noted, 1):
        rule.note(number, row)
        untried.note(number, row)
    after = len(noted) + 1
    with rule.tried():
        for row, number in enumerate(tried, after):
            rule.skip(RenderedRow(number, b"", number=row))
    for row, number in enumerate(brought, after):
        assert first_of(rule, number, row) == first_of(untried, number, row)


def test_of_two_rows_noted_with_one_number_the_first_is_told() -> None:
    for asked in range(1, 2 * ASKED_BEFORE_SLOTS):
        seen = DuplicateRule(100)
        seen.note("+447911123456", 7)
        seen.note("+447911123456", 9)
        for row in range(10, 10 + asked):
            assert first_of(seen, "+447911123456", row) == 7


def test_two_numbers_of_one_person_are_one() -> None:
    seen = DuplicateRule(10)
    seen.note("+5491123456789", 1)
    assert first_of(seen, "+541123456789", 2) == 1
    assert first_of(seen, "+5215512345678", 3) is None
    assert first_of(seen, "+525512345678", 4) == 3
    assert first_of(seen, "+5215512345678", 5) == 3


def test_rows_without_a_number_leave_gaps() -> None:
    seen = DuplicateRule(10)
    assert first_of(seen, "+447911123456", 3) is None
    assert first_of(seen, "+447911123457", 9) is None
    assert first_of(seen, "+447911123456", 10) == 3


def check(rows: int) -> None:
    tracemalloc.start()
    seen = DuplicateRule(rows)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    arrays = sum(map(sys.getsizeof, vars(seen).values()))
    for row in range(1, rows + 1):
        assert first_of(seen, f"+{447_000_000_000 + row * 7}", row) is None
    for row in range(1, rows + 1, 97):
        assert first_of(seen, f"+{447_000_000_000 + row * 7}", rows) == row
    assert sum(map(sys.getsizeof, vars(seen).values())) == arrays, "room for every row was made at first"
    assert arrays <= held <= BYTES_A_ROW_MAX * rows


def test_a_row_takes_sixteen_bytes_at_most() -> None:
    check(200_000)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_ten_million_rows_take_sixteen_bytes_each_at_most() -> None:
    check(10_000_000)
