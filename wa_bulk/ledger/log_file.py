"""What a journal asks of the file it writes, so that a simulated disk can stand in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class LogFile(Protocol):
    """An open log, to be appended to. All but `path` may wait for a disk, and may raise OSError."""

    @property
    def path(self) -> Path:
        """Where it is."""
        ...

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end; a part of it may be there when that fails."""
        ...

    def sync(self) -> None:
        """Return once everything that was appended is on the disk."""
        ...

    def sync_name(self) -> None:
        """Make the name of a new file as durable as what is in it, where the system can."""
        ...

    def size(self) -> int:
        """Return how many bytes there are."""
        ...

    def ends_within_line(self) -> bool:
        """Return whether the last byte is something else than the end of a line."""
        ...

    def is_in_place(self) -> bool:
        """Return whether `path` still names this file."""
        ...

    def discard(self) -> None:
        """Remove the name of a new file again."""
        ...

    def close(self) -> None:
        """Let the file go. Never fails; harmless when it was let go before."""
        ...
