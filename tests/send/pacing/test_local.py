"""The queues of all sending numbers: one each, dropped once they are idle."""

import asyncio
import time
from weakref import WeakSet

import pytest
import uvloop

from tests.send.departures import most_in_a_window, virtual_loop, virtual_pacer
from tests.send.pacing.contract import PacerContract, Pacers
from tests.send.virtual import run
from wa_bulk.send.pacing.base import Pacer, SenderPacer
from wa_bulk.send.pacing.local import LocalPacer
from wa_bulk.send.pacing.sender_queue import SenderQueue


@pytest.mark.parametrize("rate", [-1, float("inf"), float("nan")])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=f"rate = {rate}: expected messages/s"):
        LocalPacer(rate)


def test_each_sending_number_has_its_own_pace() -> None:
    async def main() -> None:
        pacer: Pacer = virtual_pacer(1)
        default: SenderPacer = pacer.of(None)
        assert default.try_take()
        assert not pacer.of(None).try_take()
        assert pacer.of("+8613800138000").try_take()
        assert not pacer.of("+8613800138000").try_take()

    run(main())


@pytest.mark.parametrize("rate", [0, 80])
def test_memory_grows_with_the_numbers_of_two_seconds_not_with_all(rate: float) -> None:
    async def main() -> None:
        loop, pacer = virtual_loop(), virtual_pacer(rate)
        alive: WeakSet[SenderQueue] = WeakSet()

        def send(numbers: int, every_s: float) -> int:
            most = 0
            for number in range(numbers):
                queue = pacer.of(f"+86{loop.now} {number}")
                alive.add(queue)
                assert queue.try_take()
                most = max(most, len(alive))
                loop.now += every_s
            return most

        assert send(10_000, 0.001) < 2500
        assert send(5_000, 0.0) < 7500  # all in one moment: none of them is idle
        send(10_000, 0.001)
        assert len(alive) < 2500

    run(main())


def test_a_number_that_is_in_use_is_never_forgotten() -> None:
    """Each of these numbers comes back among thousands of others: its pace is kept over all of it."""
    departures: dict[str, list[float]] = {f"+44{i}": [] for i in range(5)}

    async def main() -> None:
        loop, pacer = virtual_loop(), virtual_pacer(3)

        async def send(sender: str) -> None:
            queue = pacer.of(sender)
            if not queue.try_take():
                await queue.take()
            departures[sender].append(loop.time())

        tasks = []
        for number in range(4000):
            pacer.of(f"+86{number}").try_take()
            if number % 20 == 0:
                tasks += [loop.create_task(send(sender)) for sender in departures]
            await asyncio.sleep(0.005)
        await asyncio.gather(*tasks)

    run(main())
    for times in departures.values():
        assert len(times) == 200
        assert most_in_a_window(times) <= 3


def test_a_429_outlives_any_number_of_others() -> None:
    async def main() -> None:
        loop, pacer = virtual_loop(), virtual_pacer(80)
        pacer.of("+44").slow_down(5.0)
        for number in range(5000):
            pacer.of(f"+86{number}").try_take()
            loop.now += 0.002
        assert pacer.of("+44").pace < 80

    run(main())


def test_dropped_while_someone_holds_on_to_it_it_is_found_again() -> None:
    """A request that waits for its next try, or for its reply, keeps its pacer for longer than it is idle."""

    async def main() -> None:
        loop, pacer = virtual_loop(), virtual_pacer(80)
        kept = pacer.of("+44")
        for number in range(5000):
            pacer.of(f"+86{number}").try_take()
            loop.now += 0.002
        kept.slow_down(60.0)
        assert pacer.of("+44") is kept
        for number in range(5000):
            pacer.of(f"+87{number}").try_take()
            loop.now += 0.002
        assert pacer.of("+44") is kept

    run(main())


def test_what_left_while_someone_held_on_to_it_is_not_forgotten_when_they_let_go() -> None:
    """A request's last try leaves long after its number was idle, and then the request is over."""

    async def main() -> None:
        loop, pacer = virtual_loop(), virtual_pacer(2)
        kept = pacer.of("+44")
        for number in range(100):
            pacer.of(f"+86{number}").try_take()
            loop.now += 0.1
        assert kept.try_take()
        assert kept.try_take()
        del kept
        for number in range(4):
            pacer.of(f"+87{number}").try_take()
        assert not pacer.of("+44").try_take()
        loop.now += 1.1
        assert pacer.of("+44").try_take()

    run(main())


def test_released_nothing_is_paced_any_more() -> None:
    async def main() -> None:
        loop, pacer = virtual_loop(), virtual_pacer(1)
        kept = pacer.of("+44")
        for number in range(100):
            pacer.of(f"+86{number}").try_take()
            loop.now += 0.1
        busy = pacer.of("+45")
        await busy.take()
        waiter = asyncio.create_task(busy.take())
        await asyncio.sleep(0)
        pacer.release()
        await waiter
        assert all(kept.try_take() for _ in range(10))
        for queue in (kept, busy, pacer.of("+44"), pacer.of("+46"), pacer.of(None)):
            queue.slow_down(60.0)
            assert all(queue.try_take() for _ in range(10))
            assert (queue.rate, queue.not_before, queue.pace) == (0, 0, 0)

    run(main())


def test_a_frozen_clock_of_the_process_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(time, "monotonic", lambda: 1.0)
        queue = LocalPacer(1000).of(None)
        while queue.try_take():
            pass
        async with asyncio.timeout(10):  # by the time of uvloop, which nobody froze
            await queue.take()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


class TestContract(PacerContract):
    @pytest.fixture
    def pacers(self) -> Pacers:
        return LocalPacer
