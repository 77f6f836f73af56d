"""The one writer of a log: intents before their rows leave, results in batches behind.

All writing is done by one thread in the order asked for, so the event loop never waits for a disk. Lines
are buffered as structs and encoded together: for a result that costs half of encoding it at once.

After a crash, rows without a result are those whose intent stands and whose result was not written. Each
intent carries every result recorded before it, so these are at most the rows committed ahead and in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import (
    EndLine,
    IntentLine,
    LogError,
    LogLine,
    ResultLine,
    RunLine,
    WithdrawnLine,
    timestamp,
)
from wa_bulk.send.outcome import Outcome

FLUSH_S = 0.1
SYNC_S = 1.0

if sys.platform == "darwin":
    import fcntl

    def _sync(fd: int) -> None:
        # fsync alone leaves the data in the drive's cache there.
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)

else:
    _sync = getattr(os, "fdatasync", os.fsync)


class Journal:
    """Made by `create` or `resume`; belongs to the event loop it was made in.

    The first failure to write is final: nothing is written after it, `error` holds it, `on_error` is called
    with it once, in the event loop, and every later `intend` and `close` raises it.
    """

    error: LogError | None = None

    def __init__(self, log: LockedLog, run_id: str, on_error: Callable[[LogError], None] | None) -> None:
        self._log = log
        self._run_id = run_id
        self._on_error = on_error
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "wa-bulk-journal")
        self._failure: LogError | None = None
        found = os.fstat(log.fd)
        self._size = found.st_size
        self._linked = found.st_nlink > 0
        self._lines: list[LogLine] = []
        self._encoder = msgspec.json.Encoder()
        self._timer: asyncio.TimerHandle | None = None
        self._unsynced_since: float | None = None
        self._closed = False
        self._at_ms = 0
        self._at = ""

    @classmethod
    async def create(
        cls, path: Path | str, run: RunLine, *, on_error: Callable[[LogError], None] | None = None
    ) -> Journal:
        """A new log that begins with `run`, synced when this returns.

        Raises LogError; then no log is left behind.
        """
        log = LockedLog.create(path)
        journal = cls(log, run.run_id, on_error)
        try:
            await journal._commit(run)
            await journal._loop.run_in_executor(journal._thread, _sync_directory, log.path)
        except LogError:
            log.path.unlink(missing_ok=True)
            with contextlib.suppress(LogError):
                await journal.close()
            raise
        return journal

    @classmethod
    async def resume(
        cls, log: LockedLog, run: RunLine, *, on_error: Callable[[LogError], None] | None = None
    ) -> Journal:
        """Goes on with a claimed log: ends the line that a crash cut off, if any, and appends `run`.

        Raises LogError; then the log is let go.
        """
        journal = cls(log, run.run_id, on_error)
        try:
            journal._append_in_thread(_line_end_wanted(log.fd), sync=False)
            await journal._commit(run)
        except LogError:
            with contextlib.suppress(LogError):
                await journal.close()
            raise
        return journal

    async def intend(self, first: int, last: int) -> None:
        """Announces that rows first to last will be sent.

        Returns when that, and every result recorded before, is written and synced; only then may they leave.
        Raises LogError: then they may not. Cancelling it takes nothing back: `withdraw` does.
        """
        await self._commit(IntentLine(self._run_id, (first, last)))

    async def intend_rows(self, rows: Sequence[int]) -> None:
        """The same for ascending row numbers with gaps between them, synced together."""
        await self._commit(*(IntentLine(self._run_id, stretch) for stretch in _stretches(rows)))

    def record(self, row: int, to: str | None, outcome: Outcome, reason: str | None = None) -> None:
        """The final word on a row. Written within 100 ms, synced within 1 s."""
        at_ms = time.time_ns() // 1_000_000
        if at_ms != self._at_ms:
            self._at_ms = at_ms
            self._at = timestamp(at_ms)
        self._lines.append(
            ResultLine(
                self._run_id,
                row,
                to,
                outcome.status,
                self._at,
                outcome.attempts,
                outcome.message_id,
                outcome.request_id,
                outcome.http_status,
                outcome.code,
                outcome.message,
                outcome.latency_ms,
                reason,
            )
        )
        if self._timer is None:
            self._start_timer()

    def withdraw(self, first: int, last: int, reason: str) -> None:
        """Takes back an intent: rows first to last have not left since, and will not. Rows with a result
        keep it. Written and synced like a result."""
        self._lines.append(WithdrawnLine(self._run_id, (first, last), reason))
        if self._timer is None:
            self._start_timer()

    async def close(self, end: EndLine | None = None) -> None:
        """Writes and syncs what is left and `end`, then lets the log go. Closing again does nothing.

        Raises LogError if anything could not be written, now or before.
        """
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._commit(*([end] if end else []))
        finally:
            # By the thread, after its last write, lest the number of a closed file be written to.
            let_go = self._loop.run_in_executor(self._thread, self._log.close)
            self._thread.shutdown(wait=False)
            await asyncio.shield(let_go)

    def _start_timer(self) -> None:
        if self._unsynced_since is None:
            self._unsynced_since = self._loop.time()
        self._timer = self._loop.call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self.error is not None or self._closed:
            return
        if self._unsynced_since is None and self._lines:
            self._unsynced_since = self._loop.time() - FLUSH_S
        if self._unsynced_since is None:
            return
        sync = self._loop.time() - self._unsynced_since > SYNC_S - 2 * FLUSH_S
        self._append_in_thread(self._take_lines(), sync)
        if not sync:
            self._start_timer()

    async def _commit(self, *lines: LogLine) -> None:
        """Writes what is buffered and then these lines, and syncs."""
        if self.error is not None:
            raise self.error
        self._lines += lines
        # Shielded, for a cancelled intend must not lose the results that go with it.
        await asyncio.shield(self._append_in_thread(self._take_lines(), sync=True))

    def _take_lines(self) -> bytes:
        lines, self._lines = self._lines, []
        try:
            return self._encoder.encode_lines(lines)
        except UnicodeEncodeError:
            # Half of a surrogate pair, as in a file name of another encoding. The books go on with a "?".
            texts = (json.dumps(msgspec.to_builtins(line), ensure_ascii=False) for line in lines)
            return "".join(text + "\n" for text in texts).encode(errors="replace")

    def _append_in_thread(self, data: bytes, sync: bool) -> asyncio.Future[None]:
        if sync:
            self._unsynced_since = None
        appended = self._loop.run_in_executor(self._thread, self._append, data, sync)
        appended.add_done_callback(self._on_appended)
        return appended

    def _append(self, data: bytes, sync: bool) -> None:
        if self._failure is None:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(self._log.fd, rest) :]
                self._size += len(data)
                if sync:
                    _sync(self._log.fd)
                    self._check_untouched()
            except OSError as error:
                self._failure = LogError(f"cannot write the log {self._log.path}: {error.strerror}")
        if self._failure is not None:
            raise self._failure

    def _check_untouched(self) -> None:
        """An intent in a file that was deleted or emptied meanwhile, as by log rotation, is on no disk."""
        now = os.fstat(self._log.fd)
        if now.st_size != self._size or (self._linked and not now.st_nlink):
            self._failure = LogError(
                f"the log {self._log.path} was deleted or changed by another program while it was written"
            )

    def _on_appended(self, appended: asyncio.Future[None]) -> None:
        error = appended.exception()
        if isinstance(error, LogError) and self.error is None:
            self.error = error
            if self._on_error is not None:
                self._on_error(error)


def _line_end_wanted(fd: int) -> bytes:
    """What a file needs at its end to begin a new line there."""
    size = os.lseek(fd, 0, os.SEEK_END)
    if size == 0:
        return b""
    os.lseek(fd, size - 1, os.SEEK_SET)
    return b"" if os.read(fd, 1) == b"\n" else b"\n"


def _sync_directory(path: Path) -> None:
    """Makes the entry of a new file as durable as what is in it, where the system can."""
    with contextlib.suppress(OSError):
        fd = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _stretches(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) of each run of consecutive numbers."""
    first = 0
    for index, row in enumerate(rows):
        if index + 1 == len(rows) or rows[index + 1] != row + 1:
            yield rows[first], row
            first = index + 1
