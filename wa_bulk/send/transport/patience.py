"""When a post is late: not before what lies in its socket has been read."""

import math


class Patience:
    """Tells late posts by looks at the clock every `interval` seconds, `timeout` seconds being allowed.

    A post is late at the look after the one that found it so, and not when the process stood still between
    the two: otherwise replies that came meanwhile, and wait to be read, would be given up.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.interval = min(0.5, timeout / 10)
        self.begin(-math.inf)

    def begin(self, now: float) -> None:
        """Start looking at `now`, after a while in which nobody did."""
        self._looked = now
        self._late = -math.inf
        self._stood_still = False

    def late_before(self, now: float) -> float:
        """Look at the clock: posts begun at the time returned, or earlier, are late."""
        late, self._late = self._late, now - self.timeout
        # Once only: where every look comes late, it is the program that is slow.
        self._stood_still = now - self._looked > 2 * self.interval and not self._stood_still
        self._looked = now
        return -math.inf if self._stood_still else late
