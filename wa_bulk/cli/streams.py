"""The process's own streams, made so that a run outlives whoever watches it."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def steady() -> None:
    """Make stdin, stdout and stderr safe for as long as the process lasts.

    One that is closed is opened on the null device: otherwise the log or a socket would get its number, and
    what is meant for the screen would end up in there. What is written to stderr is lost where it cannot be
    written (a full disk, a terminal or a pipe that is gone); and no stream stumbles over a letter that its
    encoding lacks.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdin = sys.stdin or _opened(0, "r")
    sys.stdout = sys.stdout or _opened(1, "w")
    sys.stderr = sys.stderr or _opened(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stderr, io.TextIOWrapper) and _is_plain_file(sys.stderr):
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(_LossyFile(2, "w", closefd=False)),
            encoding=sys.stderr.encoding,
            errors="replace",
            line_buffering=True,
        )


def give_up_stdout() -> bool:
    """Return whether stdout takes nothing more; what is still to be flushed is then dropped."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return True
    return False


class _LossyFile(io.FileIO):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            written = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written


def _opened(number: int, mode: str) -> io.TextIOWrapper:
    stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as we live
    assert isinstance(stream, io.TextIOWrapper)
    return stream


def _is_plain_file(stream: io.TextIOWrapper) -> bool:
    """Return whether it is not, say, the console of Windows, which has a writer of its own."""
    return type(getattr(stream.buffer, "raw", stream.buffer)) is io.FileIO
