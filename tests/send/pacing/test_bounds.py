"""The promise of the rate, whatever arrives: on a clock that jumps, so that no test here sleeps."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.send.departures import most_in_a_window, senders, virtual_loop, virtual_queue
from tests.send.virtual import run
from wa_bulk.send.pacing.sender_queue import SenderQueue

AT_ONCE = 0.0


def late_timers(seed: int) -> Callable[[], float]:
    """Return timers as real loops have them: up to 1.5 ms late."""
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
        return await senders(virtual_queue(rate), workers, seconds, lambda: reply_after_s)

    departures = run(main(), lateness)
    assert most_in_a_window(departures) <= per_second
    assert len(departures) >= 0.99 * per_second * seconds


@pytest.mark.parametrize("lateness", [lambda: 0.0, late_timers(3)], ids=["punctual", "late"])
@pytest.mark.parametrize(
    ("rate", "tokens"), [(10, 2), (10, 5), (80, 4), (80, 20), (1000, 2), (1000, 50), (1000, 100), (5000, 250)]
)
def test_requests_of_many_reach_the_rate_too(rate: int, tokens: int, lateness: Callable[[], float]) -> None:
    async def main() -> list[float]:
        return await senders(virtual_queue(rate), 64, 10.0, lambda: AT_ONCE, lambda: tokens)

    departures = run(main(), lateness)
    assert most_in_a_window(departures) <= rate
    assert len(departures) >= 0.97 * rate * 10


@given(
    rate=st.sampled_from([80, 1000]), share=st.floats(0, 1), most=st.integers(2, 60), seed=st.integers(0, 99)
)
def test_what_a_second_cannot_hold_of_the_next_request_is_all_that_is_lost(
    rate: int, share: float, most: int, seed: int
) -> None:
    """A window that is full but for the next request holds more than `rate` - `most` tokens."""
    chance = random.Random(seed)

    def tokens() -> int:
        return chance.randint(2, most) if chance.random() < share else 1

    async def main() -> list[float]:
        return await senders(virtual_queue(rate), 64, 10.0, lambda: AT_ONCE, tokens)

    departures = run(main(), late_timers(seed))
    assert most_in_a_window(departures) <= rate
    assert len(departures) >= 0.97 * (rate - most + 1) * 10


@pytest.mark.parametrize(
    ("rate", "tokens", "every_s"), [(80, 200, 2.5), (10, 11, 1.1), (0.5, 3, 6), (1.5, 2, 4 / 3)]
)
def test_a_request_of_more_than_a_second_holds_leaves_alone(rate: float, tokens: int, every_s: float) -> None:
    async def main() -> list[float]:
        sizes = iter([tokens] * 10 + [1] * 1000)
        return await senders(virtual_queue(rate), 1, 12 * every_s, lambda: AT_ONCE, lambda: next(sizes))

    departures = run(main(), late_timers(4))
    large, small = departures[: 10 * tokens], departures[10 * tokens :]
    starts = large[::tokens]
    assert large == [start for start in starts for _ in range(tokens)]
    assert all(every_s <= later - start < every_s * 1.02 for start, later in pairwise(starts))
    assert every_s <= small[0] - starts[-1] < every_s * 1.02


@pytest.mark.parametrize(
    ("rate", "every_s"), [(0.1, 10), (0.5, 2), (0.999, 1.002), (1, 1), (1.5, 1), (1.99, 1)]
)
def test_below_two_a_second_messages_leave_one_by_one(rate: float, every_s: float) -> None:
    async def main() -> list[float]:
        return await senders(virtual_queue(rate), 3, 20 * every_s, lambda: AT_ONCE)

    departures = run(main(), late_timers(2))
    assert most_in_a_window(departures, every_s) == 1
    assert len(departures) in (19, 20)


@given(seed=st.integers(0, 999))
def test_a_slow_server_leaves_no_tokens_behind(seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> list[float]:
        return await senders(virtual_queue(200), 16, 6, lambda: chance.choice([0.0, 0.001, 0.05, 1.2]))

    assert most_in_a_window(run(main(), late_timers(seed))) <= 200


def test_a_loop_that_stands_still_between_token_and_departure(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    hand_out = SenderQueue._hand_out

    def hand_out_and_stall(queue: SenderQueue) -> None:
        hand_out(queue)
        virtual_loop().now += chance.choice([0.0] * 30 + [0.3])

    monkeypatch.setattr(SenderQueue, "_hand_out", hand_out_and_stall)

    async def main() -> list[float]:
        return await senders(virtual_queue(1000), 200, 20, lambda: AT_ONCE)

    assert most_in_a_window(run(main())) <= 1000


@given(seed=st.integers(0, 999))
def test_cancelled_calls_cost_nothing_of_the_rate(seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> list[float]:
        pacer, loop, departures = virtual_queue(200), virtual_loop(), []
        end = loop.time() + 5

        async def work() -> None:
            while loop.time() < end:
                try:
                    async with asyncio.timeout(chance.uniform(0.1, 1)):
                        if not pacer.try_take():
                            await pacer.take()
                except TimeoutError:
                    continue
                if loop.time() < end:
                    departures.append(loop.time())

        await asyncio.gather(*(work() for _ in range(100)))
        return departures

    departures = run(main(), late_timers(seed))
    assert most_in_a_window(departures) <= 200
    assert len(departures) >= 0.97 * 200 * 5


arrivals = st.lists(
    st.tuples(
        st.floats(0, 2),  # s after the one before
        st.integers(1, 40),  # requests
        st.sampled_from([1, 1, 1, 2, 5, 30, 200]),  # tokens of each
        st.sampled_from([0.0, 0.0, 0.004, 0.05, 1.7]),  # s the loop then stands still
        st.sampled_from([None, None, 0.0, 0.01, 0.3, 1.5]),  # s after which every third one is cancelled
        st.sampled_from([False, False, True]),  # held for a while before it leaves, or given back
        st.sampled_from([None, None, None, 0.5, 2.0]),  # Retry-After of a 429
    ),
    min_size=1,
    max_size=8,
)


@given(rate=st.sampled_from([0.7, 1, 3, 17.5, 80, 250, 1000]), pattern=arrivals, seed=st.integers(0, 99))
def test_no_second_holds_more_than_the_rate_and_nobody_is_forgotten(
    rate: float,
    pattern: list[tuple[float, int, int, float, float | None, bool, float | None]],
    seed: int,
) -> None:
    """`VirtualLoop` raises should anyone wait for ever: every task waits, and no timer is set."""
    chance = random.Random(seed)
    sent: list[tuple[float, int]] = []
    order: list[int] = []

    async def main() -> None:
        loop = virtual_loop()
        pacer = virtual_queue(rate)

        async def send(place: int, tokens: int, held: bool) -> None:
            if not pacer.try_take(tokens):
                await pacer.take(tokens)
            order.append(place)
            if held:
                pacer.hold(tokens)
                try:
                    await asyncio.sleep(chance.uniform(0, 0.5))
                except asyncio.CancelledError:
                    pacer.give_back(tokens)
                    raise
                if chance.random() < 0.2:
                    return pacer.give_back(tokens)
                pacer.use(tokens)
            sent.append((loop.time(), tokens))
            return None

        tasks: list[asyncio.Task[None]] = []
        for after_s, requests, tokens, stall_s, cancel_after_s, held, retry_after in pattern:
            await asyncio.sleep(after_s)
            new = [loop.create_task(send(len(tasks) + i, tokens, held)) for i in range(requests)]
            tasks += new
            if cancel_after_s is not None:
                for task in new[::3]:
                    loop.call_later(cancel_after_s, task.cancel)
            if retry_after is not None:
                pacer.slow_down(retry_after)
            loop.now += stall_s
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), asyncio.CancelledError}

        await asyncio.sleep(3600)
        assert pacer.idle(loop.time())
        assert pacer.pace == rate
        assert pacer.try_take()

    run(main(), late_timers(seed))
    assert order == sorted(order)
    assert_bounded(sent, rate)


def assert_bounded(sent: list[tuple[float, int]], rate: float) -> None:
    """No second holds more than `rate` tokens; a request of more is alone for as long as its tokens take."""
    places = max(1, int(rate))
    departures = [at for at, tokens in sent for _ in range(min(tokens, places))]
    assert most_in_a_window(departures) <= places
    for (at, tokens), (next_at, _) in pairwise(sent):
        if tokens > places:
            assert next_at - at >= tokens / rate
