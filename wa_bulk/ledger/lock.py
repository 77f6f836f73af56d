"""One run owns a log: an exclusive lock on the log file itself, held for as long as it is open."""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
import sys
from pathlib import Path

import msgspec

from wa_bulk.ledger.log_format import LogError, RunLine

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: a byte far behind any log keeps readers undisturbed.
    LOCKED_BYTE = 1 << 62

    def _lock(fd: int) -> None:
        os.lseek(fd, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class LockedLog:
    """A log that this process alone appends to. Close it, or hand it to a Journal, which will."""

    def __init__(self, path: Path, fd: int) -> None:
        """Takes the lock on `fd`; raises LogError, having closed it, if another process has it."""
        self.path = path
        self.fd = fd
        try:
            _lock(fd)
        except OSError as error:
            self.close()
            if isinstance(error, BlockingIOError | PermissionError):
                raise LogError(
                    f"{_owner(path)} is writing to {path}: wait for it to end, or stop it"
                ) from None
            raise LogError(
                f"cannot lock the log {path}: {error.strerror}; keep it on a local disk"
            ) from error

    @classmethod
    def create(cls, path: Path | str) -> LockedLog:
        """A new log, readable by its owner only. Raises LogError if it exists or cannot be made."""
        path = Path(path)
        try:
            return cls(path, os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise LogError(
                f"{path} exists already: go on with it by `wa-bulk resume {path}`, or choose another log"
            ) from None
        except OSError as error:
            raise LogError(f"cannot create the log {path}: {error.strerror}") from error

    @classmethod
    def claim(cls, path: Path | str) -> LockedLog:
        """A log to go on with. Raises LogError if it cannot be opened or another process owns it."""
        path = Path(path)
        try:
            if stat.S_ISFIFO(path.stat().st_mode):  # opened, it would be waited on for ever
                raise LogError(f"{path} is not a log of wa_bulk: it is a pipe")
            return cls(path, os.open(path, _FLAGS))
        except OSError as error:
            raise LogError(f"cannot open the log {path}: {error.strerror}") from error

    def close(self) -> None:
        """Lets the log go. Harmless when it was let go before."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            # What matters was synced before; there is nothing left that a failing close could lose.
            with contextlib.suppress(OSError):
                os.close(fd)


def is_being_written(path: Path | str) -> bool:
    """Whether a process has this log open for appending. Raises LogError if the log cannot be opened."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise LogError(f"cannot open the log {path}: {error.strerror}") from error
    try:
        _lock(fd)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(fd)
    return False


def _owner(path: Path) -> str:
    """The writer of a log, by the pid of its last run line."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
            start = max(log.rfind(b'{"type":"run",'), 0)
            end = log.find(b"\n", start)
            run = msgspec.json.decode(log[start : end if end >= 0 else len(log)], type=RunLine)
    except (OSError, ValueError, msgspec.MsgspecError):
        return "another process"
    return "another process" if run.pid is None else f"another process (pid {run.pid})"
