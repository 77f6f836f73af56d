"""What is said of repeated measurements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats import busiest_window, paired_difference, paired_ratio, summarize


def test_a_summary_is_the_median_and_the_range() -> None:
    summary = summarize([3.0, 1.0, 2.0, 10.0, 2.0])
    assert (summary.median, summary.least, summary.most) == (2.0, 1.0, 10.0)
    assert summary.spread == 2.25


def test_one_sample_has_no_spread() -> None:
    assert summarize([0.0]).spread == 0.0
    assert summarize([7.0]).spread == 0.0


def test_ratios_are_taken_within_a_round() -> None:
    slowing_down = [100.0, 50.0, 10.0]
    assert paired_ratio([50.0, 25.0, 5.0], slowing_down) == 0.5
    assert paired_difference([50.0, 25.0, 5.0], slowing_down) == -25.0


def test_rounds_that_are_not_complete_do_not_count() -> None:
    assert paired_ratio([1.0, 2.0, 3.0], [2.0]) == 0.5
    assert paired_ratio([1.0], []) is None
    assert paired_ratio([1.0], [0.0]) is None
    assert paired_difference([], [1.0]) is None


@pytest.mark.parametrize(
    ("arrivals", "most"),
    [
        ([], 0),
        ([5], 1),
        ([0, 9], 2),
        ([0, 10], 1),
        ([0, 1, 2, 10, 11, 12], 3),
        ([3, 3, 3], 3),
    ],
)
def test_the_busiest_window_is_half_open(arrivals: list[int], most: int) -> None:
    assert busiest_window(arrivals, 10) == most


@given(st.lists(st.integers(0, 200)).map(sorted), st.integers(1, 50))
def test_the_busiest_window_is_what_counting_every_window_gives(arrivals: list[int], window: int) -> None:
    counted = [sum(start <= at < start + window for at in arrivals) for start in arrivals]
    assert busiest_window(arrivals, window) == max(counted, default=0)
