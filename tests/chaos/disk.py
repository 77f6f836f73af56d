"""A disk too small for the log: a tmpfs of its own where permitted, a limit to file sizes elsewhere."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Way = Literal["tmpfs", "limit"]
FULL = {"tmpfs": "No space left on device", "limit": "File too large"}


class SmallDisk:
    """`folder` takes `size` bytes, until it is `extend`ed."""

    def __init__(self, folder: Path, way: Way, size: int) -> None:
        self.folder = folder
        self.full = FULL[way]
        self._way = way
        self._size: int | None = size

    @property
    def before_start(self) -> Callable[[], None] | None:
        """To be called by a process that is to feel it, before it begins."""
        size = self._size
        if self._way == "tmpfs" or size is None:
            return None
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    def extend(self) -> None:
        """Makes enough room."""
        self._size = None
        if self._way == "tmpfs":
            _mount("-o", "remount,size=64m", str(self.folder))


@contextmanager
def small_disk(way: Way, size: int) -> Iterator[SmallDisk]:
    """A disk for `size` bytes."""
    with tempfile.TemporaryDirectory(prefix="small-disk-") as name:
        folder = Path(name)
        if way == "limit":
            yield SmallDisk(folder, way, size)
            return
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", name)
        try:
            yield SmallDisk(folder, way, size)
        finally:
            subprocess.run(["umount", name], check=True)


def ways() -> list[Way]:
    """Those that work here."""
    try:
        with small_disk("tmpfs", 4096):
            return ["limit", "tmpfs"]
    except (OSError, subprocess.CalledProcessError):
        return ["limit"]


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
