"""One run owns a log: an exclusive lock on the log file itself, held for as long as it is open."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import shlex
import sys
from pathlib import Path

import msgspec

from wa_bulk.ledger.log_bytes import open_to_read, refuse_special
from wa_bulk.ledger.log_format import LogError

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


if sys.platform == "darwin":

    def _sync(fd: int) -> None:
        # fsync alone leaves the data in the drive's cache there.
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)

else:
    _sync = getattr(os, "fdatasync", os.fsync)

_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
"""What a file system without locks answers."""
_LOCK_TRIES = 10


class LockedLog:
    """A log that this process alone appends to. Close it, or hand it to a ledger, which will."""

    def __init__(self, path: Path, fd: int) -> None:
        """Take the lock on `fd`; raises LogError, having closed it, if another process has it."""
        self.path = path
        self.fd = fd
        try:
            is_free = _try_lock(fd)
        except OSError as error:
            self.close()
            advice = "keep it on a local disk" if error.errno in _NO_LOCKS else "try again"
            raise LogError(f"cannot lock the log {path}: {error.strerror}; {advice}") from error
        if not is_free:
            self.close()
            raise LogError(f"{_owner(path)} is writing to {path}: wait for it to end, or stop it")

    @classmethod
    def create(cls, path: Path | str) -> LockedLog:
        """Make a new log, readable by its owner only. Raises LogError if it exists or cannot be made."""
        path = Path(path)
        try:
            fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise exists_already(path) from None
        except OSError as error:
            raise LogError(f"cannot create the log {path}: {error.strerror}") from error
        try:
            return cls(path, fd)
        except LogError:
            path.unlink(missing_ok=True)
            raise

    @classmethod
    def claim(cls, path: Path | str) -> LockedLog:
        """Open a log to go on with. Raises LogError if it cannot be opened or another process owns it."""
        path = Path(path)
        try:
            refuse_special(path, path.stat())
            fd = os.open(path, _FLAGS)
        except OSError as error:
            raise LogError(f"cannot open the log {path}: {error.strerror}") from error
        return cls(path, fd)

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end. Raises OSError; a part of it may be written then."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.fd, rest) :]

    def sync(self) -> None:
        """Return once everything that was written is on the disk. Raises OSError."""
        _sync(self.fd)

    def sync_name(self) -> None:
        """Make the name of a new file as durable as what is in it, where the system can."""
        with contextlib.suppress(OSError):
            fd = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def size(self) -> int:
        """Return how many bytes there are. Raises OSError."""
        return os.fstat(self.fd).st_size

    def ends_within_line(self) -> bool:
        """Return whether the last byte is something else than the end of a line. Raises OSError."""
        size = self.size()
        if size == 0:
            return False
        os.lseek(self.fd, size - 1, os.SEEK_SET)
        return os.read(self.fd, 1) != b"\n"

    def is_in_place(self) -> bool:
        """Return whether `path` still names this file: log rotation deletes or renames it."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self.fd))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def discard(self) -> None:
        """Remove the name of a new log again."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the log go. Harmless when it was let go before."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            # What matters was synced before; there is nothing left that a failing close could lose.
            with contextlib.suppress(OSError):
                os.close(fd)


def exists_already(path: Path) -> LogError:
    """Return what to say where a new log is to have the name of an old one."""
    return LogError(
        f"{path} exists already: go on with it by `wa-bulk resume {shlex.quote(str(path))}`, or choose "
        "another log"
    )


def is_being_written(path: Path | str) -> bool:
    """Return whether a process has this log open for appending.

    Raises LogError if the log cannot be opened, or it cannot be told. Where a file system has no locks,
    nobody could have begun to write a log there.
    """
    path = Path(path)
    fd = open_to_read(path)
    try:
        return not _try_lock(fd)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise LogError(f"cannot tell whether the log {path} is being written: {error.strerror}") from error
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    """Take the lock; False if another process has it. Raises OSError where that cannot be told."""
    for tries_left in reversed(range(_LOCK_TRIES)):
        try:
            _lock(fd)
            return True
        except (BlockingIOError, PermissionError):
            return False
        except InterruptedError:  # by the server of a network file system; Python itself repeats the others
            if not tries_left:
                raise
    raise AssertionError("the loop returns or raises")


class _Owner(msgspec.Struct):
    pid: int | None = None


def _owner(path: Path) -> str:
    """Name the writer of a log, by the pid of its last run line."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
            start = max(log.rfind(b'{"type":"run",'), 0)
            end = log.find(b"\n", start)
            run = msgspec.json.decode(log[start : end if end >= 0 else len(log)], type=_Owner)
    except (OSError, ValueError, msgspec.MsgspecError):
        return "another process"
    return "another process" if run.pid is None else f"another process (pid {run.pid})"
