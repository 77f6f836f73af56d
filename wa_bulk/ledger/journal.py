"""The one writer of a log: intents before their rows are sent, results in batches behind.

All writing is done by one thread in the order asked for, so the event loop never waits for a disk. Lines
are buffered as structs and encoded together: for a result that costs half of encoding it at once.

After a crash, rows without a result are those whose intent is there and whose result was not written. Each
intent carries every result recorded before it, so these are at most the rows committed ahead and in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor

import msgspec
from msgspec import Struct

from wa_bulk.ledger.log_file import LogFile
from wa_bulk.ledger.log_format import (
    EndLine,
    IntentLine,
    LogError,
    ResultLine,
    RunLine,
    WrittenLine,
    timestamp,
)
from wa_bulk.send.outcome import Accepted, Outcome, Status

FLUSH_S = 0.1
SYNC_S = 1.0


class Machine(Struct, frozen=True):
    """What a journal needs of the machine besides its file; a simulation brings its own."""

    executor: Executor | None = None
    """Does one thing at a time, in order; None: a thread of the journal's own."""
    time_ns: Callable[[], int] = time.time_ns
    """Nanoseconds since 1970."""


REAL_MACHINE = Machine()


class Journal:
    """Made by `create` or `resume`; belongs to the event loop it was made in.

    The first failure to write is final: nothing is written after it, `error` holds it, `on_error` is called
    with it once, in the event loop, and every later `intend` and `close` raises it.
    """

    error: LogError | None = None

    def __init__(
        self, log: LogFile, run_id: str, on_error: Callable[[LogError], None] | None, machine: Machine
    ) -> None:
        self._log = log
        self._run_id = run_id
        self._on_error = on_error
        self._loop = asyncio.get_running_loop()
        self._own_thread = ThreadPoolExecutor(1, "wa-bulk-journal") if machine.executor is None else None
        self._executor = self._own_thread or machine.executor
        self._time_ns = machine.time_ns
        self._failure: LogError | None = None
        self._size = log.size()
        self._synced = 0
        self._lines: list[WrittenLine] = []
        self._encoder = msgspec.json.Encoder()
        self._timer: asyncio.TimerHandle | None = None
        self._unsynced_since: float | None = None
        self._closed = False
        self._now_ms = 0
        self._now = ""

    @classmethod
    async def create(
        cls,
        log: LogFile,
        run: RunLine,
        *,
        on_error: Callable[[LogError], None] | None = None,
        machine: Machine = REAL_MACHINE,
    ) -> Journal:
        """Begin a new, empty log with `run`, synced when this returns.

        Raises LogError; then no log is left behind.
        """
        journal = cls(log, run.run_id, on_error, machine)
        try:
            await journal._begin(run)
        except BaseException:
            log.discard()
            raise
        return journal

    @classmethod
    async def resume(
        cls,
        log: LogFile,
        run: RunLine,
        *,
        on_error: Callable[[LogError], None] | None = None,
        machine: Machine = REAL_MACHINE,
    ) -> Journal:
        """Go on with a claimed log: end the line that a crash cut off, if any, and append `run`.

        Raises LogError; then the log is let go.
        """
        journal = cls(log, run.run_id, on_error, machine)
        # Its name is synced again: whoever began it may have died before that was on disk.
        await journal._begin(run)
        return journal

    async def _begin(self, run: RunLine) -> None:
        try:
            if _ends_within_line(self._log):
                self._append_in_thread(b"\n", sync=False)
            await self._commit(run)
            await self._loop.run_in_executor(self._executor, self._log.sync_name)
        except BaseException:
            with contextlib.suppress(LogError):
                await self.close()
            raise

    @property
    def synced(self) -> int:
        """How many bytes of the log are known to be on disk."""
        return self._synced

    def now(self) -> str:
        """Return the time, as lines have it."""
        return self._set_now(self._time_ns() // 1_000_000)

    def _set_now(self, now_ms: int) -> str:
        if now_ms != self._now_ms:
            self._now_ms = now_ms
            self._now = timestamp(now_ms)
        return self._now

    async def intend(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Announce that the rows of these ranges, each (first, last), will be sent.

        Returns when that, and every line appended before, is written and synced; only then may they be sent.
        Raises LogError: then they may not. Cancelling it takes nothing back.
        """
        await self._commit(*(IntentLine(self._run_id, rows, self._synced) for rows in ranges))

    def record(self, row: int, to: str | None, status: Status, outcome: Outcome, reason: str | None) -> None:
        """Append the final word on a row. `status` may differ from the outcome's."""
        # Once for every message: it calls nothing that it can do without.
        now_ms = self._time_ns() // 1_000_000
        line = ResultLine(
            self._run_id,
            row,
            to,
            status,
            self._now if now_ms == self._now_ms else self._set_now(now_ms),
            outcome.attempts,
            message_id=outcome.message_id,
            request_id=outcome.request_id,
            http_status=outcome.http_status,
            latency_ms=outcome.latency_ms,
        )
        if type(outcome) is not Accepted:  # which has nothing of these
            line.code = outcome.code
            line.error = outcome.message
            line.reason = reason
        self._lines.append(line)
        if self._timer is None:
            self._start_timer()

    def append(self, line: WrittenLine) -> None:
        """Append a line. It is written within 100 ms and synced within 1 s."""
        self._lines.append(line)
        if self._timer is None:
            self._start_timer()

    async def close(self, end: EndLine | None = None) -> None:
        """Write and sync what is left and `end`, then let the log go. Closing again does nothing.

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
            # By the thread, after its last write, so that the number of a closed file is never written to.
            let_go = self._loop.run_in_executor(self._executor, self._log.close)
            if self._own_thread is not None:
                self._own_thread.shutdown(wait=False)
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

    async def _commit(self, *lines: WrittenLine) -> None:
        """Write what is buffered and then these lines, and sync."""
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
            # Half of a surrogate pair, as in a file name of another encoding. The log goes on with a "?".
            texts = (json.dumps(msgspec.to_builtins(line), ensure_ascii=False) for line in lines)
            return "".join(text + "\n" for text in texts).encode(errors="replace")

    def _append_in_thread(self, data: bytes, sync: bool) -> asyncio.Future[None]:
        if sync:
            self._unsynced_since = None
        appended = self._loop.run_in_executor(self._executor, self._append, data, sync)
        appended.add_done_callback(self._on_appended)
        return appended

    def _append(self, data: bytes, sync: bool) -> None:
        if self._failure is None:
            try:
                self._log.append(data)
                self._size += len(data)
                if sync:
                    self._log.sync()
                    self._check_untouched()
            except OSError as error:
                self._failure = LogError(f"cannot write the log {self._log.path}: {error.strerror or error}")
        if self._failure is not None:
            raise self._failure
        if sync:
            self._synced = self._size

    def _check_untouched(self) -> None:
        """Fail where the file was deleted, emptied or renamed: an intent in it would not be found again."""
        if self._log.size() != self._size or not self._log.is_in_place():
            self._failure = LogError(
                f"the log {self._log.path} was deleted or changed by another program, or renamed, while it "
                "was written: put it back, keep log rotation away from it, and resume"
            )

    def _on_appended(self, appended: asyncio.Future[None]) -> None:
        error = None if appended.cancelled() else appended.exception()
        if isinstance(error, LogError) and self.error is None:
            self.error = error
            if self._on_error is not None:
                self._on_error(error)


def _ends_within_line(log: LogFile) -> bool:
    try:
        return log.ends_within_line()
    except OSError as error:
        raise LogError(f"cannot read the log {log.path}: {error.strerror or error}") from error
