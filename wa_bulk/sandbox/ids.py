"""Message ids like the vendor's: 20 characters of base32, never twice."""

from __future__ import annotations

import random
import time

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


class MessageIds:
    """Ids made of the second, this sandbox and a counter, so that they sort by time."""

    def __init__(self) -> None:
        draw = random.SystemRandom()
        self._origin = "".join(draw.choice(_ALPHABET) for _ in range(7))
        self._count = draw.randrange(1 << 20)
        self._second = -1
        self._prefix = ""

    def next(self) -> str:
        """Return a new id."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            moment = "".join(_ALPHABET[(second >> shift) & 31] for shift in range(30, -1, -5))
            self._prefix = moment + self._origin
        self._count = count = (self._count + 1) & 0x3FFFFFFF
        return self._prefix + _PAIRS[count >> 20] + _PAIRS[(count >> 10) & 1023] + _PAIRS[count & 1023]

    def next_numeric(self) -> str:
        """Return a new id made of digits alone, as the vendor's older examples have them."""
        self._count = count = (self._count + 1) & 0x3FFFFFFF
        return f"{int(time.time())}{count % 1_000_000_000:09d}"
