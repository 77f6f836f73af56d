"""The hard bound as a table: no clock, no loop."""

from collections.abc import Iterable

import pytest

from wa_bulk.send.pacing.window import MARGIN, Window

START = 1000.0


def window_after(rate: float, departures: Iterable[tuple[float, int]]) -> Window:
    """Return the window of a number that sent (s after the start, tokens)."""
    window = Window(rate)
    for at, tokens in departures:
        assert window.room(START + at) >= window.places_for(tokens)
        window.leave(START + at, tokens)
    return window


@pytest.mark.parametrize(
    ("rate", "departures", "at", "room"),
    [
        (80, [], 0, 80),
        (80, [(0, 1)], 0, 79),
        (80, [(0, 80)], 0, 0),
        (80, [(0, 80)], 1.0, 0),
        (80, [(0, 80)], MARGIN, 80),
        (80, [(0, 50), (0.5, 30)], 1.1, 50),
        (80.9, [], 0, 80),
        (1.5, [], 0, 1),
        (1.5, [(0, 1)], 1.0, 0),
        (1.5, [(0, 1)], MARGIN, 1),
        (0.1, [(0, 1)], 10.0, 0),
        (0.1, [(0, 1)], 10 * MARGIN, 1),
        # more tokens than places: alone, for as long as they take at the rate
        (80, [(0, 200)], 2.5, 0),
        (80, [(0, 200)], 2.5 * MARGIN, 80),
        (0.5, [(0, 3)], 6.0, 0),
        (0.5, [(0, 3)], 6 * MARGIN, 1),
    ],
)
def test_how_many_may_leave(rate: float, departures: list[tuple[float, int]], at: float, room: int) -> None:
    assert window_after(rate, departures).room(START + at) == room


@pytest.mark.parametrize(
    ("rate", "departures", "tokens", "wait_s"),
    [
        (10, [], 1, 0),
        (10, [(0, 9)], 1, 0),
        (10, [(0, 9)], 2, MARGIN - 0.5),
        (10, [(0, 4), (0.1, 4)], 2, 0),
        (10, [(0, 4), (0.1, 4)], 6, MARGIN - 0.5),
        (10, [(0, 4), (0.1, 4)], 7, MARGIN - 0.4),
        (10, [(0, 4), (0.1, 4)], 11, MARGIN - 0.4),
        (10, [(0, 25)], 1, 2.5 * MARGIN - 0.5),
    ],
)
def test_how_long_to_wait(
    rate: float, departures: list[tuple[float, int]], tokens: int, wait_s: float
) -> None:
    now = START + 0.5
    window = window_after(rate, departures)
    wait = window.wait_s(now, tokens)
    assert wait == pytest.approx(wait_s)
    assert window.room(now + wait + 1e-9) >= window.places_for(tokens)


@pytest.mark.parametrize("tokens", [1, 3, 10, 25])
def test_what_is_held_keeps_its_places_until_it_leaves(tokens: int) -> None:
    window = window_after(10, [(0, tokens)])
    room = window.room(START)
    window.hold(tokens)
    assert window.room(START) == window.room(START + 60) == room
    window.leave_reserved(START + 60, tokens)
    assert window.room(START + 60) == room
    assert window.room(START + 60 + MARGIN * max(1, tokens / 10)) == 10


def test_what_is_cancelled_frees_its_places() -> None:
    window = Window(10)
    window.reserve(10)
    assert window.room(START) == 0
    assert window.wait_s(START, 1) == 0
    window.cancel(25)
    assert window.room(START) == 10
