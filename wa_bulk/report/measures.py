"""Figures over a whole run in a fixed amount of memory: answers over time, and their latency."""

from collections.abc import Sequence
from math import log2

from msgspec import Struct

_MOST_SPANS = 240
_FIRST_SPAN_S = 0.1
_STEPS_A_DOUBLING = 16


class Throughput(Struct):
    """Rows settled over the time the run was sending; the pauses between a stop and a resume are left out."""

    span_s: float = _FIRST_SPAN_S
    """Width of each span of `accepted` and `others`, in seconds."""
    accepted: list[int] = []
    others: list[int] = []
    """Results with any other status, span for span."""
    resumed_at_s: list[float] = []
    """When each resume began, in seconds of work since the start."""

    def add(self, at_s: float, accepted: bool) -> None:
        """Count one result, `at_s` seconds of work after the start."""
        index = int(at_s / self.span_s)
        while index >= _MOST_SPANS:
            self._halve()
            index = int(at_s / self.span_s)
        if missing := index + 1 - len(self.accepted):
            self.accepted.extend([0] * missing)
            self.others.extend([0] * missing)
        (self.accepted if accepted else self.others)[index] += 1

    def _halve(self) -> None:
        self.span_s *= 2
        self.accepted = in_pairs(self.accepted)
        self.others = in_pairs(self.others)


def in_pairs(counts: Sequence[int]) -> list[int]:
    """Return the sums of every two neighbours."""
    return [sum(counts[index : index + 2]) for index in range(0, len(counts), 2)]


class Latency(Struct):
    """From request to reply in milliseconds; percentiles are within 5 % of the true ones."""

    p50: float
    p95: float
    p99: float
    highest: float


class LatencyCounts:
    """How many replies took how long, in buckets that grow with the time they stand for."""

    def __init__(self) -> None:
        self._by_bucket: dict[int, int] = {}
        self._highest_ms = 0.0

    def add(self, latency_ms: float) -> None:
        """Count one reply."""
        bucket = int(log2(latency_ms) * _STEPS_A_DOUBLING) if latency_ms > 0.001 else -160
        self._by_bucket[bucket] = self._by_bucket.get(bucket, 0) + 1
        if latency_ms > self._highest_ms:
            self._highest_ms = latency_ms

    def summary(self) -> Latency | None:
        """Return the percentiles; None when nothing was counted."""
        if not self._by_bucket:
            return None
        p50, p95, p99 = (self._percentile(share) for share in (0.50, 0.95, 0.99))
        return Latency(p50, p95, p99, round(self._highest_ms, 1))

    def _percentile(self, share: float) -> float:
        wanted = share * sum(self._by_bucket.values())
        counted = 0
        for bucket in sorted(self._by_bucket):
            counted += self._by_bucket[bucket]
            if counted >= wanted:
                break
        middle_ms: float = 2.0 ** ((bucket + 0.5) / _STEPS_A_DOUBLING)
        return round(min(middle_ms, self._highest_ms), 1)
