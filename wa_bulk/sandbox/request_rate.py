"""The number and rate of requests to send."""

from __future__ import annotations

import time


class RequestRate:
    """Counts requests: in all, and in the last whole second."""

    def __init__(self) -> None:
        self.total = 0
        self._began = time.monotonic()
        self._second = 0
        self._in_second = 0
        self._in_second_before = 0

    def count(self) -> None:
        """Count one request."""
        self.total += 1
        self._roll()
        self._in_second += 1

    def _roll(self) -> None:
        second = int(time.monotonic() - self._began)
        if second != self._second:
            self._in_second_before = self._in_second if second == self._second + 1 else 0
            self._second, self._in_second = second, 0

    def per_second(self) -> float:
        """Return the number of requests in the last whole second."""
        self._roll()
        return float(self._in_second_before)

    def uptime_s(self) -> float:
        return round(time.monotonic() - self._began, 3)
