"""The form of a run's results, in memory and as JSON."""

from pathlib import Path

import msgspec

from benchmarks.machine import Machine
from benchmarks.stats import Summary, paired_ratio, summarize

FORM = 1


class ResultsError(ValueError):
    """A file does not hold results of this form."""


class CandidateResult(msgspec.Struct, kw_only=True):
    """All samples of one candidate, in the order of the rounds; with a `problem` they do not count.

    `ours` marks wa_bulk's own.
    """

    name: str
    ours: bool = False
    samples: list[dict[str, float]] = []
    problem: str | None = None

    def values(self, key: str) -> list[float]:
        return [] if self.problem else [sample[key] for sample in self.samples if key in sample]

    def summary(self, key: str) -> Summary | None:
        values = self.values(key)
        return summarize(values) if values else None


class ColumnHeading(msgspec.Struct, kw_only=True):
    key: str
    heading: str
    decimals: int


class GroupResult(msgspec.Struct, kw_only=True):
    """One table: the same work against the same server."""

    name: str
    columns: list[ColumnHeading]
    reference: str
    server: str | None
    candidates: list[CandidateResult]

    def candidate(self, name: str) -> CandidateResult | None:
        return next((found for found in self.candidates if found.name == name), None)

    def ratio(self, name: str, key: str | None = None, against: str | None = None) -> float | None:
        """Return the paired ratio of a candidate to another (the reference) in a column (the first)."""
        key = key or self.columns[0].key
        one, other = self.candidate(name), self.candidate(against or self.reference)
        return paired_ratio(one.values(key), other.values(key)) if one and other else None


class ScenarioResult(msgspec.Struct, kw_only=True):
    name: str
    question: str
    note: str
    groups: list[GroupResult]

    def group(self, name: str) -> GroupResult | None:
        return next((found for found in self.groups if found.name == name), None)


class TargetResult(msgspec.Struct, kw_only=True):
    """A promise and what was measured; `met` is None where it could not be."""

    scenario: str
    words: str
    bound: str
    measured: float | None
    met: bool | None


class RunResult(msgspec.Struct, kw_only=True):
    """Everything of one run. `load` is the machine's when it began, over the last minute."""

    form: int = FORM
    at: str
    quick: bool
    seconds: float
    machine: Machine
    versions: dict[str, str]
    load: float
    absent: list[str]
    scenarios: list[ScenarioResult]
    targets: list[TargetResult] = []

    def scenario(self, name: str) -> ScenarioResult | None:
        return next((found for found in self.scenarios if found.name == name), None)


def write_results(run: RunResult, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")


def read_results(path: Path) -> RunResult:
    """Read what write_results wrote; raises ResultsError."""
    try:
        run = msgspec.json.decode(path.read_bytes(), type=RunResult)
    except (OSError, msgspec.DecodeError) as error:
        raise ResultsError(f"{path}: {error}") from error
    if run.form != FORM:
        raise ResultsError(f"{path}: form {run.form} is not the form {FORM} read here")
    return run
