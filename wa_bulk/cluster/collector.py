"""Results from Redis into a log: on the disk first, and only then gone from Redis."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.chunk import result_lines
from wa_bulk.cluster.connection import ClusterError, in_words, without_password
from wa_bulk.cluster.patience import Patience
from wa_bulk.cluster.role import LEASE_MS, leave_role, take_role
from wa_bulk.cluster.run_record import RunRecord, State, read_run
from wa_bulk.cluster.script import Script
from wa_bulk.ledger.journal import REAL_MACHINE, Journal, Machine
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_file import LogFile
from wa_bulk.ledger.log_format import (
    BASE_URL,
    FORMAT,
    CollectedLine,
    EndLine,
    LogError,
    ReopenedLine,
    ResultLine,
    RunLine,
    SourceRef,
    Stopped,
    timestamp,
)
from wa_bulk.ledger.log_reader import read

AT_ONCE = 100
"""Entries of the results read at once."""
KEEP_S = 7 * 86_400
"""How long the books of a run stay in Redis once it is collected, for `retry`."""
_LOOK_S = 0.2
ENDED: tuple[State, ...] = ("finished", "stopped", "cancelled")
_START = "0-0"

_collected, _clean = Script("collected"), Script("clean")


class _Found:
    """What a log has of a run already."""

    def __init__(self) -> None:
        self.position = _START
        self.lines_after = 0
        """Lines of results behind that position: of a batch that was broken off."""
        self.ended: EndLine | None = None

    def follow(self, line: object) -> None:
        if isinstance(line, CollectedLine):
            self.position, self.lines_after = line.position, 0
        elif isinstance(line, ResultLine | ReopenedLine):
            self.lines_after += 1
            self.ended = None
        elif isinstance(line, EndLine):
            self.ended = line


class Collector(Patience):
    """Collects one run's results into one log: `collect` goes on where an earlier one stopped."""

    def __init__(
        self, redis: Redis, url: str, run_id: str, log: Path, *, machine: Machine = REAL_MACHINE
    ) -> None:
        super().__init__()
        self.rows = 0
        """Results written."""
        self.record: RunRecord | None = None
        self._last_at: str | None = None
        self._redis = redis
        self._url = url
        self._run_id = run_id
        self._path = log
        self._machine = machine
        self._journal: Journal | None = None
        self._token = ""

    async def collect(self, *, follow: bool) -> RunRecord:
        """Collect what there is, or, with `follow`, until the run has ended; return the run as it is then.

        Raises ClusterError and LogError.
        """
        record = self.record = await read_run(self._redis, self._url, self._run_id)
        self._token = await take_role(
            self._redis, self._url, self._run_id, "collector", f"another process collects run {self._run_id}"
        )
        try:
            file, found = await asyncio.to_thread(self._open, record)
            try:
                return await self._collect(file, found, follow=follow)
            finally:
                if self._journal is not None:
                    await self._journal.close()
                else:
                    if not file.size():
                        file.discard()
                    file.close()
        finally:
            await leave_role(self._redis, self._url, self._run_id, "collector", self._token)

    def _open(self, record: RunRecord) -> tuple[LogFile, _Found]:
        found = _Found()
        if not self._path.exists():
            if record.collected is not None:
                raise ClusterError(
                    f"results of run {self._run_id} were collected into {record.log} and are in no other "
                    f"place: go on with that log (--log {record.log})"
                )
            return LockedLog.create(self._path), found
        file = LockedLog.claim(self._path)
        if not file.size() and record.collected is None:
            return file, found  # an earlier collect was killed before its first line
        try:
            for line in read(self._path):
                if isinstance(line, RunLine) and line.run_id != self._run_id:
                    raise LogError(
                        f"{self._path} is the log of run {line.run_id}, not of {self._run_id}: "
                        "name another file"
                    )
                if isinstance(line, RunLine) and line.collected_from is None:
                    raise LogError(f"{self._path} was not collected: name another file")
                found.follow(line)
            if record.collected is not None and _key(record.collected) > _key(found.position):
                raise LogError(
                    f"{self._path} is an older copy: results of run {self._run_id} were collected up to "
                    f"{record.collected}, into {record.log}, and this log has them up to {found.position}"
                )
        except BaseException:
            file.close()
            raise
        return file, found

    async def _collect(self, file: LogFile, found: _Found, *, follow: bool) -> RunRecord:
        position, skip = found.position, found.lines_after
        while True:
            record = self.record = await self.until_answered(self._read)
            is_over = record.state in ENDED and await self.until_answered(self._nobody_has_rows)
            while entries := await self._entries(position):
                position, skip = await self._write(file, record, position, entries, skip)
            if is_over:
                earlier, record = record, await self.until_answered(self._read)
                self.record = record
                if record.state == earlier.state and record.totals == earlier.totals:
                    await self._end(file, found, record, position)
                    return record
            if not follow or self.stopped.is_set():
                return record
            await self._drop(position, position, 0, position)
            await self.pause(_LOOK_S)

    async def _write(
        self,
        file: LogFile,
        record: RunRecord,
        position: str,
        entries: list[tuple[str, dict[bytes, bytes]]],
        skip: int,
    ) -> tuple[str, int]:
        """Write the entries behind `position`, have them on the disk, and let Redis drop them.

        `skip` lines are there already.
        """
        journal = await self._begun(file, record)
        size = 0
        for _, fields in entries:
            for line in _lines(fields, self._run_id):
                if skip:
                    skip -= 1
                else:
                    journal.append(line)
                    if isinstance(line, ResultLine):
                        self.rows += 1
                        self._last_at = line.at
            size += sum(map(len, fields.values()))
        last = entries[-1][0]
        journal.append(CollectedLine(self._run_id, last))
        await journal.intend(())
        await self._drop(last, _after(last), size, position)
        return last, skip

    async def _begun(self, file: LogFile, record: RunRecord) -> Journal:
        """Open a stretch of the log, where none is."""
        if self._journal is None:
            is_new = not file.size()
            at = record.description.submitted_at if is_new else timestamp()
            line = run_line(record, without_password(self._url), at)
            begin = Journal.create if is_new else Journal.resume
            self._journal = await begin(file, line, machine=self._machine)
        return self._journal

    async def _end(self, file: LogFile, found: _Found, record: RunRecord, position: str) -> None:
        stopped: Stopped | None = None
        if record.state == "cancelled":
            stopped = "interrupted"
        elif record.state == "stopped":
            stopped = "fatal" if record.why == "fatal" else "failures"
        if self._journal is not None or found.ended is None or found.ended.stopped != stopped:
            journal = await self._begun(file, record)
            await journal.close(
                EndLine(
                    run_id=self._run_id,
                    at=self._last_at or timestamp(),
                    stopped=stopped,
                    totals=record.totals,
                    detail="cancelled" if record.state == "cancelled" else record.detail,
                    synced=journal.synced,
                )
            )
        await self.until_answered(lambda: self._clean(position))

    async def _clean(self, position: str) -> None:
        """Leave nothing in Redis but the books, for a while; unless the run was told to go on meanwhile."""
        names = ("run", "results", "leases", "books", "chunks", "requests", "workers", "loader")
        with in_words(self._url):
            await _clean.run(self._redis, keys.of_run(self._run_id, *names), KEEP_S, _after(position))

    async def _entries(self, position: str) -> list[tuple[str, dict[bytes, bytes]]]:
        (results,) = keys.of_run(self._run_id, "results")

        async def ask() -> list[tuple[bytes, dict[bytes, bytes]]]:
            with in_words(self._url):
                return cast(
                    list[tuple[bytes, dict[bytes, bytes]]],
                    await self._redis.xrange(results, f"({position}", "+", count=AT_ONCE),
                )

        return [(name.decode(), fields) for name, fields in await self.until_answered(ask)]

    async def _read(self) -> RunRecord:
        return await read_run(self._redis, self._url, self._run_id)

    async def _nobody_has_rows(self) -> bool:
        (leases,) = keys.of_run(self._run_id, "leases")
        with in_words(self._url):
            return not await self._redis.hlen(leases)

    async def _drop(self, last: str, following: str, size: int, before: str) -> None:
        """Have Redis drop what is on the disk: `size` bytes, up to `last`. With 0, only say who collects."""
        names = keys.of_run(self._run_id, "run", "results", "collector")
        log = str(self._path.resolve())

        async def ask() -> list[bytes]:
            with in_words(self._url):
                reply = await _collected.run(
                    self._redis, names, self._token, LEASE_MS, last, following, size, log, before
                )
            return cast(list[bytes], reply)

        if (await self.until_answered(ask))[0] == b"other":
            raise ClusterError(
                f"another process collects run {self._run_id} now: this one stood still too long"
            )


def run_line(record: RunRecord, where: str, at: str) -> RunLine:
    """Make the line that opens a stretch, begun `at`, of the log of a run that was collected from `where`."""
    description = record.description
    settings = description.settings.as_log()
    if description.base_url is not None:
        settings[BASE_URL] = description.base_url
    return RunLine(
        format=FORMAT,
        run_id=description.run_id,
        campaign=description.campaign_path,
        at=at,
        source=SourceRef(description.source_path, description.source_sha256, description.rows),
        campaign_sha256=description.campaign_sha256,
        settings=settings,
        pid=os.getpid(),
        collected_from=where,
    )


def _lines(fields: dict[bytes, bytes], run_id: str) -> Iterator[ResultLine | ReopenedLine]:
    if b"results" in fields:
        yield from result_lines(fields[b"results"], run_id)
    if b"reopened" in fields:
        first, last, reason = fields[b"reopened"].decode().split(" ", 2)
        yield ReopenedLine(run_id, (int(first), int(last)), reason)


def _after(position: str) -> str:
    milliseconds, number = _key(position)
    return f"{milliseconds}-{number + 1}"


def _key(position: str) -> tuple[int, int]:
    milliseconds, _, number = position.partition("-")
    return int(milliseconds), int(number)
