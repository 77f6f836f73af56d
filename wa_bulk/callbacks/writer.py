"""The one thread that writes callbacks: whatever waits is stored in one transaction, synced once for all."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from wa_bulk.callbacks import nonces
from wa_bulk.callbacks.entry import Entry
from wa_bulk.callbacks.pruning import prune_step
from wa_bulk.callbacks.tables import Tables
from wa_bulk.history import HistoryError, HistoryUnavailable
from wa_bulk.history.database import Database, now_ms
from wa_bulk.send.forks import watch_forks

ENTRIES_MOST = 5_000
"""Entries stored in one transaction: more would keep other processes out for too long."""

_PRUNE_EVERY_S = 60.0
_PRUNE_PAUSE_S = 0.02

_LOG = logging.getLogger("wa_bulk.callbacks")

T = TypeVar("T")


class ReplayedNonce(Exception):
    """The signature was used before, for another body."""


class Signed(NamedTuple):
    """A nonce that is to be remembered once the rows that came with it are stored."""

    nonce: str
    digest: int


class Job(Generic[T]):
    """Something to be done in the next transaction, and whom to tell: `entries` to store, or `work`."""

    def __init__(
        self,
        entries: Sequence[Entry] = (),
        signed: Signed | None = None,
        work: Callable[[Database], T] | None = None,
    ) -> None:
        self.entries = entries
        self.signed = signed
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[T] = self.loop.create_future()
        self.result: T | None = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        """Resolve the future; to be called in its loop."""
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)  # type: ignore[arg-type]  # set by then


class Writer:
    """A thread with a connection of its own. Jobs come from any event loop; each is told once on disk.

    Both are made for the first job, so that a process may fork before that.
    """

    def __init__(self, path: Path, locked_after_s: float, keep_s: float | None) -> None:
        self.path = path
        self._locked_after_s = locked_after_s
        self._keep_s = keep_s
        self._database: Database | None = None
        self._tables: Tables | None = None
        self._parents: Database | None = None
        self._closed = False
        self.start_anew()
        watch_forks(self)

    def start_anew(self) -> None:
        """Begin without a thread: at first, and in a forked child.

        A connection of the parent's is kept, so that it is not closed: its locks are not the child's, and as
        long as it is there SQLite takes none for other connections of the child either.
        """
        self._parents = self._parents or self._database
        self._jobs: queue.SimpleQueue[Job[object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._prune_at_s = time.monotonic() if self._keep_s is not None else float("inf")

    def put(self, job: Job[T]) -> asyncio.Future[T]:
        """Have a job done, and return what tells of it. Raises RuntimeError once closed."""
        if self._parents is not None:
            raise RuntimeError(
                "this callback store was in use when the process forked: open one in each process"
            )
        with self._lock:
            if self._closed:
                raise RuntimeError("the callback store is closed")
            if self._thread is None:
                # A daemon: killed at any moment, the file still holds all that was told to be stored.
                self._thread = threading.Thread(target=self._run, name="wa_bulk callbacks", daemon=True)
                self._thread.start()
            self._jobs.put(job)  # type: ignore[arg-type]  # what a job's result is concerns its owner only
        return job.done

    def close(self) -> None:
        """Finish what waits and let the file go; returns when that is done."""
        with self._lock:
            first, self._closed = not self._closed, True
            if first:
                self._jobs.put(None)
        if self._thread is not None:
            self._thread.join()

    # ---- in the thread

    def _run(self) -> None:
        more = True
        while more:
            try:
                first = self._jobs.get(timeout=self._idle_s())
            except queue.Empty:
                self._prune()
                continue
            group, more = self._gather(first)
            if group:
                self._store(group)
                _tell(group)
            if time.monotonic() >= self._prune_at_s:
                self._prune()
        self._drop()

    def _idle_s(self) -> float | None:
        if self._prune_at_s == float("inf"):
            return None
        return max(0.0, self._prune_at_s - time.monotonic())

    def _gather(self, first: Job[object] | None) -> tuple[list[Job[object]], bool]:
        """Return the jobs that wait, and whether more will come."""
        group: list[Job[object]] = []
        count, job = 0, first
        while job is not None:
            group.append(job)
            count += len(job.entries)
            if count >= ENTRIES_MOST:
                return group, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _store(self, group: Sequence[Job[object]]) -> None:
        try:
            self._transact_again(group)
        except HistoryError as error:
            self._fail(group, error)
        except BaseException as error:
            if len(group) == 1:
                self._fail(group, error)
                return
            if self._tables is not None:
                self._tables.forget()
            for job in group:  # one of them cannot be stored: that must not cost the others
                self._store([job])

    def _transact_again(self, group: Sequence[Job[object]]) -> None:
        """Store a group, and try once more over a fresh connection where the file fails.

        A file that was replaced is found anew, and closing the old connection may make room on a full disk.
        """
        try:
            self._transact(group)
        except HistoryUnavailable:
            self._drop()
            self._transact(group)

    def _transact(self, group: Sequence[Job[object]]) -> None:
        database = self._opened()
        with database.transaction():
            self._write_entries(database, [job for job in group if job.work is None])
            for job in group:
                if job.work is not None:
                    job.result = job.work(database)
        if database.is_replaced():
            raise HistoryUnavailable(str(self.path), "it was moved or deleted while in use")

    def _write_entries(self, database: Database, jobs: Sequence[Job[object]]) -> None:
        if any(job.signed is not None for job in jobs):
            nonces.forget_old(database)
        taken = []
        for job in jobs:
            job.error = None
            if job.signed is not None and not nonces.remember(database, *job.signed):
                job.error = ReplayedNonce()
            else:
                taken.append(job)
        assert self._tables is not None
        are_new = self._tables.write([entry for job in taken for entry in job.entries])
        start = 0
        for job in taken:
            job.result = are_new[start : start + len(job.entries)]
            start += len(job.entries)

    def _opened(self) -> Database:
        """Return the connection, a fresh one after a failure or where the file is another one by now."""
        if self._database is not None and self._database.is_replaced():
            self._drop()
        if self._database is None:
            self._database = Database.open(self.path, locked_after_s=self._locked_after_s)
            self._tables = Tables(self._database)
        return self._database

    def _fail(self, group: Sequence[Job[object]], error: BaseException) -> None:
        for job in group:
            job.error = error
        self._drop()

    def _drop(self) -> None:
        if self._database is not None:
            database, self._database = self._database, None
            try:
                database.close()
            except HistoryError:
                return  # there is nothing left to lose: what was told to be stored is on disk

    def _prune(self) -> None:
        assert self._keep_s is not None
        try:
            before_ms = now_ms() - round(self._keep_s * 1000)
            more = prune_step(self._opened(), before_ms)
        except Exception as error:  # whatever it is, callbacks must go on being stored
            _LOG.warning("old callbacks could not be forgotten now: %s", error)
            self._drop()
            more = False
        self._prune_at_s = time.monotonic() + (_PRUNE_PAUSE_S if more else _PRUNE_EVERY_S)


def _tell(group: Iterable[Job[object]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[Job[object]]] = {}
    for job in group:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_all, jobs)
        except RuntimeError:  # the loop was closed: nobody waits any more
            continue


def _tell_all(jobs: Sequence[Job[object]]) -> None:
    for job in jobs:
        job.tell()
