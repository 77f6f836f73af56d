"""Message ids like the vendor's: 20 characters of base32, never twice."""

from __future__ import annotations

import base64
import itertools
import os
import time


class MessageIds:
    """Ids made of the second, this process and a counter, so that they sort by time."""

    def __init__(self) -> None:
        self._process = os.urandom(5)
        self._counter = itertools.count(int.from_bytes(os.urandom(2), "big"))

    def next(self) -> str:
        moment = (int(time.time()) & 0xFFFFFFFF).to_bytes(4, "big")
        counter = (next(self._counter) & 0xFFFFFF).to_bytes(3, "big")
        return base64.b32hexencode(moment + self._process + counter)[:20].decode().lower()
