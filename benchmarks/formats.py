"""The words and figures of a run's tables, shared by the terminal and the documentation."""

from benchmarks.results import CandidateResult, GroupResult, RunResult, ScenarioResult, TargetResult

IDLE_LOAD = 0.5


def group_title(scenario: ScenarioResult, group: GroupResult) -> str:
    server = f", server: {group.server}" if group.server else ""
    return f"{scenario.name}: {group.name}{server}"


def group_headings(group: GroupResult) -> list[str]:
    """Return the headings of group_rows' cells."""
    return ["", *(column.heading for column in group.columns), f"× {group.reference}"]


def group_rows(group: GroupResult) -> list[list[str]]:
    """Return a line of cells for each candidate: name, median ± spread, …, ratio to the reference."""
    return [_candidate_row(group, candidate) for candidate in group.candidates]


def group_problems(group: GroupResult) -> list[str]:
    """Return a sentence for each candidate that could not be measured."""
    return [f"{candidate.name}: {candidate.problem}" for candidate in group.candidates if candidate.problem]


def _candidate_row(group: GroupResult, candidate: CandidateResult) -> list[str]:
    cells = [candidate.name]
    for column in group.columns:
        summary = candidate.summary(column.key)
        if summary is None:
            cells.append("–")
            continue
        cell = f"{summary.median:,.{column.decimals}f}"
        if column is group.columns[0] and len(candidate.samples) > 1:
            cell += f" ± {summary.spread:.0%}"
        cells.append(cell)
    ratio = group.ratio(candidate.name)
    cells.append("–" if ratio is None else f"{ratio:.3g}")
    return cells


def target_row(target: TargetResult) -> list[str]:
    """Return a target's cells but the verdict: what it is of, the bound, what was measured."""
    measured = "–" if target.measured is None else f"{target.measured:.3g}"
    return [target.words, target.bound, measured]


def verdict(target: TargetResult) -> str:
    return {True: "met", False: "missed", None: "not measured"}[target.met]


def machine_lines(run: RunResult) -> list[str]:
    """Return where and with what a run was measured."""
    machine = run.machine
    memory = f", {machine.memory_mb / 1000:.0f} GB" if machine.memory_mb else ""
    if machine.client_core is None:
        pinning = "client and server not pinned to cores of their own"
    else:
        pinning = f"client pinned to core {machine.client_core}, server to core {machine.server_core}"
    lines = [
        f"{machine.processor}, {machine.cores} cores{memory}, {machine.system}; {pinning}",
        f"{machine.python}, {machine.openssl}; "
        + ", ".join(f"{name} {version}" for name, version in run.versions.items()),
        f"{run.at}, {'quick' if run.quick else 'full'} run, {run.seconds / 60:.0f} min",
    ]
    if run.load > IDLE_LOAD:
        lines.append(f"the machine was not idle: load {run.load:.1f} when the run began")
    if run.absent:
        lines.append(f"not on this machine: {', '.join(run.absent)}")
    return lines
