"""The SQLite file of the account's memory: opened, checked, and its errors put into words."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from wa_bulk.history.errors import HistoryForeign, HistoryNewer, HistoryUnavailable, history_error
from wa_bulk.history.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

LOCKED_AFTER_S = 5.0
"""How long another process may hold the file before we give up."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # on macOS, fsync alone leaves it in the cache of the drive
    "PRAGMA cache_size = -16384",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
)
_RETRY_EVERY_S = 0.01

Row = tuple[Any, ...]


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Database:
    """One connection to the memory, for one thread at a time, whichever.

    Every method raises HistoryError in one of its kinds where the file cannot be used.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._identity = _identity(path)

    @classmethod
    def open(cls, path: Path | str, *, locked_after_s: float = LOCKED_AFTER_S) -> Self:
        """Open the file at `path`; make it where there is none, and bring its schema up to date."""
        path = Path(path)
        try:
            _create(path)
            connection = sqlite3.connect(
                path, timeout=locked_after_s, isolation_level=None, check_same_thread=False
            )
        except (sqlite3.Error, OSError) as error:
            raise history_error(str(path), error) from error
        database = cls(path, connection)
        try:
            database._prepare(locked_after_s)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise history_error(str(path), error) from error
            raise
        return database

    def all(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return every row of a query."""
        with self._errors():
            return self._connection.execute(query, values).fetchall()

    def one(self, query: str, values: Sequence[object] = ()) -> Row | None:
        """Return the first row of a query, None where there is none."""
        with self._errors():
            row: Row | None = self._connection.execute(query, values).fetchone()
            return row

    def number(self, query: str, values: Sequence[object] = ()) -> int:
        """Return the one number that a query asks for."""
        row = self.one(query, values)
        assert row is not None
        return int(row[0])

    def run(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement, and return how many rows it changed."""
        with self._errors():
            return self._connection.execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that is done within, or nothing; it is on disk on leaving."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after a full disk or a failed device.
            if self._connection.in_transaction:
                self.run("ROLLBACK")
            raise

    def is_replaced(self) -> bool:
        """Return whether the file was moved or deleted since it was opened: what is written now is lost."""
        return _identity(self.path) != self._identity

    def close(self) -> None:
        """Let the file go. Harmless when it was let go before."""
        with self._errors():
            self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError):
            raise  # the fault of whoever asked, not of the file
        except sqlite3.Error as error:
            raise history_error(str(self.path), error) from error

    def _prepare(self, locked_after_s: float) -> None:
        """Check whose file it is before anything is written to it, then set it up."""
        give_up_at = time.monotonic() + locked_after_s
        while True:
            try:
                self._check_owner()
                for pragma in _PRAGMAS:
                    self._connection.execute(pragma)
                break
            except sqlite3.OperationalError as error:
                # Switching to WAL does not wait for another process that does the same at this moment.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                    raise
                time.sleep(_RETRY_EVERY_S)
        if self._version() < SCHEMA_VERSION:
            self._migrate()

    def _check_owner(self) -> None:
        execute = self._connection.execute
        # In this order: whoever sets the file up at this moment writes tables and id in one transaction.
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = execute("PRAGMA application_id").fetchone()
        if tables and application != APPLICATION_ID:
            raise HistoryForeign(str(self.path))
        version = self._version()
        if version > SCHEMA_VERSION:
            raise HistoryNewer(str(self.path), version, SCHEMA_VERSION)

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _migrate(self) -> None:
        with self.transaction():
            self._check_owner()  # another process may have been first
            for step in MIGRATIONS[self._version() :]:
                for statement in filter(str.strip, step.split(";")):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _create(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        raise HistoryUnavailable(str(path), "it is not a plain file")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
