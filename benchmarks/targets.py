"""What wa_bulk promises of its speed, as data, and how a run measures up to it."""

from dataclasses import dataclass
from typing import Literal

from benchmarks.results import CandidateResult, RunResult, TargetResult
from benchmarks.scenarios import callbacks, campaign, client, cluster, memory, pacing, resume, startup
from benchmarks.stats import paired_difference, paired_ratio

DUPLICATE_CHECK_BYTES_A_ROW = 16
GROWTH_MB_MOST = 6 + DUPLICATE_CHECK_BYTES_A_ROW * (memory.MOST - memory.FEWEST) / 1_000_000


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on a candidate's column: on the median, or on its paired ratio or difference to another's."""

    words: str
    scenario: str
    group: str
    candidate: str
    column: str
    of: Literal["value", "ratio", "difference"] = "value"
    against: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def bound(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


def of_campaign(words: str, group: str, against: str, at_least: float) -> Target:
    return Target(
        words=words,
        scenario="campaign",
        group=group,
        candidate=campaign.WA_BULK,
        column="per_s",
        of="ratio",
        against=against,
        at_least=at_least,
    )


def of_pacing(
    words: str, rate: int, column: str, at_least: float | None = None, at_most: float | None = None
) -> Target:
    return Target(
        words=f"{words} at {rate:,}/s",
        scenario="pacing",
        group=pacing.group_name(rate),
        candidate=pacing.WA_BULK,
        column=column,
        at_least=at_least,
        at_most=at_most,
    )


def of_callbacks(
    words: str,
    group: str,
    column: str,
    candidate: str = callbacks.WA_BULK,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Target:
    return Target(
        words=f"callbacks, {words}",
        scenario="callbacks",
        group=group,
        candidate=candidate,
        column=column,
        at_least=at_least,
        at_most=at_most,
    )


def of_cluster(
    words: str,
    column: str,
    of: Literal["value", "ratio", "difference"] = "value",
    at_least: float | None = None,
    at_most: float | None = None,
) -> Target:
    return Target(
        words=f"cluster, {words}",
        scenario="cluster",
        group=cluster.UNPACED,
        candidate=cluster.WORKER,
        column=column,
        of=of,
        against="" if of == "value" else cluster.SINGLE,
        at_least=at_least,
        at_most=at_most,
    )


def of_shared_pace(
    words: str, rate: int, column: str, at_least: float | None = None, at_most: float | None = None
) -> Target:
    return Target(
        words=f"cluster, {words} {cluster.PACED} at {rate:,}/s",
        scenario="cluster",
        group=cluster.group_name(rate),
        candidate=cluster.PACED,
        column=column,
        at_least=at_least,
        at_most=at_most,
    )


def of_startup(candidate: str, at_most: float) -> Target:
    return Target(
        words=f"{candidate}, of {startup.BARE}",
        scenario="startup",
        group="a process",
        candidate=candidate,
        column="wall_ms",
        of="ratio",
        against=startup.BARE,
        at_most=at_most,
    )


TARGETS = (
    of_campaign("campaign, of wrk", "plain", "wrk", 0.40),
    of_campaign("campaign, of the naive aiohttp script", "plain", campaign.NAIVE_AIOHTTP, 5),
    of_campaign("campaign, of one requests.post a message", "plain", campaign.ONE_A_MESSAGE, 50),
    Target(
        words="campaign, CPU µs a message",
        scenario="campaign",
        group="plain",
        candidate=campaign.WA_BULK,
        column="cpu_us",
        at_most=22,
    ),
    of_campaign("campaign over TLS, of wrk over TLS", "TLS", "wrk", 0.40),
    Target(
        words="Client.send from 64 tasks, of wrk",
        scenario="client",
        group="plain",
        candidate=client.CLIENT,
        column="per_s",
        of="ratio",
        against="wrk",
        at_least=0.45,
    ),
    *(of_pacing("busiest second, % of the rate,", rate, "window_pct", at_most=101) for rate in pacing.RATES),
    *(
        of_pacing("reached over 10 s, % of the rate,", rate, "achieved_pct", at_least=98)
        for rate in pacing.RATES
    ),
    of_pacing("CPU, % of a core,", 1000, "cpu_pct", at_most=5),
    Target(
        words=f"peak RSS MB at {memory.MOST:,} rows",
        scenario="memory",
        group="rows",
        candidate=memory.label(memory.MOST),
        column="peak_rss_mb",
        at_most=90,
    ),
    Target(
        words=f"peak RSS MB more than at {memory.FEWEST:,} rows",
        scenario="memory",
        group="rows",
        candidate=memory.label(memory.MOST),
        column="peak_rss_mb",
        of="difference",
        against=memory.label(memory.FEWEST),
        at_most=GROWTH_MB_MOST,
    ),
    Target(
        words="resume, of reading the log with msgspec",
        scenario="resume",
        group="a long log",
        candidate=resume.ONE_LEFT,
        column="wall_s",
        of="ratio",
        against=resume.MSGSPEC,
        at_most=3,
    ),
    of_callbacks("rows/s stored and answered", callbacks.FASTEST, "per_s", at_least=10_000),
    of_callbacks(f"99 % within ms at {callbacks.PACED}", callbacks.PACED, "p99_ms", at_most=100),
    *(
        target
        for name in (callbacks.SETTLE, callbacks.REPORT)
        for target in (
            of_callbacks(
                f"seconds of `{name}` over 1,000,000 rows", callbacks.JOINING, "wall_s", name, at_most=20
            ),
            of_callbacks(f"peak RSS MB of `{name}`", callbacks.JOINING, "peak_rss_mb", name, at_most=150),
        )
    ),
    of_cluster("one worker, of a single run", "per_s", "ratio", at_least=0.6),
    of_cluster("CPU µs a message more than of a single run", "cpu_us", "difference", at_most=12),
    of_cluster("CPU µs a message of Redis", "redis_us", at_most=10),
    *(
        target
        for rate in cluster.RATES
        for target in (
            of_shared_pace("busiest second, % of the rate,", rate, "window_pct", at_most=101),
            of_shared_pace("reached over 10 s, % of the rate,", rate, "achieved_pct", at_least=97),
            of_shared_pace("script calls/s", rate, "calls_per_s", at_most=200),
        )
    ),
    Target(
        words="cluster, s until others send the rows of a worker that died",
        scenario="cluster",
        group=cluster.TAKEOVER,
        candidate=cluster.KILLED,
        column="takeover_s",
        at_most=35,
    ),
    of_startup(startup.IMPORT, 6),
    of_startup(startup.HELP, 15),
)


def judge(run: RunResult) -> list[TargetResult]:
    """Hold a run against the targets of the scenarios it has."""
    return [_judge(target, run) for target in TARGETS if run.scenario(target.scenario)]


def _judge(target: Target, run: RunResult) -> TargetResult:
    measured = _measured(target, run)
    met = None
    if measured is not None:
        met = (
            measured >= target.at_least if target.at_least is not None else measured <= (target.at_most or 0)
        )
    return TargetResult(
        scenario=target.scenario, words=target.words, bound=target.bound, measured=measured, met=met
    )


def _measured(target: Target, run: RunResult) -> float | None:
    candidate = _find(target, target.candidate, run)
    if candidate is None:
        return None
    if target.of == "value":
        summary = candidate.summary(target.column)
        return summary.median if summary else None
    other = _find(target, target.against, run)
    if other is None:
        return None
    compare = paired_ratio if target.of == "ratio" else paired_difference
    return compare(candidate.values(target.column), other.values(target.column))


def _find(target: Target, name: str, run: RunResult) -> CandidateResult | None:
    scenario = run.scenario(target.scenario)
    group = scenario.group(target.group) if scenario else None
    return group.candidate(name) if group else None
