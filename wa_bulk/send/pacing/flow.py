"""The even flow: an adapter to aiolimiter's leaky bucket. Pure: every time is an argument.

What aiolimiter is used for: the bucket. It is as deep as 5 % of a second's tokens, so that what a slow server
leaves unused is not stored up, and what late timers cost can be made up for.

What it is not used for:

- The bound on a second. `AsyncLimiter(rate, 1)` starts empty and leaks while it fills: it lets almost twice
  `rate` through in its first second. That bound is `window.Window`.
- Waiting. Each task waiting in `AsyncLimiter.acquire` costs a future, a callback and a timer for every token
  handed to any of them. Who waits, waits in `local.LocalSenderPacer`, and nobody enters `acquire` but for
  tokens that the bucket has room for.
- The time. It reads the event loop's, which under uvloop is that of the loop's last turn, in steps of 1 ms.
"""

from __future__ import annotations

from contextlib import suppress

from aiolimiter import AsyncLimiter

from wa_bulk.send.pacing.window import MARGIN

_DEPTH_S = 0.050
# Two, where 50 ms hold less: with one, the lateness of every timer would be lost from the rate.
_DEPTH_MIN = 2.0


class _Bucket(AsyncLimiter):
    """A leaky bucket whose time is whatever `now` was set to."""

    __slots__ = ("now",)
    now: float

    # All that AsyncLimiter asks of its loop, while nobody waits in it, is the time. Should a later version
    # ask elsewhere, it finds no running loop in the tests of this module, and they fail.
    @property
    def _loop(self) -> _Bucket:  # type: ignore[override]
        return self

    def time(self) -> float:
        return self.now


class Flow:
    """Tokens at `rate`, evenly: no more than a few hundredths of a second's worth at once.

    A request needs all its tokens at once: the bucket is made deeper, once, for the largest one seen.
    Times are seconds of any clock that never goes back.
    """

    __slots__ = ("_bucket", "_given_back", "_largest", "_rate", "depth")

    def __init__(self, rate: float) -> None:
        """`rate` is in tokens/s, more than 0."""
        self._rate = rate / MARGIN  # as much slower as the window is longer, so that they do not interfere
        self._largest = 1
        self._given_back = 0
        self.depth = max(_DEPTH_MIN, rate * _DEPTH_S)
        """How many tokens may leave at once after a pause."""
        self._bucket = self._empty_bucket()

    def fit(self, now: float, tokens: int) -> None:
        """Make the bucket deep enough for a request of `tokens`; to be called before they are asked for."""
        if tokens <= self._largest:
            return
        filled = int(self.depth) - self._room(now, int(self.depth))
        self.depth += tokens - self._largest
        self._largest = tokens
        self._bucket = self._empty_bucket()
        self._bucket.now = now
        self._fill(filled)

    def room(self, now: float, most: int) -> int:
        """Return how many tokens, up to `most`, may leave now."""
        if self._given_back:
            self._forget_given_back(now)
            if most <= self._given_back:
                return most
        given_back = self._given_back
        return given_back + self._room(now, min(most - given_back, int(self.depth)))

    def draw(self, now: float, tokens: int) -> None:
        """Take `tokens` that there is room for."""
        if self._given_back:
            from_these = min(self._given_back, tokens)
            self._given_back -= from_these
            tokens -= from_these
        self._bucket.now = now
        self._fill(tokens)

    def give_back(self, tokens: int) -> None:
        """Take back `tokens` that were drawn and will not leave: they are due at once."""
        self._given_back += tokens

    def wait_s(self, now: float, tokens: int) -> float:
        """Return how long (s) there will be no room for `tokens` at least; it may be a little longer."""
        return max(0.0, (tokens - self.room(now, tokens) - 1) / self._rate)

    def _forget_given_back(self, now: float) -> None:
        """Once the bucket is empty, what was given back has leaked from it like all the rest."""
        self._bucket.now = now
        if self._bucket.has_capacity(self.depth):
            self._given_back = 0

    def _room(self, now: float, most: int) -> int:
        bucket, least = self._bucket, 0
        bucket.now = now
        while least < most:  # how full the bucket is, it does not say: by bisection
            middle = (least + most + 1) // 2
            if bucket.has_capacity(middle):
                least = middle
            else:
                most = middle - 1
        return least

    def _empty_bucket(self) -> _Bucket:
        return _Bucket(self.depth, self.depth / self._rate)

    def _fill(self, tokens: int) -> None:
        if tokens:
            # The bucket has room for them: the coroutine ends without ever suspending.
            with suppress(StopIteration):
                self._bucket.acquire(tokens).send(None)
