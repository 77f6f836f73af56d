"""One run owns a log: an exclusive lock on the log file itself, held as long as it is open."""

from pathlib import Path


class LockedLog:
    """A log opened for appending by this process alone. Close it, or hand it to a Journal, which does."""

    path: Path
    fd: int

    @classmethod
    def create(cls, path: Path | str) -> "LockedLog":
        """A new log (mode 0600). Raises LogError if the file exists or cannot be made."""
        raise NotImplementedError

    @classmethod
    def claim(cls, path: Path | str) -> "LockedLog":
        """An existing log, to go on with. Raises LogError if it is missing, or another process owns it (named by pid)."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
