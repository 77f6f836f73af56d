"""Rows that are sent again although they may have been taken, on a clock that jumps."""

import asyncio
import random

import pytest

from tests.send.virtual import run
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.retry_later import RetryLater


def row(number: int, attempts: int = 1) -> RenderedRow:
    return RenderedRow("+2", b"{}", number=number, attempts=attempts, maybe_taken=True)


@pytest.mark.parametrize(("attempts", "longest"), [(1, 0.5), (2, 1.0), (4, 4.0), (20, 30.0)])
def test_a_row_goes_after_a_wait_that_grows_with_its_attempts(attempts: int, longest: float) -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        due: list[float] = []
        later = RetryLater(lambda _: due.append(loop.time() - began), random.Random(1))
        began = loop.time()
        for number in range(200):
            later.after_wait(row(number, attempts))
        assert later.waiting == 200
        await asyncio.sleep(longest)
        assert later.waiting == 0
        return due

    waits = run(main())
    assert len(waits) == 200
    assert 0.9 * longest < max(waits) <= longest


def test_rows_that_wait_for_the_gate_go_when_it_opens() -> None:
    gone: list[int] = []
    later = RetryLater(lambda found: gone.append(found.number), random.Random(1))
    for number in range(3):
        later.until_open(row(number))
    assert (later.waiting, gone) == (3, [])
    later.release()
    assert (later.waiting, gone) == (0, [0, 1, 2])


def test_given_up_nothing_goes_any_more() -> None:
    async def main() -> None:
        gone: list[int] = []
        later = RetryLater(lambda found: gone.append(found.number), random.Random(1))
        later.after_wait(row(1))
        later.until_open(row(2))
        assert sorted(found.number for found in later.give_up()) == [1, 2]
        await asyncio.sleep(60)
        later.release()
        assert (later.waiting, gone) == (0, [])

    run(main())


def test_one_at_a_time_is_the_last_resort() -> None:
    later = RetryLater(lambda _: None, random.Random(1))
    assert later.last_resort() is None
    later.until_open(row(1))
    later.until_open(row(2))
    first = later.last_resort()
    assert first is not None
    assert (first.number, later.waiting) == (1, 1)
