"""The pace after a 429 as a table: no clock, no loop."""

import pytest

from wa_bulk.send.pacing.slow_down import STOP_MIN_S, SlowDown

START = 1000.0


@pytest.mark.parametrize(
    ("refusals", "at", "stopped_until", "pace"),
    [
        # (s after the start, Retry-After) of each 429
        ([(0, None)], 0, STOP_MIN_S, 40),
        ([(0, 0.2)], 0, STOP_MIN_S, 40),
        ([(0, 3.0)], 0, 3, 40),
        # half of the pace comes back within half a minute
        ([(0, 3.0)], 3, 3, 40),
        ([(0, 3.0)], 10.5, 3, 60),
        ([(0, 3.0)], 18, 3, 80),
        ([(0, 3.0)], 60, 3, 80),
        # several of one moment count once, and the longest wait is kept
        ([(0, 2.0), (0.1, 3.0), (0.2, 1.0)], 0.2, 3.1, 40),
        # one after the stop halves what has come back
        ([(0, 3.0), (10.5, None)], 10.5, 11.5, 30),
        # never to a standstill
        ([(i * 1.0, None) for i in range(20)], 19, 20, 2.5),
    ],
)
def test_the_pace(
    refusals: list[tuple[float, float | None]], at: float, stopped_until: float, pace: float
) -> None:
    slow_down = SlowDown(80)
    for after_s, retry_after in refusals:
        slow_down.refused(START + after_s, retry_after)
    assert slow_down.stopped_until == pytest.approx(START + stopped_until)
    assert slow_down.pace(START + at) == pytest.approx(pace)


@pytest.mark.parametrize(("at", "over"), [(0, False), (3, False), (17.9, False), (18.1, True)])
def test_it_is_over_once_the_full_pace_is_back(at: float, over: bool) -> None:
    slow_down = SlowDown(80)
    slow_down.refused(START, 3.0)
    assert slow_down.over(START + at) is over


def test_unpaced_it_is_a_stop_and_nothing_more() -> None:
    slow_down = SlowDown(0)
    slow_down.refused(START, 3.0)
    assert not slow_down.over(START + 2.9)
    assert slow_down.over(START + 3.1)
    assert slow_down.pace(START + 3.1) == 0
