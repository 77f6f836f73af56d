"""Many items through few workers."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from wa_bulk.send.map_unordered import map_unordered


async def double(item: int) -> Sequence[int]:
    await asyncio.sleep(0)
    return [item, item]


async def read_into(found: list[int], results: AsyncIterator[int]) -> None:
    """Keep what comes before an error."""
    async for result in results:
        found.append(result)  # noqa: PERF401


async def test_each_item_may_have_several_results_or_none() -> None:
    async def divisors(item: int) -> list[int]:
        return [n for n in range(2, item) if item % n == 0]

    found = [result async for result in map_unordered([7, 12, 9], divisors, 1)]
    assert found == [2, 3, 4, 6, 3]


@pytest.mark.parametrize("workers", [1, 3, 50])
async def test_every_item_is_worked_on_once_by_so_many_at_a_time(workers: int) -> None:
    now = most = 0

    async def work(item: int) -> list[int]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return [item]

    assert sorted([result async for result in map_unordered(range(20), work, workers)]) == list(range(20))
    assert most == min(workers, 20)


async def test_an_error_of_the_work_comes_after_what_else_was_begun() -> None:
    async def work(item: int) -> Sequence[int]:
        if item == 2:
            raise LookupError("2 is missing")
        return await double(item)

    found: list[int] = []
    with pytest.raises(LookupError, match="2 is missing"):
        await read_into(found, map_unordered(range(10), work, 2))
    assert found[:4] == [0, 0, 1, 1]
    assert len(found) < 20


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_nothing_is_drawn_once_it_may_not_be(asynchronous: bool) -> None:
    drawn: list[int] = []
    asked = 0

    def plain() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    async def in_turn() -> AsyncIterator[int]:
        for number in plain():
            yield number

    def may_draw() -> None:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise RuntimeError("no more")

    found: list[int] = []
    with pytest.raises(RuntimeError, match="no more"):
        await read_into(found, map_unordered(in_turn() if asynchronous else plain(), double, 2, may_draw))
    assert drawn == [0, 1, 2, 3, 4]
    assert sorted(found) == sorted(drawn * 2)


async def test_left_early_it_counts_items_not_results(caplog: pytest.LogCaptureFixture) -> None:
    results = map_unordered(range(10), double, 2)
    assert await anext(results) == 0
    await results.aclose()
    assert "were not read" in caplog.text
    assert len(asyncio.all_tasks()) == 1
