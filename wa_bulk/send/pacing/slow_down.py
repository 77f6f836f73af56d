"""The pace after a 429. Pure: every time is an argument."""

from __future__ import annotations

STOP_MIN_S = 1.0
_CUT = 0.5
_SLOWEST = 1 / 32
_RECOVERY_S = 30.0


class SlowDown:
    """A full stop, then half the pace, which comes back within half a minute.

    Times are seconds of any clock that never goes back.
    """

    __slots__ = ("_pace_at_stop", "_rate", "stopped_until")

    def __init__(self, rate: float) -> None:
        """`rate` is the full pace in tokens/s; with 0 (unpaced) there is a stop and nothing after it."""
        self._rate = rate
        self._pace_at_stop = rate
        self.stopped_until = 0.0
        """Nothing may leave before this time."""

    def refused(self, now: float, retry_after: float | None) -> None:
        """Count a 429: nothing leaves for `retry_after` seconds (at least 1), then at half the pace.

        One that arrives during the stop answers a request from before it: it can make the stop longer, but
        not the pace slower.
        """
        if now >= self.stopped_until:
            self._pace_at_stop = max(self.pace(now) * _CUT, self._rate * _SLOWEST)
        self.stopped_until = max(self.stopped_until, now + max(retry_after or 0.0, STOP_MIN_S))

    def pace(self, now: float) -> float:
        """Return the tokens/s that may leave; during the stop, those that may leave right after it."""
        recovered = max(0.0, now - self.stopped_until) / _RECOVERY_S
        return min(self._rate, self._pace_at_stop + recovered * self._rate)

    def over(self, now: float) -> bool:
        """Return whether the full pace is back."""
        return now >= self.stopped_until and self.pace(now) >= self._rate
