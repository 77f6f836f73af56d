"""The sandbox's SQLite database: locked for one sandbox alone, with errors a person can act on."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

_APPLICATION_ID = 0x77615342
"""Marks our files; `waSB` in ASCII."""


class StoreError(Exception):
    """The database cannot be opened, read or written; the text says which one and why."""


class Database:
    """One connection. `path` None keeps everything in memory.

    A file is made readable by its owner alone, and is locked against a second sandbox while it is open.
    What was committed survives the end of the process, however it ends; a power cut may take the last
    moments.
    """

    def __init__(self, path: str | None) -> None:
        """Open the file. Raises StoreError when it cannot be used."""
        self.name = path or "the database in memory"
        self._connection = _opened(path)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query. Raises StoreError."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.name} cannot be read: {error}") from None

    def number(self, query: str, *values: object) -> int:
        """Return the one number a query gives. Raises StoreError."""
        ((number,),) = self.rows(query, values)
        return int(number)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done within; all of it, or nothing and a StoreError."""
        connection = self._connection
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{self.name} cannot be written: {error}") from None
            raise

    def close(self) -> None:
        """Close the connection and release the lock."""
        self._connection.close()


def _opened(path: str | None) -> sqlite3.Connection:
    if path is not None:
        _create_private(path)
    # An absolute path, so that SQLite gives no name a meaning of its own, as it does for ":memory:".
    target = ":memory:" if path is None else str(Path(path).absolute())
    try:
        connection = sqlite3.connect(target, timeout=1.0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from None
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        reason = "another sandbox is using it" if "locked" in str(error) else str(error)
        raise StoreError(f"{path} cannot be used: {reason}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str | None) -> None:
    if path is None:
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
    else:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN EXCLUSIVE")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != _APPLICATION_ID:
        raise StoreError(f"{path} is the database of another program: name a file that does not exist yet")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute("COMMIT")
    if path is not None:
        Path(path).chmod(0o600)
    connection.executescript(files("wa_bulk.sandbox").joinpath("schema.sql").read_text(encoding="utf-8"))


def _create_private(path: str) -> None:
    """Create the file with mode 0600 where there is none; SQLite gives its other files the same mode."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the errors below name the path as it was given
    except FileNotFoundError:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(f"{path} cannot be created: {error.strerror}") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}") from None
    else:
        if not stat.S_ISREG(mode):
            raise StoreError(f"{path} is not a regular file: name a file that does not exist yet")
