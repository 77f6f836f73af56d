"""What every `Pacer` does, whoever keeps the count, in real time.

Derive from `PacerContract` and give it a fixture `pacers`: makes a pacer for a rate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.send.departures import most_in_a_window
from wa_bulk.send.pacing.base import Pacer, SenderPacer

Pacers = Callable[[float], Pacer]
NUMBER = "+8613800138000"


async def taken(pacer: SenderPacer, tokens: int = 1) -> None:
    """Take tokens as the sending path does."""
    if not pacer.try_take(tokens):
        await pacer.take(tokens)


async def exhausted(pacer: SenderPacer, count: int) -> SenderPacer:
    """Give a pacer of `count` tokens/s of which this second's are taken."""
    await taken(pacer, count)
    return pacer


class PacerContract:
    async def test_no_second_holds_more_than_the_rate(self, pacers: Pacers) -> None:
        pacer, loop = pacers(200).of(NUMBER), asyncio.get_running_loop()
        departures: list[float] = []
        end = loop.time() + 1.8

        async def work() -> None:
            while loop.time() < end:
                await taken(pacer)
                departures.append(loop.time())

        await asyncio.gather(*(work() for _ in range(20)))
        assert most_in_a_window(departures) <= 202  # 1 % for a loop that tells the time in steps
        assert len(departures) > 100

    async def test_each_sending_number_has_its_own_pace(self, pacers: Pacers) -> None:
        pacer = pacers(1)
        async with asyncio.timeout(10):
            await asyncio.gather(
                *(taken(pacer.of(f"+4479111234{i}")) for i in range(20)), taken(pacer.of(None))
            )

    async def test_a_number_in_use_has_one_pacer(self, pacers: Pacers) -> None:
        pacer = pacers(10)
        kept, default = pacer.of(NUMBER), pacer.of(None)
        assert pacer.of(NUMBER) is kept
        assert pacer.of(None) is default
        assert kept.rate == kept.pace == 10
        assert not kept.not_before

    async def test_first_come_first_served(self, pacers: Pacers) -> None:
        pacer = pacers(100).of(NUMBER)
        order: list[int] = []

        async def wait(place: int) -> None:
            await taken(pacer)
            order.append(place)

        await asyncio.gather(*(wait(place) for place in range(40)))
        assert order == list(range(40))

    async def test_a_cancelled_call_leaves_its_token_to_the_next(self, pacers: Pacers) -> None:
        pacer = await exhausted(pacers(2).of(NUMBER), 2)
        tasks = [asyncio.create_task(pacer.take()) for _ in range(6)]
        await asyncio.sleep(0.05)
        for task in tasks[:5]:
            task.cancel()
        async with asyncio.timeout(3):  # five before it would take more than that
            await tasks[5]
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ended] == [asyncio.CancelledError] * 5 + [type(None)]

    async def test_what_is_held_counts_from_when_it_leaves(self, pacers: Pacers) -> None:
        pacer, loop = pacers(2).of(NUMBER), asyncio.get_running_loop()
        await taken(pacer, 2)
        pacer.hold(2)
        await asyncio.sleep(1.3)
        pacer.use(2)
        left = loop.time()
        await taken(pacer)
        assert loop.time() - left >= 0.99

    async def test_what_is_given_back_is_due_to_the_next(self, pacers: Pacers) -> None:
        pacer = pacers(0.2).of(NUMBER)
        for _ in range(3):
            async with asyncio.timeout(4):  # each of these would be 5 s behind the one before
                await taken(pacer)
            pacer.hold()
            pacer.give_back()

    async def test_many_tokens_at_once_are_as_many_messages(self, pacers: Pacers) -> None:
        pacer, loop = pacers(20).of(NUMBER), asyncio.get_running_loop()
        await taken(pacer, 15)
        began = loop.time()
        await taken(pacer, 10)
        assert loop.time() - began >= 0.99

    async def test_after_a_429_nothing_leaves_for_a_second(self, pacers: Pacers) -> None:
        pacer, loop = pacers(500).of(NUMBER), asyncio.get_running_loop()
        await taken(pacer)
        waiting = [asyncio.create_task(pacer.take()) for _ in range(60)]
        await asyncio.sleep(0)
        pacer.slow_down(None)
        refused = loop.time()
        assert pacer.not_before > 0
        await waiting[-1]
        assert loop.time() - refused >= 0.99
        assert pacer.pace < 500
        await asyncio.gather(*waiting)

    @pytest.mark.parametrize("tokens", [0, -1])
    async def test_less_than_one_token_is_refused(self, pacers: Pacers, tokens: int) -> None:
        pacer = pacers(10).of(NUMBER)
        with pytest.raises(ValueError, match="expected at least 1"):
            pacer.try_take(tokens)
        with pytest.raises(ValueError, match="expected at least 1"):
            await pacer.take(tokens)

    async def test_released_everyone_goes(self, pacers: Pacers) -> None:
        pacer = pacers(1)
        kept = await exhausted(pacer.of(NUMBER), 1)
        waiting = [asyncio.create_task(kept.take()) for _ in range(20)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(5):
            pacer.release()
            await asyncio.gather(*waiting)
        kept.slow_down(60.0)
        for queue in (kept, pacer.of("+447911123456")):
            assert queue.try_take()
            assert (queue.rate, queue.not_before, queue.pace) == (0, 0, 0)
