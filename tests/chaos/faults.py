"""What the recording server does to a request: a share of the requests for each kind of trouble.

The same seed gives the same trouble to the same row, whatever the order in which the rows arrive.
"""

from __future__ import annotations

import zlib
from typing import Literal, get_args

import msgspec

Kind = Literal[
    "accept",
    "error",
    "gateway",
    "too_fast",
    "refuse",
    "reset_before",
    "reset_after",
    "stall",
    "half_reply",
    "garbage",
    "close_idle",
]

COUNTS_AS_ACCEPTED: frozenset[Kind] = frozenset(
    {"accept", "close_idle", "reset_after", "stall", "half_reply", "garbage"}
)
"""Where the message went out, whatever the client is told of it."""

STATUS: dict[Kind, int] = {"error": 500, "gateway": 502, "too_fast": 429, "refuse": 400}
"""The HTTP status of the others, where they are answered; `reset_before` is not."""


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares, from 0 to 1, of the requests that meet each kind of trouble. The rest is accepted."""

    latency_s: float = 0.002
    """Until the reply; between a tenth and twice of this."""
    error: float = 0.0
    """500 with EngageLab's code 1000."""
    gateway: float = 0.0
    """502 with a page of HTML."""
    too_fast: float = 0.0
    """429 with Retry-After: 1."""
    refuse: float = 0.0
    """400 with code 3002: the row's own fault."""
    reset_before: float = 0.0
    """A reset, and the message does not go out."""
    reset_after: float = 0.0
    """A reset, and it does."""
    stall: float = 0.0
    """No reply, ever."""
    half_reply: float = 0.0
    """The reply breaks off in the middle."""
    garbage: float = 0.0
    """200 with something that is no reply of EngageLab's."""
    close_idle: float = 0.0
    """A proper reply, and soon after the connection is closed without a word."""

    def kind_for(self, seed: int, row: int, arrival: int) -> Kind:
        """What the `arrival`-th request for `row` meets."""
        left = _uniform(f"kind {seed} {row} {arrival}")
        for name in _KINDS:
            left -= getattr(self, name)
            if left < 0:
                return name
        return "accept"

    def latency_for(self, seed: int, row: int, arrival: int) -> float:
        """Seconds until its reply."""
        return self.latency_s * (0.1 + 1.9 * _uniform(f"latency {seed} {row} {arrival}"))


_KINDS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "accept")

CALM = Faults()
NEVER_ANSWERING = Faults(stall=1.0)
ROUGH = Faults(
    error=0.02,
    gateway=0.01,
    too_fast=0.0005,
    refuse=0.02,
    reset_before=0.01,
    reset_after=0.01,
    stall=0.003,
    half_reply=0.005,
    garbage=0.005,
    close_idle=0.02,
)


def _uniform(text: str) -> float:
    # Two rounds: neighbouring texts have neighbouring checksums.
    first = zlib.crc32(text.encode())
    return zlib.crc32(first.to_bytes(4, "little") + text.encode()[::-1]) / 2**32
