"""What is said of repeated measurements."""

from collections.abc import Sequence
from statistics import median

import msgspec


class Summary(msgspec.Struct, frozen=True):
    """The median of some samples and the range they lie in."""

    median: float
    least: float
    most: float

    @property
    def spread(self) -> float:
        """Half the range, as a share of the median."""
        return (self.most - self.least) / 2 / abs(self.median) if self.median else 0.0


def summarize(samples: Sequence[float]) -> Summary:
    """Summarize at least one sample."""
    return Summary(median(samples), min(samples), max(samples))


def paired_ratio(samples: Sequence[float], reference: Sequence[float]) -> float | None:
    """Return the median over the rounds of sample / reference, None without a usable round.

    Both are measured in alternation, so the members of a pair saw the same state of the machine.
    """
    ratios = [sample / base for sample, base in zip(samples, reference, strict=False) if base]
    return median(ratios) if ratios else None


def paired_difference(samples: Sequence[float], reference: Sequence[float]) -> float | None:
    """Return the median over the rounds of sample - reference, None without a round."""
    differences = [sample - base for sample, base in zip(samples, reference, strict=False)]
    return median(differences) if differences else None


def busiest_window(arrivals: Sequence[int], window: int) -> int:
    """Return the most of the sorted `arrivals` in any half-open window of that length, in their unit."""
    most = first = 0
    for last, at in enumerate(arrivals):
        while at - arrivals[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most
