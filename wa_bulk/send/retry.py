"""Trying again after a try that proved the message was not taken."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import final

import msgspec
from msgspec import Struct
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from wa_bulk.send import defaults
from wa_bulk.send.outcome import Outcome

_DOUBLINGS_MAX = 100
"""More would overflow in the end; this is longer than any wait already."""


@final
class Setback(Struct, frozen=True, gc=False):
    """A try after which the message may safely, and should, be sent again."""

    outcome: Outcome
    """What to report if this was the last try."""
    retry_after: float = 0.0
    """Seconds the server asked to wait."""


def backoff(attempts: int, initial: float, longest: float, chance: random.Random) -> float:
    """Draw the wait (s) after that many attempts: exponential backoff with full jitter."""
    doublings = min(attempts - 1, _DOUBLINGS_MAX)
    return chance.random() * min(longest, initial * 2.0**doublings)


class Retry(Struct, frozen=True):
    """How often and how long to try: exponential backoff with full jitter. Times in seconds."""

    tries: int = defaults.TRIES
    """In all, the first included."""
    total: float = defaults.RETRY_TOTAL
    """From the first setback; no try is begun later than that."""
    wait_initial: float = defaults.RETRY_WAIT_INITIAL
    wait_max: float = defaults.RETRY_WAIT_MAX

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}; expected 1 or more")
        for name in ("total", "wait_initial", "wait_max"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"retry_{name} is {getattr(self, name)} s; expected 0 or more")

    async def after(
        self,
        first: Setback,
        again: Callable[[], Awaitable[Outcome | Setback]],
        halted: asyncio.Event,
        *,
        chance: random.Random,
        on_retry: Callable[[int, float], object] | None = None,
    ) -> Outcome:
        """Call `again` until it brings no setback, the tries or the time are used up, or all is `halted`.

        `chance` draws the waits; `on_retry` is told (tries so far, seconds of the wait) before each.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        attempts, begun = 0, first.outcome.attempts
        last = first

        # tenacity is entered after the first try failed: it is played back to it as attempt 1.
        async def attempt() -> Outcome | Setback:
            nonlocal attempts, begun, last
            attempts += 1
            if attempts == 1 or halted.is_set():
                return last
            result = await again()
            if isinstance(result, Setback):
                last = result
                begun += result.outcome.attempts
            else:
                begun += result.attempts
            return result

        def wait(state: RetryCallState) -> float:
            wait_s = backoff(state.attempt_number, self.wait_initial, self.wait_max, chance)
            return max(wait_s, _setback(state).retry_after)

        def stop(state: RetryCallState) -> bool:
            used_up = attempts >= self.tries or loop.time() - began + state.upcoming_sleep >= self.total
            return halted.is_set() or used_up

        async def sleep(seconds: float) -> None:
            if on_retry is not None:
                on_retry(attempts, seconds)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await halted.wait()

        def give_up(state: RetryCallState) -> Outcome:
            setback = _setback(state)
            asked = setback.retry_after if setback.retry_after >= self.total else None
            return msgspec.structs.replace(setback.outcome, retry_after=asked)

        retrying = AsyncRetrying(
            sleep=sleep,
            stop=stop,
            wait=wait,
            retry=retry_if_result(lambda result: isinstance(result, Setback)),
            retry_error_callback=give_up,
        )
        outcome: Outcome = await retrying(attempt)
        return msgspec.structs.replace(outcome, attempts=begun)


def _setback(state: RetryCallState) -> Setback:
    assert state.outcome is not None
    setback = state.outcome.result()
    assert isinstance(setback, Setback)
    return setback
