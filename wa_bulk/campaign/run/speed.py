"""How fast a run goes."""

from __future__ import annotations

import asyncio


class Speed:
    """How fast rows are being settled, over the last tenth of a second or more."""

    def __init__(self) -> None:
        self._at = asyncio.get_running_loop().time()
        self._sent = 0
        self._speed = 0.0

    def per_s(self, sent: int) -> float:
        """Return the speed in rows/s, now that `sent` have been."""
        now = asyncio.get_running_loop().time()
        if now - self._at >= 0.1:
            self._speed = (sent - self._sent) / (now - self._at)
            self._at, self._sent = now, sent
        return self._speed
