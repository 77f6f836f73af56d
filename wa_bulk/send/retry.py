"""Trying again after a try that proved the message was not accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec import Struct
from tenacity import AsyncRetrying, RetryCallState, retry_if_result
from tenacity.stop import stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from wa_bulk.send.outcome import Outcome


class Setback(Struct, gc=False):
    """A try after which the message may safely, and should, be sent again."""

    outcome: Outcome
    """What to report if this was the last try."""
    retry_after: float = 0.0
    """Seconds the server asked to wait."""


class Retry(Struct, frozen=True):
    """How often and how long to try: exponential backoff with full jitter. Times in seconds."""

    tries: int = 5
    """In all, the first included."""
    total: float = 120.0
    """From the first setback; no try is begun later than that."""
    wait_initial: float = 0.5
    wait_max: float = 30.0

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}; expected 1 or more")
        for name in ("total", "wait_initial", "wait_max"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)} s; expected 0 or more")

    async def after(
        self, first: Setback, again: Callable[[], Awaitable[Outcome | Setback]], halted: asyncio.Event
    ) -> Outcome:
        """Call `again` until it brings no setback, the tries or the time are used up, or all is `halted`."""
        attempts = 0

        # tenacity is entered after the first try failed: it is played back to it as attempt 1.
        async def attempt() -> Outcome | Setback:
            nonlocal attempts
            if halted.is_set():
                return first
            attempts += 1
            return first if attempts == 1 else await again()

        used_up = stop_after_attempt(self.tries) | stop_before_delay(self.total)
        backoff = wait_random_exponential(self.wait_initial, max=self.wait_max)

        def wait(state: RetryCallState) -> float:
            return max(backoff(state), _result(state).retry_after)

        async def sleep(seconds: float) -> None:
            with suppress(TimeoutError):
                await asyncio.wait_for(halted.wait(), seconds)

        retrying = AsyncRetrying(
            sleep=sleep,
            stop=lambda state: halted.is_set() or used_up(state),
            wait=wait,
            retry=retry_if_result(lambda result: isinstance(result, Setback)),
            retry_error_callback=lambda state: _result(state).outcome,
        )
        outcome: Outcome = await retrying(attempt)
        outcome.attempts = attempts
        return outcome


def _result(state: RetryCallState) -> Setback:
    assert state.outcome is not None
    setback = state.outcome.result()
    assert isinstance(setback, Setback)
    return setback
