"""`wa-bulk callbacks` as a process of its own, and a poster that repeats only what got no 200."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_WITHIN_S = 30.0
LOOK_EVERY_S = 0.02


class Process:
    """A started receiver. `errors` is what it wrote to stderr so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
        self.process = process
        self.port = port
        self._errors = errors

    @property
    def errors(self) -> str:
        return self._errors.read_text(encoding="utf-8")


@contextmanager
def running(
    file: Path,
    port: int,
    *options: str,
    before_start: Callable[[], None] | None = None,
    **environment: str,
) -> Iterator[Process]:
    """Run the command until left, listening."""
    errors = file.with_name(f"errors-{time.monotonic_ns()}")
    with errors.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "wa_bulk", "callbacks", "--port", str(port), *options],
            env={**os.environ, "WA_BULK_DB": str(file), **environment},
            stdin=subprocess.DEVNULL,
            stderr=out,
            preexec_fn=before_start,
        )
    try:
        give_up_at = time.monotonic() + START_WITHIN_S
        while post(port, b"") != 200:
            assert process.poll() is None, errors.read_text(encoding="utf-8")
            assert time.monotonic() < give_up_at, "it does not listen"
            time.sleep(LOOK_EVERY_S)
        yield Process(process, port, errors)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def post(port: int, body: bytes) -> int:
    """Return the status of the answer, 0 where there was none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/", body)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def post_all(port: int, bodies: Sequence[bytes], answered: set[int]) -> None:
    """Post those bodies whose numbers are not in `answered`, and put those in that get a 200."""
    for number, body in enumerate(bodies):
        if number not in answered:
            if post(port, body) != 200:
                return
            answered.add(number)
