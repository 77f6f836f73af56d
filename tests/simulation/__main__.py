"""Search for seeds that break an invariant, or look at one.

python -m tests.simulation --seed 123 --trace      plays one seed, with all that happens in it
python -m tests.simulation --seeds 100000 --jobs 2 plays many, with progress and a summary
python -m tests.simulation --cluster …             plays campaigns over several machines
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict

import msgspec

from tests.simulation.cluster.simulation import ClusterReport, simulate_cluster
from tests.simulation.scenario import Scenario
from tests.simulation.search import Findings, Simulate, folder, search_in_processes
from tests.simulation.simulation import Report, simulate

PROGRESS_S = 10.0
FAULTS_SHOWN = 5


def main(arguments: list[str]) -> int:
    """Return 1 if any seed failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, help="play this one seed")
    parser.add_argument(
        "--trace", action="store_true", help="with --seed: show all that happens, and the log"
    )
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to play (1000)")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes play (1)")
    parser.add_argument("--cluster", action="store_true", help="several machines, over Redis")
    options = parser.parse_args(arguments)
    play = simulate_cluster if options.cluster else simulate
    if options.seed is not None:
        with folder() as path:
            return _show(play(options.seed, path), with_trace=options.trace)
    seeds = range(options.first, options.first + options.seeds)
    return _search(seeds, options.jobs, play, " --cluster" if options.cluster else "")


def _show(report: Report | ClusterReport, *, with_trace: bool) -> int:
    if with_trace or report.faults:
        print(report.scenario if isinstance(report, ClusterReport) else describe(report.scenario))
    if with_trace:
        print(*report.trace, sep="\n")
        print(report.log.decode(errors="replace"))
    print(f"seed {report.seed}: {len(report.trace)} events, trace {report.trace_hash}")
    for fault in report.faults:
        print(f"  {fault}")
    return 1 if report.faults else 0


def describe(scenario: Scenario) -> str:
    """Put a scenario in words, without its rows."""
    lines = [
        f"{len(scenario.recipients)} rows, {scenario.shape}; answers after {scenario.latency_s} s and more",
        f"answers and faults by weight: {scenario.weights}",
        f"connections by weight: {scenario.connect_weights}",
    ]
    for number, stretch in enumerate(scenario.stretches, 1):
        settings = msgspec.structs.asdict(stretch.settings)
        lines.append(f"stretch {number}: {', '.join(f'{name} {value}' for name, value in settings.items())}")
        lines += [f"    {one}" for one in (*stretch.interference, *stretch.outages, stretch.disk)]
    return "\n".join(lines)


def _search(seeds: range, jobs: int, play: Simulate, options: str) -> int:
    began = shown = time.monotonic()
    findings = Findings()
    for batch in search_in_processes(seeds, jobs, play):
        findings.add(batch)
        for seed, faults in batch.failed.items():
            print(f"seed {seed} failed; again: python -m tests.simulation{options} --seed {seed} --trace")
            print(*(f"  {fault}" for fault in faults[:FAULTS_SHOWN]), sep="\n", flush=True)
        if time.monotonic() - shown > PROGRESS_S:
            shown = time.monotonic()
            speed = findings.seeds / (shown - began)
            print(
                f"{findings.seeds:,} of {len(seeds):,} seeds, {speed:.0f}/s, {len(findings.failed)} failed",
                file=sys.stderr,
                flush=True,
            )
    took_s = time.monotonic() - began
    print(summary(findings.met))
    print(f"{findings.seeds:,} seeds in {took_s:.0f} s, {1000 * took_s / len(seeds):.1f} ms each; ", end="")
    print(
        f"{len(findings.failed)} failed: {sorted(findings.failed)[:50]}" if findings.failed else "none failed"
    )
    return 1 if findings.failed else 0


def summary(met: Counter[str]) -> str:
    """Put what was met in words, a kind a line."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for what, times in sorted(met.items()):
        kind, separator, rest = what.partition(": ")
        kinds[kind if separator else "events"].append(f"{rest or what} {times:,}")
    return "\n".join(f"{kind}: {', '.join(found)}" for kind, found in sorted(kinds.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
