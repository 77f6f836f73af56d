"""The even flow as a table: no clock, no loop."""

import pytest

from wa_bulk.send.pacing.flow import Flow

START = 1000.0


def flow_after(rate: float, draws: list[tuple[float, int, int]]) -> Flow:
    """Return the flow of a number that sent (s after the start, requests, tokens of each)."""
    flow = Flow(rate)
    for at, requests, tokens in draws:
        flow.fit(START + at, tokens)
        for _ in range(requests):
            assert flow.room(START + at, tokens) == tokens
            flow.draw(START + at, tokens)
    return flow


@pytest.mark.parametrize(
    ("rate", "draws", "at", "room"),
    [
        # 5 % of a second's tokens at once, and no fewer than two
        (1000, [], 0, 50),
        (80, [], 0, 4),
        (1, [], 0, 2),
        (0.1, [], 0, 2),
        (1000, [(0, 50, 1)], 0, 0),
        (1000, [(0, 30, 1)], 0, 20),
        # back at the rate, a little less of it
        (1000, [(0, 50, 1)], 0.010, 9),
        (1000, [(0, 50, 1)], 0.040, 39),
        # nothing more is stored up, however long the pause
        (1000, [(0, 50, 1)], 60, 50),
        # a request with more: the bucket is that much deeper
        (80, [(0, 1, 20)], 0, 3),
        (80, [(0, 1, 20)], 60, 23),
        (80, [(0, 2, 1), (0, 1, 20)], 0, 1),
    ],
)
def test_how_many_may_leave(rate: float, draws: list[tuple[float, int, int]], at: float, room: int) -> None:
    flow = flow_after(rate, draws)
    assert flow.room(START + at, 1000) == room
    assert flow.room(START + at, 2) == min(room, 2)


def test_requests_as_large_as_the_bucket_keep_the_rate() -> None:
    flow = Flow(80)
    sent, now = 0, START
    flow.fit(now, 20)
    while now < START + 100:
        while flow.room(now, 20) == 20:
            flow.draw(now, 20)
            sent += 20
        now += max(0.002, flow.wait_s(now, 20))
    assert 0.99 * 8000 <= sent <= 8000 + flow.depth


def test_how_long_there_is_no_room_for_so_many() -> None:
    flow = flow_after(80, [(0, 1, 20)])
    assert flow.wait_s(START, 3) == 0
    wait_s = flow.wait_s(START, 20)
    assert 0.19 < wait_s < 0.22
    assert flow.room(START + wait_s, 20) < 20
    assert flow.room(START + wait_s + 2 / 79, 20) == 20


def test_what_is_given_back_is_due_at_once() -> None:
    flow = flow_after(80, [(0, 4, 1)])
    flow.give_back(3)
    assert flow.room(START, 10) == 3
    assert flow.room(START, 2) == 2
    flow.draw(START, 2)
    assert flow.room(START, 10) == 1
    flow.draw(START, 1)
    assert flow.room(START, 10) == 0


def test_what_is_given_back_is_not_stored_up() -> None:
    flow = flow_after(80, [(0, 4, 1)])
    flow.give_back(4)
    assert flow.room(START + 0.02, 100) == 5
    assert flow.room(START + 60, 100) == 4
