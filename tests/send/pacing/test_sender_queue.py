"""Who waits, and who goes first, on a clock that jumps: no test here sleeps."""

import asyncio
from itertools import pairwise

import pytest

from tests.send.departures import senders, virtual_loop, virtual_queue
from tests.send.virtual import run
from wa_bulk.send.pacing.sender_queue import SenderQueue


def test_an_unpaced_pacer_never_makes_anyone_wait() -> None:
    async def main() -> None:
        pacer = virtual_queue(0)
        assert all(pacer.try_take() for _ in range(10_000))
        await pacer.take()

    run(main())


def test_first_come_first_served() -> None:
    async def main() -> None:
        pacer = virtual_queue(10)
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


def test_a_request_of_many_waits_its_turn_and_is_not_overtaken() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(10)
        order: list[int] = []

        async def wait(place: int, tokens: int) -> None:
            await pacer.take(tokens)
            order.append(place)

        sizes = [1, 8, 1, 25, 1, 1]
        tasks = [asyncio.create_task(wait(place, tokens)) for place, tokens in enumerate(sizes)]
        await asyncio.sleep(0)
        assert not pacer.try_take()
        began = loop.time()
        await asyncio.gather(*tasks)
        assert order == list(range(6))
        assert 1 + 2.5 <= loop.time() - began < 6

    run(main())


def test_all_cancelled_in_the_turn_in_which_the_next_token_comes_due() -> None:
    async def main() -> None:
        loop = virtual_loop()
        pacer = await exhausted(1)
        tasks = [asyncio.create_task(pacer.take()) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        pacer._hand_out()  # before their tasks learn of it
        following = asyncio.create_task(pacer.take())
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError] * 3
        await following
        assert timers(loop) == 0

    run(main())


def test_cancelled_behind_one_that_waits_long_they_are_not_kept() -> None:
    async def main() -> None:
        pacer = await exhausted(0.01)
        first = asyncio.create_task(pacer.take())
        for _ in range(1000):
            waiters = [asyncio.create_task(pacer.take()) for _ in range(2)]
            await asyncio.sleep(0)
            for waiter in waiters:
                await cancelled(waiter)
            assert len(pacer._waiters) < 100
        await first

    run(main())


def test_behind_a_request_of_many_that_is_cancelled_the_next_need_not_wait_as_long() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(10)
        many, one = asyncio.create_task(pacer.take(10)), asyncio.create_task(pacer.take())
        await asyncio.sleep(0.5)
        began = loop.time()
        await cancelled(many)
        await one
        assert loop.time() == began
        assert timers(loop) == 0

    run(main())


@pytest.mark.parametrize("rate", [0, 10])
@pytest.mark.parametrize("tokens", [0, -1])
def test_less_than_one_token_is_refused(rate: float, tokens: int) -> None:
    async def main() -> None:
        pacer = virtual_queue(rate)
        with pytest.raises(ValueError, match=f"tokens = {tokens}: expected at least 1"):
            pacer.try_take(tokens)
        with pytest.raises(ValueError, match="expected at least 1"):
            await pacer.take(tokens)

    run(main())


@pytest.mark.parametrize("tokens", [1, 4, 10, 25])
def test_what_is_held_counts_from_when_it_leaves(tokens: int) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_queue(10)
        await pacer.take(tokens)
        pacer.hold(tokens)
        rest = [asyncio.create_task(pacer.take()) for _ in range(12)]
        await asyncio.sleep(60)
        assert sum(task.done() for task in rest) == (12 if tokens < 10 else 0)
        pacer.use(tokens)
        left = loop.time()
        await asyncio.gather(*rest)
        if tokens >= 10:
            assert loop.time() - left >= tokens / 10

    run(main())


@pytest.mark.parametrize("tokens", [1, 4, 10, 25])
def test_what_is_given_back_goes_to_whoever_is_next(tokens: int) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_queue(10)
        await pacer.take(tokens)
        pacer.hold(tokens)
        following = asyncio.create_task(pacer.take(10))
        await asyncio.sleep(0.5)
        assert not following.done()
        given_back = loop.time()
        pacer.give_back(tokens)
        await following
        assert loop.time() - given_back < 1
        if tokens >= 10:  # the whole second was held
            assert loop.time() == given_back

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
    """Return how many timers the loop would still fire."""
    scheduled: list[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined]
    return sum(not timer.cancelled() for timer in scheduled)


async def exhausted(rate: float) -> SenderQueue:
    pacer = virtual_queue(rate)
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
        hand_out = SenderQueue._hand_out
        late: list[asyncio.Task[None]] = []

        def hand_out_then_cancel(queue: SenderQueue) -> None:
            hand_out(queue)
            if not queue._waiting and not task.cancelling():
                task.cancel()
                late.extend(loop.create_task(pacer.take()) for _ in range(others))

        monkeypatch.setattr(SenderQueue, "_hand_out", hand_out_then_cancel)
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
        pacer = virtual_queue(100)
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


@pytest.mark.parametrize("tokens", [1, 3])
def test_nobody_waiting_the_pace_after_a_429_is_kept_too(tokens: int) -> None:
    async def main() -> None:
        pacer = virtual_queue(80)
        pacer.slow_down()
        await asyncio.sleep(1.01)
        assert pacer.try_take(tokens)
        assert not pacer.try_take()
        await asyncio.sleep(tokens / 42)
        assert not pacer.try_take()
        await asyncio.sleep(tokens / 40 - tokens / 42 + 0.001)
        assert pacer.try_take()

    run(main())


def test_several_429_of_one_moment_count_once() -> None:
    async def main() -> None:
        pacer = virtual_queue(80)
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
        pacer = virtual_queue(64)
        for _ in range(20):
            pacer.slow_down()
            await asyncio.sleep(1.0)
        assert pacer.pace >= 2

    run(main())


def test_an_unpaced_pacer_holds_after_a_429_too() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_queue(0)
        pacer.slow_down(2.0)
        began = loop.time()
        assert not pacer.try_take()
        await asyncio.gather(*(pacer.take() for _ in range(100)))
        assert 2.0 <= loop.time() - began < 2.1
        assert all(pacer.try_take() for _ in range(1000))

    run(main())


def test_it_is_idle_when_a_new_one_would_do_as_well() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_queue(2)
        assert pacer.idle(loop.time())
        await pacer.take(2)
        assert not pacer.idle(loop.time())
        waiter = asyncio.create_task(pacer.take())
        await asyncio.sleep(0)
        assert not pacer.idle(loop.time() + 10)
        await waiter
        await asyncio.sleep(1.1)
        assert pacer.idle(loop.time())
        pacer.try_take()
        pacer.hold()
        await asyncio.sleep(10)
        assert not pacer.idle(loop.time())
        pacer.give_back()
        assert pacer.idle(loop.time())

    run(main())


@pytest.mark.parametrize(("rate", "after_s"), [(2, 2 + 15), (0, 2)])
def test_it_is_not_idle_while_a_429_is_in_force(rate: float, after_s: float) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = virtual_queue(rate)
        pacer.slow_down(2.0)
        assert not pacer.idle(loop.time() + after_s - 0.1)
        assert pacer.idle(loop.time() + after_s + 0.1)

    run(main())


def test_released_everyone_goes_for_good() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pacer = await exhausted(1)
        tasks = [asyncio.create_task(pacer.take()) for _ in range(5)]
        await asyncio.sleep(0)
        began = loop.time()
        assert not any(task.done() for task in tasks)
        pacer.release()
        await asyncio.gather(*tasks)
        assert pacer.try_take()
        assert loop.time() == began
        assert timers(loop) == 0

    run(main())
