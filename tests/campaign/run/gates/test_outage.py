"""A gate that closes for trouble that no later request contradicts, on a clock that jumps."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.send.virtual import run
from wa_bulk.campaign.run.gates.outage import PROBE_WAITS_S, OutageGate


class Watched(OutageGate):
    def __init__(self, limit: float = 60) -> None:
        self.given_up: list[str] = []
        self.opened = 0
        super().__init__(limit, self.given_up.append, self._count)

    def _count(self) -> None:
        self.opened += 1


def simulated(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def test_on_a_clock_that_jumps() -> None:
        async def main() -> None:
            await test()

        run(main())

    test_on_a_clock_that_jumps.__name__ = test.__name__
    return test_on_a_clock_that_jumps


@simulated
async def test_trouble_closes_it_and_a_later_answer_opens_it() -> None:
    gate = Watched()
    gate.troubled(5, 4, "Bad Gateway")
    assert gate.closed
    closed = []
    for number in (4, 5, 6):
        gate.answered(number)
        closed.append(gate.closed)
    assert closed == [True, True, False]
    assert gate.opened == 1


@simulated
async def test_trouble_that_a_later_request_contradicts_is_none() -> None:
    gate = Watched()
    gate.troubled(5, 6, "Bad Gateway")
    assert not gate.closed


@simulated
async def test_the_newest_trouble_counts() -> None:
    gate = Watched()
    for number in (1, 9, 3):
        gate.troubled(number, 0, "reset")
    gate.answered(8)
    assert gate.closed
    gate.answered(10)
    assert not gate.closed


@simulated
async def test_the_first_to_ask_goes_at_once_and_the_next_after_growing_waits() -> None:
    gate, loop = Watched(limit=1000), asyncio.get_running_loop()
    began = loop.time()
    gate.troubled(1, 0, "timeout")
    gone: list[tuple[int, float]] = []

    async def row(number: int) -> None:
        while await gate.turn():
            gone.append((number, loop.time() - began))
            await asyncio.sleep(0.01)
            gate.troubled(len(gone) + 1, 0, "timeout")
            gate.probe_ended()

    rows = [asyncio.create_task(row(number)) for number in range(3)]
    await asyncio.sleep(61)
    gate.answered(1000)
    await asyncio.gather(*rows)
    assert [number for number, _ in gone] == [0, 1, 2, 0, 1, 2, 0, 1]  # nobody twice before everybody once
    assert [at for _, at in gone] == pytest.approx([0, 1, 3, 7, 15, 30, 45, 60], abs=0.1)


@simulated
async def test_one_at_a_time_goes_to_find_out() -> None:
    gate = Watched()
    gate.troubled(1, 0, "timeout")
    turns = [asyncio.create_task(gate.turn()) for _ in range(5)]
    await asyncio.sleep(30)
    assert [turn.done() for turn in turns] == [True, False, False, False, False]
    gate.answered(2)
    assert await asyncio.gather(*turns) == [True, False, False, False, False]


@simulated
async def test_a_cancelled_probe_lets_the_next_one_go() -> None:
    gate = Watched()
    gate.troubled(1, 0, "timeout")
    assert await gate.turn()
    second, third = (asyncio.create_task(gate.turn()) for _ in range(2))
    await asyncio.sleep(0)
    gate.probe_ended()
    second.cancel()
    await asyncio.sleep(PROBE_WAITS_S[1] + 0.1)
    assert second.cancelled()
    assert await third


@pytest.mark.parametrize("probes", [False, True])
def test_after_the_limit_it_gives_up_whatever_goes_on(probes: bool) -> None:
    async def main() -> None:
        gate = Watched(limit=5)
        gate.troubled(1, 0, "connection refused")
        assert gate.notice == ""
        if probes:
            assert await gate.turn()  # and no answer, ever
        await asyncio.sleep(4.9)
        assert "connection refused" in gate.notice
        assert "giving up after 5 s" in gate.notice
        assert "in 0 s" not in gate.notice
        assert gate.given_up == []
        await asyncio.sleep(0.2)
        assert gate.given_up == ["the server was unavailable for 5 s: connection refused"]

    run(main())


@pytest.mark.parametrize(("silent_s", "left_s"), [(0, 10), (3, 7), (8, 5), (3600, 5)])
def test_the_silence_of_the_first_trouble_counts_but_leaves_time_to_find_out(
    silent_s: float, left_s: float
) -> None:
    async def main() -> None:
        gate = Watched(limit=10)
        gate.troubled(1, 0, "no connection within 3 s", silent_s=silent_s)
        gate.troubled(2, 0, "no connection within 3 s", silent_s=silent_s)
        await asyncio.sleep(left_s - 0.1)
        assert gate.given_up == []
        await asyncio.sleep(0.2)
        assert gate.given_up == ["the server was unavailable for 10 s: no connection within 3 s"]

    run(main())


@simulated
async def test_halted_it_lets_everybody_go_for_good() -> None:
    gate = Watched(limit=5)
    gate.troubled(1, 0, "timeout")
    turns = [asyncio.create_task(gate.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    gate.halt()
    assert await asyncio.gather(*turns) == [True, False, False]
    gate.troubled(9, 0, "timeout")
    gate.close("errors")
    assert not gate.closed
    await asyncio.sleep(10)
    assert gate.given_up == []
