"""The hard bound: never more than `rate` tokens in any second. Pure: every time is an argument."""

from __future__ import annotations

from collections import deque
from itertools import repeat

# Between a token and the wire lie up to a few ms: the window is that much longer than it need be.
MARGIN = 1.005


class Window:
    """A second's worth of places; a token occupies its place for a second after it left.

    A fractional rate is rounded down to what a second can hold (1.5/s: one a second); below 1/s there is one
    token every 1/`rate` seconds. A request of more tokens than there are places leaves alone, when all places
    are free, and occupies them all for as long as its tokens take at `rate`.

    Times are seconds of any clock that never goes back.
    """

    __slots__ = ("_free_at", "_held", "_length_s", "_rate", "places")

    def __init__(self, rate: float) -> None:
        """`rate` is in tokens/s, more than 0."""
        self.places = max(1, int(rate))
        """The most tokens in any window."""
        self._rate = rate
        self._length_s = MARGIN / min(rate, 1)
        self._free_at: deque[float] = deque()
        self._held = 0

    def room(self, now: float) -> int:
        """Return how many places are free."""
        free_at = self._free_at
        while free_at and free_at[0] <= now:
            free_at.popleft()
        return self.places - len(free_at) - self._held

    def places_for(self, tokens: int) -> int:
        """Return how many places `tokens` need: one each, or all that there are."""
        return min(tokens, self.places)

    def leave(self, now: float, tokens: int) -> None:
        """Count `tokens`, for which there was room, as leaving now."""
        if tokens == 1:
            self._free_at.append(now + self._length_s)
        elif tokens <= self.places:
            self._free_at.extend(repeat(now + self._length_s, tokens))
        else:
            self._free_at.extend(repeat(now + tokens / self._rate * MARGIN, self.places))

    def reserve(self, places: int) -> None:
        """Occupy `places` for tokens that will leave later: `leave_reserved` or `cancel` must follow."""
        self._held += places

    def hold(self, tokens: int) -> None:
        """Make the tokens that left last reserved ones: they have not left after all."""
        places = self.places_for(tokens)
        for _ in range(places):
            self._free_at.pop()
        self._held += places

    def leave_reserved(self, now: float, tokens: int) -> None:
        """Count `tokens` with reserved places as leaving now."""
        if tokens == 1:  # nearly always, and once a message
            self._held -= 1
            self._free_at.append(now + self._length_s)
        else:
            self._held -= self.places_for(tokens)
            self.leave(now, tokens)

    def cancel(self, tokens: int) -> None:
        """Free the reserved places of `tokens` that will not leave."""
        self._held -= self.places_for(tokens)

    def wait_s(self, now: float, tokens: int) -> float:
        """Return how long (s) until there may be room for `tokens`.

        0 where there is room, and where it hangs on reserved places, whose time nobody knows.
        """
        missing = self.places_for(tokens) - self.room(now)
        free_at = self._free_at
        if missing <= 0 or not free_at:
            return 0.0
        return free_at[min(missing, len(free_at)) - 1] - now
