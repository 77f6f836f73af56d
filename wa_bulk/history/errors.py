"""What can be wrong with the account's memory, said so that a person can act on it.

HistoryError
├── HistoryLocked       another process holds the file for longer than we wait
├── HistoryDamaged      the file is not what SQLite wrote
├── HistoryNewer        a newer wa-bulk wrote it
├── HistoryForeign      the file belongs to another program
└── HistoryUnavailable  the disk is full, the folder cannot be written, the device failed
"""

from __future__ import annotations

import sqlite3

DB_VARIABLE = "WA_BULK_DB"
"""The environment variable that names the file of the account's memory."""

_OTHER_FILE = f"or name another file in {DB_VARIABLE}"
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE = 0xFF  # an extended result code carries the primary one in its low byte


class HistoryError(Exception):
    """The account's memory cannot be used. `path` is its file; the text says why and what to do."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"the account's memory {self.path} {self.message}"

    def __reduce__(self) -> tuple[object, ...]:  # its kinds are made of other arguments
        return _made_of, (type(self), self.path, self.message)


def _made_of(kind: type[HistoryError], path: str, message: str) -> HistoryError:
    error = kind.__new__(kind)
    HistoryError.__init__(error, path, message)
    return error


class HistoryLocked(HistoryError):
    """Another process holds the file for longer than we wait."""

    def __init__(self, path: str) -> None:
        super().__init__(path, f"is locked by another process: wait for it to end, or stop it, {_OTHER_FILE}")


class HistoryDamaged(HistoryError):
    """The file is not what SQLite wrote."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(
            path,
            f"is damaged ({fault}). It may hold the numbers of people who wrote STOP, so do not delete it: "
            f"restore a backup, or move it aside and save what can be read by `sqlite3 FILE .recover`, "
            f"{_OTHER_FILE}",
        )


class HistoryNewer(HistoryError):
    """A newer wa-bulk wrote the file."""

    def __init__(self, path: str, version: int, known: int) -> None:
        super().__init__(
            path,
            f"was written by a newer wa-bulk (schema {version}; this one knows up to {known}): "
            f"update wa-bulk, {_OTHER_FILE}",
        )


class HistoryForeign(HistoryError):
    """The file is a database of another program."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path, f"is the database of another program: name a file that wa-bulk made in {DB_VARIABLE}"
        )


class HistoryUnavailable(HistoryError):
    """The file cannot be opened, read or written: a full disk, a missing right, a failing device."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(path, f"cannot be used ({fault}): mend that, {_OTHER_FILE}")


def history_error(path: str, error: sqlite3.Error | OSError) -> HistoryError:
    """Return what `error` means for the file at `path`."""
    if isinstance(error, OSError):
        return HistoryUnavailable(path, error.strerror or str(error))
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & _PRIMARY_CODE
    if primary in _LOCKED:
        return HistoryLocked(path)
    if primary in _DAMAGED:
        return HistoryDamaged(path, str(error))
    return HistoryUnavailable(path, str(error))
