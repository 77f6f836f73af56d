"""A chunk of a run's rows, as the one that has it in hand knows it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from wa_bulk.cluster.books import CLAIMABLE
from wa_bulk.cluster.chunk import QueuedRow, Result, encode_results
from wa_bulk.cluster.script import Argument
from wa_bulk.ledger.base import Claim
from wa_bulk.ledger.local_ledger import consecutive

Fate = Literal["keep", "done", "return"]
"""What becomes of a chunk: its owner keeps it, all its rows are settled, or others are to take it."""


class LeasedChunk:
    """Rows that this owner alone may send, as long as its fence is the chunk's."""

    def __init__(
        self, name: str, fence: str, first: int, last: int, rows: list[QueuedRow], states: bytes
    ) -> None:
        self.name = name
        self.fence = fence
        self.first = first
        self.last = last
        self.rows = {row.number: row for row in rows}
        self.states = bytearray(states.ljust(last - first + 1, b"\0"))
        self.open = {row.number for row in rows if self.states[row.number - first] in CLAIMABLE}
        """Rows that nobody settled yet."""
        self.low, self.high = len(self.states), -1
        self.counts: Counter[int] = Counter()
        self.results: list[Result] = []
        self.reopened: list[str] = []
        self.sending: tuple[str, tuple[Argument, ...]] | None = None
        """The request that Redis may or may not have had."""
        self.is_lost = False
        """Whether it was taken from this owner, who has no say in it any more."""

    def claims(self) -> Iterator[Claim]:
        """Divide the rows to go through into ranges of one state."""
        by_state = itertools.groupby(sorted(self.open), lambda row: self.states[row - self.first])
        for code, rows in by_state:
            for first, last in consecutive(list(rows)):
                yield Claim(range(first, last + 1), CLAIMABLE[code])

    def set_state(self, row: int, state: int) -> int:
        """Set a row's byte, to be noted; return the one before."""
        at = row - self.first
        before = self.states[at]
        self.states[at] = state
        if at < self.low:
            self.low = at
        if at > self.high:
            self.high = at
        return before

    @property
    def has_news(self) -> bool:
        return not self.is_lost and bool(self.high >= 0 or self.results or self.reopened or self.sending)

    def news(self, fate: Fate) -> tuple[Argument, ...]:
        """Take what is to be noted, as the script's arguments."""
        span = bytes(self.states[self.low : self.high + 1]) if self.high >= 0 else b""
        low = self.first + self.low if span else 0
        counts = [word for pair in self.counts.items() if pair[1] for word in pair]
        results = encode_results(self.results) if self.results else b""
        reopened = self.reopened.pop(0) if self.reopened else ""
        self.low, self.high = len(self.states), -1
        self.counts, self.results = Counter(), []
        return fate, low, span, results, reopened, *counts


def gone(run_id: str) -> str:
    """Say that a run is no longer in Redis."""
    return f"Redis no longer knows run {run_id}: its data were deleted or lost"


def taken_over(run_id: str, chunk: LeasedChunk) -> str:
    """Say that another worker has a chunk now."""
    return f"rows {chunk.first} to {chunk.last} of run {run_id} were taken over by another worker"
