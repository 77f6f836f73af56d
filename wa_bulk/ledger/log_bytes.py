"""A log as bytes: opened without waiting for ever, and read in whole lines of a bounded length."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from wa_bulk.ledger.log_format import LogError

BLOCK_BYTES = 1 << 16
"""Less than 128 KiB, above which the C library asks the system for fresh pages for every block."""
LINE_BYTES_MAX = 1 << 24
"""A line of this length or more is not read."""


class Piece(NamedTuple):
    """Whole lines of the file. `data` is None for one line that is too long."""

    line: int
    offset: int
    data: bytes | None
    lines: int


def open_to_read(path: Path) -> int:
    """Open a log for reading and return its file descriptor.

    Raises LogError where that fails, and for a pipe or a device, which would be waited on for ever.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise LogError(f"cannot open the log {path}: {error.strerror}") from error
    try:
        refuse_special(path, os.fstat(fd))
    except LogError:
        os.close(fd)
        raise
    return fd


def refuse_special(path: Path, found: os.stat_result) -> None:
    """Raise LogError for what is no regular file: opened to be written, a pipe is waited on for ever."""
    if not stat.S_ISREG(found.st_mode):
        kind = "a pipe" if stat.S_ISFIFO(found.st_mode) else "no regular file"
        raise LogError(f"{path} is not a log of wa_bulk: it is {kind}")


def pieces(path: Path, at_end: Callable[[], bool] | None = None) -> Iterator[Piece]:
    """Yield the file in whole lines. A line that is too long is not kept in memory.

    Where all is read, `at_end` says whether to look for more.
    """
    number, offset = 1, 0
    rest = b""
    skipped: int | None = None  # bytes of a line that is too long
    with open(open_to_read(path), "rb", buffering=0) as file:
        while (block := _read_block(file, path)) or (at_end is not None and at_end()):
            end = block.find(b"\n") + 1
            if skipped is None and len(rest) + (end or len(block)) > LINE_BYTES_MAX:
                rest, skipped = b"", len(rest)
            if skipped is not None:
                skipped += end or len(block)
                if not end:
                    continue
                yield Piece(number, offset, None, 1)
                number, offset, skipped = number + 1, offset + skipped, None
                block = block[end:]
            end = block.rfind(b"\n") + 1
            if end:
                data = rest + block[:end]
                lines = data.count(b"\n")
                yield Piece(number, offset, data, lines)
                number, offset = number + lines, offset + len(data)
                rest = block[end:]
            else:
                rest += block
    if skipped is not None:
        yield Piece(number, offset, None, 1)
    elif rest:
        yield Piece(number, offset, rest, 1)


def _read_block(file: FileIO, path: Path) -> bytes:
    try:
        return file.read(BLOCK_BYTES)
    except OSError as error:
        raise LogError(f"cannot read the log {path}: {error.strerror}") from error
