"""From a finished process to what was measured."""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from benchmarks.model import Read, Reading, ReadingError, Stage
from benchmarks.process import Finished

MEGABYTE = 1_000_000
_T = TypeVar("_T")


class Report(msgspec.Struct):
    """What a sending worker prints: messages sent, and the seconds and CPU seconds from the first on."""

    messages: int
    seconds: float
    cpu_s: float


def expect_success(finished: Finished) -> None:
    """Raise ReadingError for a process that did not exit with 0."""
    if finished.status != 0:
        raise ReadingError(f"exit status {finished.status}: {finished.last_words}")


def report_of(finished: Finished, form: type[_T]) -> _T:
    """Return what a worker printed of itself. Raises ReadingError where it failed, or printed no report."""
    expect_success(finished)
    try:
        return msgspec.json.decode(finished.stdout, type=form)
    except msgspec.DecodeError as error:
        raise ReadingError(f"not a report: {error}") from error


def read_report(finished: Finished, stage: Stage) -> Reading:
    """Read a worker that times itself."""
    report = report_of(finished, Report)
    return sending(finished, report.messages, report.seconds, report.cpu_s)


def read_whole_process(messages: Callable[[Stage], int]) -> Read:
    """Return a reader of a process timed from its start to its exit, which sends that number of messages."""

    def read(finished: Finished, stage: Stage) -> Reading:
        expect_success(finished)
        return sending(finished, messages(stage), finished.wall_s, finished.cpu_s)

    return read


def read_wrk(finished: Finished, stage: Stage) -> Reading:
    """Read what wrk prints; replies other than 2xx or socket errors are a failure."""
    expect_success(finished)
    printed = finished.stdout.decode()
    counted = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", printed)
    if not counted or "Non-2xx" in printed or "Socket errors" in printed:
        raise ReadingError(f"wrk: {printed.strip().splitlines()[-1:]}")
    seconds = float(counted[2]) * {"ms": 0.001, "s": 1, "m": 60}[counted[3]]
    return sending(finished, int(counted[1]), seconds, finished.cpu_s)


def sending(finished: Finished, messages: int, seconds: float, cpu_s: float) -> dict[str, float]:
    """Return the readings of the columns every sending scenario has."""
    if not messages:
        raise ReadingError("no message was sent")
    reading = {
        "per_s": messages / seconds,
        "cpu_us": cpu_s / messages * 1e6,
        "peak_rss_mb": finished.peak_rss / MEGABYTE,
    }
    if finished.server_cpu_s is not None:
        reading["server_busy_pct"] = finished.server_cpu_s / seconds * 100
    return reading
