import asyncio

import pytest

from wa_bulk.send.in_flight import InFlight


async def test_no_more_than_the_limit_and_first_come_first_served() -> None:
    in_flight = InFlight(3)
    order: list[int] = []
    most = 0

    async def enter(place: int) -> None:
        nonlocal most
        await in_flight.enter()
        order.append(place)
        most = max(most, in_flight.count)
        await asyncio.sleep(0)
        in_flight.leave()

    await asyncio.gather(*(enter(place) for place in range(20)))
    assert order == list(range(20))
    assert most == 3
    assert in_flight.count == 0


async def test_nobody_overtakes_those_in_line() -> None:
    in_flight = InFlight(1)
    assert in_flight.try_enter()
    waiting = asyncio.create_task(in_flight.enter())
    await asyncio.sleep(0)
    in_flight.leave()
    assert not in_flight.try_enter()
    await waiting
    assert in_flight.count == 1


@pytest.mark.parametrize("let_in_first", [False, True])
async def test_cancelled_in_line_it_holds_nobody_up(let_in_first: bool) -> None:
    in_flight = InFlight(1)
    assert in_flight.try_enter()
    waiting = [asyncio.create_task(in_flight.enter()) for _ in range(2)]
    await asyncio.sleep(0)
    if let_in_first:
        in_flight.leave()
        waiting[0].cancel()
    else:
        waiting[0].cancel()
        in_flight.leave()
    await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    assert waiting[1].exception() is None
    assert in_flight.count == 1


async def test_empty_waits_for_all_even_those_in_line() -> None:
    in_flight = InFlight(1)
    await in_flight.empty()
    assert in_flight.try_enter()
    second = asyncio.create_task(in_flight.enter())
    waiters = [asyncio.create_task(in_flight.empty()) for _ in range(2)]
    await asyncio.sleep(0)
    in_flight.leave()
    await second
    assert not any(waiter.done() for waiter in waiters)
    in_flight.leave()
    await asyncio.gather(*waiters)


async def test_opened_it_lets_everyone_in_and_empties_as_before() -> None:
    in_flight = InFlight(1)
    assert in_flight.try_enter()
    waiting = [asyncio.create_task(in_flight.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    in_flight.open()
    await asyncio.wait(waiting)
    assert [task.cancelled() for task in waiting] == [False, True, False]
    assert in_flight.try_enter()
    assert in_flight.count == 4
    emptied = asyncio.create_task(in_flight.empty())
    for _ in range(4):
        await asyncio.sleep(0)
        assert not emptied.done()
        in_flight.leave()
    await emptied


async def test_cancelled_as_it_is_opened_nobody_is_counted_twice() -> None:
    in_flight = InFlight(1)
    assert in_flight.try_enter()
    waiting = asyncio.create_task(in_flight.enter())
    await asyncio.sleep(0)
    in_flight.open()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert in_flight.count == 1


def test_a_limit_that_lets_nobody_in_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        InFlight(0)
