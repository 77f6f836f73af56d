"""A small file that a person wrote, read in one go.

Whatever else is named in its place, a pipe or a device, neither hangs the program nor fills its memory.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_BYTES_MOST = 16 * 1024 * 1024


def read_small(path: Path) -> bytes:
    """Return the bytes of a file, or of a pipe; of one that nobody writes to there are none.

    Raises OSError, also for one of more than 16 MB.
    """
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(fd, "rb") as file:
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(fd, True)
        data = file.read(_BYTES_MOST + 1)
    if len(data) > _BYTES_MOST:
        raise OSError(errno.EFBIG, "has more than 16 MB", str(path))
    return data
