"""Submits a campaign to a Redis of its own, has one worker send it, and prints what both cost.

    python -m benchmarks.workers.cluster CAMPAIGN.toml ROWS BASE_URL --directory FOLDER [--core N]

The worker runs where this process does, Redis on `--core`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.scenarios.wa_bulk_cli import program

STARTS_WITHIN_S = 10.0


class ClusterReport(msgspec.Struct):
    """The worker's rows, seconds and CPU seconds from start to end, and peak RSS (bytes); and Redis' own."""

    rows: int
    seconds: float
    cpu_s: float
    peak_rss: int
    redis_cpu_s: float
    redis_peak_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("campaign")
    parser.add_argument("rows", type=int)
    parser.add_argument("base_url")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    folder = options.directory / "redis"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "redis.sock"
    pinned = [] if options.core is None else ["taskset", "-c", str(options.core)]
    settings = [
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "yes",
    ]
    settings += ["--appendonly", "yes"]
    redis = subprocess.Popen([*pinned, "redis-server", *settings], stdout=subprocess.DEVNULL)
    try:
        by = time.monotonic() + STARTS_WITHIN_S
        while not path.exists() and time.monotonic() < by:
            time.sleep(0.01)
        print(msgspec.json.encode(measured(options, path)).decode())
    finally:
        redis.kill()
        redis.wait()


def measured(options: argparse.Namespace, path: Path) -> ClusterReport:
    """Submit the campaign, send it, and see that every row was accepted."""
    environment = {**os.environ, "WA_BULK_REDIS": f"unix://{path}", "WA_BULK_BASE_URL": options.base_url}
    submit = [*program(), "cluster", "submit", options.campaign, "--rate", "0", "--again"]
    submitted = subprocess.run(submit, env=environment, capture_output=True, text=True, check=False)
    if submitted.returncode:
        sys.exit(submitted.stderr)
    before = info(path, "used_cpu_user") + info(path, "used_cpu_sys")
    began = time.monotonic()
    worker = subprocess.Popen(
        [*program(), "cluster", "worker", "--until-done"], env=environment, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(worker.pid, 0)
    seconds = time.monotonic() - began
    redis_cpu_s = info(path, "used_cpu_user") + info(path, "used_cpu_sys") - before
    told = subprocess.run(
        [*program(), "cluster", "status", submitted.stdout.strip(), "--json"],
        env=environment,
        capture_output=True,
        check=True,
    )
    accepted = msgspec.json.decode(told.stdout)["totals"]["accepted"]
    if status or accepted != options.rows:
        sys.exit(f"the worker ended with {status}, {accepted} of {options.rows} rows accepted")
    return ClusterReport(
        rows=accepted,
        seconds=seconds,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_rss=usage.ru_maxrss * 1024,
        redis_cpu_s=redis_cpu_s,
        redis_peak_bytes=int(info(path, "used_memory_peak")),
    )


def info(path: Path, name: str) -> float:
    """Read a number of what Redis tells of itself."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n")
        length = int((line := _line(connection))[1:])
        assert line[:1] == b"$"
        text = b""
        while len(text) < length:
            text += connection.recv(length - len(text))
    return float(text.split(f"\r\n{name}:".encode())[1].split(b"\r\n")[0])


def _line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\r\n"):
        line += connection.recv(1)
    return line


if __name__ == "__main__":
    main()
