"""Runs one command and reports what it cost: `python -I -S launch.py REPORT_FD COMMAND…`.

A process of its own because a child's peak memory starts at its parent's: this parent imports next to
nothing. Writes two lines of JSON to the descriptor: {"pid"} at the start, and at the end {"status",
"wall_s", "cpu_s", "peak_rss"}, the last in bytes.
"""

import os
import resource
import sys
import time

RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    report_fd = int(sys.argv[1])
    command = sys.argv[2:]
    os.set_inheritable(report_fd, False)
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    os.write(report_fd, b'{"pid": %d}\n' % pid)
    _, wait_status, usage = os.wait4(pid, 0)
    report(report_fd, os.waitstatus_to_exitcode(wait_status), time.perf_counter() - started, usage)


def report(report_fd: int, status: int, wall_s: float, usage: resource.struct_rusage) -> None:
    cpu_s = usage.ru_utime + usage.ru_stime
    peak_rss = usage.ru_maxrss * RSS_UNIT_BYTES
    line = f'{{"status": {status}, "wall_s": {wall_s}, "cpu_s": {cpu_s}, "peak_rss": {peak_rss}}}\n'
    os.write(report_fd, line.encode())


if __name__ == "__main__":
    main()
