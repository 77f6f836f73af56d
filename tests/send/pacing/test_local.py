"""The pacer's promises, on a clock that jumps: no test here sleeps."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.send.departures import most_in_a_window, senders, virtual_pacer
from tests.send.virtual import VirtualLoop, run
from wa_bulk.send.pacing.local import Pacer

AT_ONCE = 0.0


def late_timers(seed: int) -> Callable[[], float]:
    """Timers as real loops have them: up to 1.5 ms late."""
    chance = random.Random(seed)
    return lambda: chance.uniform(0, 0.0015)


@pytest.mark.parametrize("lateness", [lambda: 0.0, late_timers(1)], ids=["punctual", "late"])
@pytest.mark.parametrize("reply_after_s", [AT_ONCE, 0.2])
@pytest.mark.parametrize(
    ("rate", "per_second"),
    [(2, 2), (5, 5), (10, 10), (80, 80), (80.5, 80), (333, 333), (1000, 1000), (5000, 5000)],
)
def test_the_rate_is_reached_and_never_passed(
    rate: float, per_second: int, reply_after_s: float, lateness: Callable[[], float]
) -> None:
    seconds = 10.0 if rate <= 1000 else 3.0
    workers = 64 if reply_after_s == AT_ONCE else int(rate * 0.3) + 2

    async def main() -> list[float]:
        return await senders(virtual_pacer(rate), workers, seconds, lambda: reply_after_s)

    departures = run(main(), lateness)
    assert most_in_a_window(departures) <= per_second
    assert len(departures) >= 0.99 * per_second * seconds


@pytest.mark.parametrize(
    ("rate", "every_s"), [(0.1, 10), (0.5, 2), (0.999, 1.002), (1, 1), (1.5, 1), (1.99, 1)]
)
def test_below_two_a_second_messages_leave_one_by_one(rate: float, every_s: float) -> None:
    async def main() -> list[float]:
        return await senders(virtual_pacer(rate), 3, 20 * every_s, lambda: 0.0)

    departures = run(main(), late_timers(2))
    assert most_in_a_window(departures, every_s) == 1
    assert len(departures) in (19, 20)


bursts = st.lists(
    st.tuples(
        st.floats(0, 2),  # s after the last burst
        st.integers(1, 200),  # messages in it
        st.floats(0, 0.3),  # s to each one's reply
        st.sampled_from([0.0, 0.0, 0.004, 0.05, 1.7]),  # s the loop then stands still
    ),
    min_size=1,
    max_size=8,
)


@given(rate=st.sampled_from([0.7, 1, 3, 17.5, 80, 250, 1000]), pattern=bursts, seed=st.integers(0, 99))
def test_no_second_holds_more_than_the_rate_whatever_arrives(
    rate: float, pattern: list[tuple[float, int, float, float]], seed: int
) -> None:
    departures: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        pacer = virtual_pacer(rate)

        async def send(reply_after_s: float) -> None:
            if not pacer.try_take():
                await pacer.take()
            departures.append(loop.time())
            await asyncio.sleep(reply_after_s)

        tasks = []
        for after_s, messages, reply_after_s, stall_s in pattern:
            await asyncio.sleep(after_s)
            messages = min(messages, int(rate * 3) + 2)
            tasks += [loop.create_task(send(reply_after_s)) for _ in range(messages)]
            loop.now += stall_s
        await asyncio.gather(*tasks)

    run(main(), late_timers(seed))
    assert most_in_a_window(departures) <= max(1, int(rate))


@given(seed=st.integers(0, 999))
def test_a_slow_server_leaves_no_tokens_behind(seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> list[float]:
        return await senders(virtual_pacer(200), 16, 6, lambda: chance.choice([0.0, 0.001, 0.05, 1.2]))

    assert most_in_a_window(run(main(), late_timers(seed))) <= 200


def test_a_loop_that_stands_still_between_token_and_departure(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        pacer = virtual_pacer(1000)
        hand_out = pacer._hand_out

        def hand_out_and_stall() -> None:
            hand_out()
            loop.now += chance.choice([0.0] * 30 + [0.3])

        monkeypatch.setattr(pacer, "_hand_out", hand_out_and_stall)
        return await senders(pacer, 200, 20, lambda: 0.0)

    assert most_in_a_window(run(main())) <= 1000


def test_an_unpaced_pacer_never_makes_anyone_wait() -> None:
    async def main() -> None:
        pacer = virtual_pacer(0)
        assert all(pacer.try_take() for _ in range(10_000))
        await pacer.take()

    run(main())


@pytest.mark.parametrize("rate", [-1, float("inf"), float("nan")])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="no pace"):
        Pacer(rate)


def test_first_come_first_served() -> None:
    async def main() -> None:
        pacer = virtual_pacer(10)
        order: list[int] = []

        async def wait(place: int) -> None:
            await pacer.take()
            order.append(place)

        tasks = [asyncio.create_task(wait(place)) for place in range(40)]
        await asyncio.sleep(1.5)
        assert 10 < len(order) < 20
        assert not pacer.try_take()
        await asyncio.gather(*tasks)
        assert order == list(range(40))

    run(main())


def test_waiting_needs_one_timer_and_no_task() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(100)
        tasks = [asyncio.create_task(pacer.take()) for _ in range(50)]
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 51
        assert timers(loop) == 1
        await asyncio.gather(*tasks)
        assert timers(loop) == 0

    run(main())


def timers(loop: asyncio.AbstractEventLoop) -> int:
    """How many timers the loop would still fire."""
    scheduled: list[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined]
    return sum(not timer.cancelled() for timer in scheduled)


async def exhausted(rate: float) -> Pacer:
    pacer = virtual_pacer(rate)
    while pacer.try_take():
        pass
    return pacer


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_cancelled_while_waiting_nobody_loses_a_place() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(1)
        began = loop.time()
        first, second, third = (asyncio.create_task(pacer.take()) for _ in range(3))
        await asyncio.sleep(0.1)
        await cancelled(second)
        await first
        await third
        assert 2.0 <= loop.time() - began < 2.1
        last = asyncio.create_task(pacer.take())
        await asyncio.sleep(0)
        await cancelled(last)
        assert timers(loop) == 0

    run(main())


@pytest.mark.parametrize("others", [0, 1])
def test_a_token_handed_to_a_cancelled_waiter_is_not_lost(
    others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(0.1)
        began = loop.time()
        hand_out = pacer._hand_out
        late: list[asyncio.Task[None]] = []

        def hand_out_then_cancel() -> None:
            hand_out()
            if not pacer.waiting and not task.cancelling():
                task.cancel()
                late.extend(loop.create_task(pacer.take()) for _ in range(others))

        monkeypatch.setattr(pacer, "_hand_out", hand_out_then_cancel)
        task = asyncio.create_task(pacer.take())
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*late)
        if not others:
            assert pacer.try_take()
        assert not pacer.try_take()
        assert 10 < loop.time() - began < 11

    run(main())


def test_after_a_429_nobody_sends_and_then_at_half_the_pace() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_pacer(100)
        await senders(pacer, 10, 2, lambda: 0.0)
        pacer.slow_down(3.0)
        held = loop.time()
        assert not pacer.try_take()
        departures = await senders(pacer, 10, 60, lambda: 0.0)
        assert departures[0] >= held + 3.0
        per_second = [sum(held + 3 + s <= t < held + 4 + s for t in departures) for s in range(50)]
        assert 45 <= per_second[0] <= 56
        assert 70 <= per_second[8] <= 82
        assert all(later >= earlier - 6 for earlier, later in pairwise(per_second))
        assert per_second[-1] >= 98
        assert pacer.pace == 100

    run(main())


def test_several_429_of_one_moment_count_once() -> None:
    async def main() -> None:
        pacer = virtual_pacer(80)
        for retry_after in (None, 2.0, 1.0, None):
            pacer.slow_down(retry_after)
        assert pacer.pace == 40
        await asyncio.sleep(1.9)
        assert not pacer.try_take()
        await asyncio.sleep(0.2)
        assert pacer.try_take()
        pacer.slow_down()
        assert 20 <= pacer.pace <= 21

    run(main())


def test_the_pace_never_falls_to_a_standstill() -> None:
    async def main() -> None:
        pacer = virtual_pacer(64)
        for _ in range(20):
            pacer.slow_down()
            await asyncio.sleep(1.0)
        assert pacer.pace >= 2

    run(main())


def test_an_unpaced_pacer_holds_after_a_429_too() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_pacer(0)
        pacer.slow_down(2.0)
        began = loop.time()
        assert not pacer.try_take()
        await asyncio.gather(*(pacer.take() for _ in range(100)))
        assert 2.0 <= loop.time() - began < 2.1
        assert all(pacer.try_take() for _ in range(1000))

    run(main())


def test_released_everyone_goes_for_good() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(1)
        tasks = [asyncio.create_task(pacer.take()) for _ in range(5)]
        await asyncio.sleep(0)
        began = loop.time()
        assert pacer.waiting == 5
        pacer.release()
        await asyncio.gather(*tasks)
        assert pacer.try_take()
        assert loop.time() == began
        assert timers(loop) == 0

    run(main())
