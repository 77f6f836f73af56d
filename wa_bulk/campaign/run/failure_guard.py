"""When so much goes wrong that a person should look before more is sent."""

from __future__ import annotations

from collections import deque

RECENT = 200
"""Answers that the share is taken of; with fewer, only the run in a row counts."""


class FailureGuard:
    """Watches the answers as they come. `verdict` says why to stop, once there is a reason."""

    def __init__(self, max_in_a_row: int, max_share: float) -> None:
        self.verdict: str | None = None
        self._max_in_a_row = max_in_a_row
        self._max_share = max_share
        self.in_a_row = 0
        """How many messages were not accepted since the last that was."""
        self.answers = 0
        """How many there were in all."""
        self._bad: deque[int] = deque()
        """Which of the recent answers were bad, counted from the first."""

    def accepted(self) -> None:
        """Note that a message was taken."""
        self.in_a_row = 0
        self.answers += 1

    def refused(self, words: str) -> None:
        """Note that a message was rejected, failed, or may have been taken; `words` say why."""
        self.in_a_row += 1
        self.answers += 1
        if self._max_in_a_row and self.in_a_row >= self._max_in_a_row:
            self.verdict = f"{self.in_a_row} messages in a row were not accepted; the last: {words}"
        bad = self._bad
        bad.append(self.answers)
        while bad[0] <= self.answers - RECENT:
            bad.popleft()
        if self._max_share and self.answers >= RECENT and len(bad) > self._max_share * RECENT:
            self.verdict = f"{len(bad)} of the last {RECENT} messages were not accepted; the last: {words}"
