"""The time on Redis' clock, as far as this process can tell. Pure: every time is an argument."""

from __future__ import annotations

_DRIFT = 5e-4
"""Two clocks drift apart by at most so many seconds a second (NTP's own limit)."""


class ServerClock:
    """Turns the server's times into this process's, never too early.

    A reply that names the server's time was written between the call and its arrival: that bounds how far
    the clocks are apart. The closest bound seen holds until the clocks may have drifted beyond it.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._seen = 0.0

    def seen(self, server: float, sent: float, received: float) -> None:
        """Take in the server's time (s), from a reply to a call that lasted from `sent` to `received`."""
        least, most = server - received, server - sent
        best = least
        if self._ahead is not None:
            kept = self._ahead - _DRIFT * (received - self._seen)
            if least <= kept <= most:
                best = kept
        self._ahead, self._seen = best, received

    def local(self, server: float) -> float:
        """Return this process's time (s) when the server's clock shows `server`, or a little later."""
        assert self._ahead is not None, "a reply comes first"
        return server - self._ahead
