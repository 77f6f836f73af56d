"""Trying again, on a clock that jumps."""

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from tests.send.virtual import run
from wa_bulk.send.outcome import Accepted, Outcome
from wa_bulk.send.retry import Retry, Setback

CHANCE = random.Random(1)


def setback(retry_after: float = 0.0, latency_s: float = 0.0) -> Setback:
    return Setback(Outcome("failed", http_status=500, attempts=1, latency_ms=latency_s * 1000), retry_after)


def retried(
    retry: Retry, first: Setback, then: Sequence[Outcome | Setback], halt_after_s: float | None = None
) -> tuple[Outcome, list[float]]:
    """The outcome, and when (s after the first setback) each further try was made."""

    async def main() -> tuple[Outcome, list[float]]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        halted = asyncio.Event()
        coming = iter(then)
        tries: list[float] = []

        async def again() -> Outcome | Setback:
            tries.append(loop.time() - began)
            result = next(coming)
            outcome = result.outcome if isinstance(result, Setback) else result
            await asyncio.sleep((outcome.latency_ms or 0.0) / 1000)
            return result

        if halt_after_s is not None:
            loop.call_later(halt_after_s, halted.set)
        return await retry.after(first, again, halted, chance=CHANCE), tries

    return run(main())


def test_until_it_is_accepted() -> None:
    outcome, tries = retried(Retry(), setback(), [setback(), Accepted("accepted", attempts=1)])
    assert outcome.status == "accepted"
    assert outcome.attempts == 3
    assert len(tries) == 2


def test_until_it_is_settled_otherwise() -> None:
    outcome, _ = retried(Retry(), setback(), [Outcome("unknown", attempts=1)])
    assert (outcome.status, outcome.attempts) == ("unknown", 2)


def test_a_try_that_ended_before_its_request_was_begun_is_not_counted() -> None:
    outcome, _ = retried(Retry(), setback(), [setback(), Outcome("failed", attempts=0)])
    assert (outcome.status, outcome.attempts) == ("failed", 2)


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_until_the_tries_are_used_up(tries: int) -> None:
    outcome, times = retried(Retry(tries=tries), setback(), [setback()] * 10)
    assert (outcome.status, outcome.attempts) == ("failed", tries)
    assert len(times) == tries - 1


def test_each_wait_is_anywhere_up_to_a_bound_that_doubles() -> None:
    longest = [0.0] * 6
    for _ in range(200):
        _, times = retried(Retry(tries=7, wait_initial=1.0, wait_max=8.0), setback(), [setback()] * 6)
        waits = [later - earlier for earlier, later in pairwise([0.0, *times])]
        longest = [max(pair) for pair in zip(longest, waits, strict=True)]
    for seen, bound in zip(longest, [1, 2, 4, 8, 8, 8], strict=True):
        assert 0.8 * bound < seen <= bound


def test_the_server_is_given_the_time_it_asks_for() -> None:
    _, times = retried(Retry(tries=3), setback(7.0), [setback(9.0), setback()])
    assert times[0] >= 7.0
    assert times[1] - times[0] >= 9.0


def test_no_try_begins_after_the_total_time() -> None:
    outcome, times = retried(Retry(tries=1000, total=30.0, wait_max=5.0), setback(), [setback()] * 1000)
    assert outcome.status == "failed"
    assert 20 < times[-1] < 30
    outcome, times = retried(Retry(total=30.0), setback(31.0), [setback()])
    assert (outcome.attempts, times) == (1, [])


def test_halted_it_waits_no_longer() -> None:
    outcome, times = retried(Retry(), setback(60.0), [setback()], halt_after_s=10.0)
    assert outcome.status == "failed"
    assert times == []


@pytest.mark.parametrize(
    "settings", [{"tries": 0}, {"total": -1.0}, {"wait_initial": float("nan")}, {"wait_max": -0.1}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Retry(**settings)  # type: ignore[arg-type]
