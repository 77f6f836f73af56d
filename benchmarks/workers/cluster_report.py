"""What it cost to have messages sent over a Redis, each kind of process by itself."""

import os
import resource
import subprocess
import sys
from collections.abc import Sequence

import msgspec


class Spent(msgspec.Struct):
    """What a process, or several of a kind, used: CPU seconds, and the most resident bytes of one."""

    cpu_s: float = 0.0
    peak_rss: int = 0

    def add(self, usage: resource.struct_rusage) -> None:
        """Count one more process."""
        self.cpu_s += usage.ru_utime + usage.ru_stime
        self.peak_rss = max(self.peak_rss, usage.ru_maxrss * 1024)


class ClusterReport(msgspec.Struct, kw_only=True):
    """What a run cost. Of Redis, CPU and script calls while workers worked; its memory is bytes, at most."""

    rows: int
    seconds: float
    submit: Spent
    workers: Spent
    collect: Spent
    redis_cpu_s: float
    redis_calls: int
    redis_peak_bytes: int
    redis_peak_rss: int


def end(process: subprocess.Popen[bytes], spent: Spent) -> None:
    """Wait for a process, and count what it used; end all where it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    spent.add(usage)
    if process.returncode:
        words: Sequence[str] = process.args  # type: ignore[assignment]
        sys.exit(f"{' '.join(words[-4:])} ended with {process.returncode}")
