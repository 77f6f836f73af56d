"""Files of our own that recipients are kept in while they are used: readable by their owner only."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import BinaryIO

from wa_bulk.campaign.sources.base import SourceError


class Spool:
    """A new file that is gone when nobody holds on to it any more, or with the process.

    `path` leads to it. Where the system can open a file without a name, it has none, so that not even a
    process that is killed leaves it behind.
    """

    def __init__(self) -> None:
        fd, name = tempfile.mkstemp(prefix="wa-bulk-")
        self.file: BinaryIO = os.fdopen(fd, "w+b")
        self.path = Path(name)
        by_descriptor = Path(f"/proc/self/fd/{fd}")
        if by_descriptor.exists():
            self.path.unlink()
            self.path = by_descriptor
        self._end = weakref.finalize(self, _remove, self.file, Path(name))


def _remove(file: BinaryIO, path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)


def keep_standard_input(path: Path) -> None:
    """Copy standard input to a new file, readable by its owner only.

    Raises SourceError where it is empty or a terminal, and where the file exists or cannot be written.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                copy_standard_input(file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be written, where standard input is to be kept: {error.strerror}"
        ) from error


def copy_standard_input(file: BinaryIO) -> None:
    """Copy standard input to `file`. Raises SourceError where it is a terminal, or empty."""
    if sys.stdin.isatty():
        raise SourceError(
            "standard input is a terminal: lead the recipients into it, as in `wa-bulk … <file.csv`"
        )
    shutil.copyfileobj(sys.stdin.buffer, file)
    file.flush()
    if not file.tell():
        raise SourceError("standard input is empty; its first line must name the columns")
