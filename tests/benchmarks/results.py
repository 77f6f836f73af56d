"""Made-up results, for the tests of what is done with them."""

from benchmarks.machine import Machine
from benchmarks.results import CandidateResult, ColumnHeading, GroupResult, RunResult, ScenarioResult


def candidate(name: str, *samples: dict[str, float], problem: str | None = None) -> CandidateResult:
    return CandidateResult(name=name, ours=name.startswith("wa"), samples=list(samples), problem=problem)


def run_of(scenario: str, group: str, reference: str, *candidates: CandidateResult) -> RunResult:
    """Return a run of one scenario with one group, whose columns are the samples' keys."""
    keys = next(list(found.samples[0]) for found in candidates if found.samples)
    columns = [ColumnHeading(key=key, heading=f"{key} (unit)", decimals=1) for key in keys]
    return RunResult(
        at="2026-01-01T00:00:00+00:00",
        quick=True,
        seconds=60,
        machine=Machine(
            processor="a processor",
            cores=2,
            memory_mb=8000,
            system="Linux",
            python="CPython 3.11",
            openssl="OpenSSL 3",
            client_core=1,
            server_core=0,
        ),
        versions={"wrk": "4.1.0"},
        load=0.1,
        absent=["nginx"],
        scenarios=[
            ScenarioResult(
                name=scenario,
                question="How fast?",
                note="A note.",
                groups=[
                    GroupResult(
                        name=group,
                        columns=columns,
                        reference=reference,
                        server="bundled",
                        candidates=list(candidates),
                    )
                ],
            )
        ],
    )
