"""One measured run of a candidate's process."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.machine import pinned, process_cpu_s

LAUNCHER = Path(__file__).with_name("launch.py")
ROOT = Path(__file__).parent.parent
OBSERVE_EVERY_S = 0.25


class Observation(msgspec.Struct):
    """What a live process had used of the CPU at a moment of the monotonic clock, both seconds."""

    at_s: float
    cpu_s: float


class Started(msgspec.Struct):
    pid: int


class Ended(msgspec.Struct):
    status: int
    wall_s: float
    cpu_s: float
    peak_rss: int


class Finished(msgspec.Struct, kw_only=True):
    """A process that has ended. `peak_rss` is in bytes; `server_cpu_s` is what its server used meanwhile."""

    status: int
    wall_s: float
    cpu_s: float
    peak_rss: int
    stdout: bytes
    stderr: str
    observations: list[Observation]
    server_cpu_s: float | None = None

    @property
    def last_words(self) -> str:
        lines = self.stderr.strip().splitlines() or ["no error was printed"]
        return lines[-1]


class ProcessError(RuntimeError):
    """A candidate's process could not be measured."""


def run_measured(
    command: Sequence[str],
    *,
    core: int | None,
    environment: Mapping[str, str],
    timeout_s: float,
    observe: bool = False,
) -> Finished:
    """Run `command` to its end on `core`, and return what it printed and cost.

    With `observe`, its CPU time is also read as it goes. Raises ProcessError when it outlives `timeout_s`.
    """
    read_fd, write_fd = os.pipe()
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(write_fd)]
    process = subprocess.Popen(
        pinned(core, [*launcher, *command]),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(write_fd,),
        start_new_session=True,
    )
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as report:
        observations: list[Observation] = []
        observer = None
        if observe:
            started = msgspec.json.decode(report.readline(), type=Started)
            observer = threading.Thread(
                target=_observe, args=(started.pid, process, observations), daemon=True
            )
            observer.start()
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"not finished after {timeout_s:.0f} s") from None
        finally:
            _end_session(process)
        lines = report.read().splitlines()
    if observer:
        observer.join()
    if not lines:
        raise ProcessError(stderr.decode(errors="replace").strip() or "the launcher did not report")
    ended = msgspec.json.decode(lines[-1], type=Ended)
    return Finished(
        status=ended.status,
        wall_s=ended.wall_s,
        cpu_s=ended.cpu_s,
        peak_rss=ended.peak_rss,
        stdout=stdout,
        stderr=stderr.decode(errors="replace"),
        observations=observations,
    )


def _observe(pid: int, process: "subprocess.Popen[bytes]", observations: list[Observation]) -> None:
    while process.poll() is None:
        cpu_s = process_cpu_s(pid)
        if cpu_s is None:
            return
        observations.append(Observation(time.monotonic(), cpu_s))
        time.sleep(OBSERVE_EVERY_S)


def _end_session(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
