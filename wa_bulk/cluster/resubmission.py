"""Some rows of a run once more, with their values from its recipients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

from redis.asyncio import Redis

from wa_bulk.campaign.sources.base import RowSource, SourceRow
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.cluster import keys
from wa_bulk.cluster.books import AGAIN
from wa_bulk.cluster.chunk import Packer, QueuedRow, decode_rows
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.cluster.control import command
from wa_bulk.cluster.loader import Loader
from wa_bulk.cluster.run_record import RunRecord, read_run
from wa_bulk.cluster.script import Script
from wa_bulk.ledger.row_states import CODES
from wa_bulk.send.outcome import Status

_retry = Script("retry")
_BOOK_BYTES = 1 << 16


class RowStream(Protocol):
    """What is asked of a run's recipients to send some rows again."""

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of ascending ranges."""
        ...


class Resubmission:
    """Has rows of a run sent again; broken off, the next one goes on with what is marked and not queued."""

    def __init__(self, redis: Redis, url: str, run_id: str, source: RowStream) -> None:
        self._redis = redis
        self._url = url
        self._run_id = run_id
        self._source = source
        self._loader = Loader(redis, url, run_id)

    @property
    def notice(self) -> str:
        """What it waits for; empty while all is well."""
        return self._loader.notice

    async def retry(self, statuses: Sequence[Status]) -> int:
        """Have the rows of these statuses sent again; return how many, once all of them are in Redis.

        Workers begin with the first ones meanwhile. Raises ClusterError where workers are at the run, and
        SourceError.
        """
        await self._loader.open()
        try:
            await self._mark(statuses)
            await command(self._redis, self._url, self._run_id, "continue")
            return await self._queue()
        finally:
            await self._loader.close()

    async def _mark(self, statuses: Sequence[Status]) -> None:
        codes = bytes(code for status in statuses for code in (CODES[status], AGAIN[status]))
        with in_words(self._url):
            names = keys.of_run(self._run_id, "run", "chunks", "leases", "books", "results")
            result, words = cast(list[bytes], await _retry.run(self._redis, names, codes))
        if result != b"ok":
            raise ClusterError(f"run {self._run_id} is {result.decode()}: {words.decode()}")

    async def _queue(self) -> int:
        """Queue the marked rows that are in no chunk, in chunks that reach over no row of another one."""
        number = (await read_run(self._redis, self._url, self._run_id)).chunks
        queued = await self._rows_queued()  # first: what a worker goes through meanwhile is no longer marked
        marked = await self._rows_marked()
        for chunk in _chunks(self._source, [row for row in marked if row not in queued], queued):
            number += 1
            if await self._loader.put(number, chunk) in ("cancelled", "gone"):
                raise ClusterError(f"run {self._run_id} was cancelled: no more rows of it are sent again")
        await self._loader.end(number + 1)
        return len(marked)

    async def _rows_marked(self) -> list[int]:
        (books,) = keys.of_run(self._run_id, "books")
        rows: list[int] = []
        at = 0
        while True:
            with in_words(self._url):
                part = cast(bytes, await self._redis.getrange(books, at, at + _BOOK_BYTES - 1))
            rows += [at + i + 1 for i, code in enumerate(part) if code in AGAIN.values()]
            at += len(part)
            if len(part) < _BOOK_BYTES:
                return rows

    async def _rows_queued(self) -> set[int]:
        """Name the rows of chunks that are still in Redis: whoever takes these goes through them."""
        (chunks,) = keys.of_run(self._run_id, "chunks")
        with in_words(self._url):
            found = cast(list[tuple[bytes, dict[bytes, bytes]]], await self._redis.xrange(chunks))
        return {row.number for _, fields in found for row in decode_rows(fields[b"data"])}


def recipients_again(record: RunRecord) -> RowSource:
    """Open the recipients that a run was submitted with. Raises ClusterError where they are not here."""
    description = record.description
    path = Path(description.source_path)
    if not path.exists():
        raise ClusterError(
            f"{path} is not here: run {description.run_id} was submitted on {description.submitted_on}; "
            "retry it there, or put its recipients there"
        )
    source = open_source(path, description.settings.reading)
    if source.sha256() != description.source_sha256:
        raise ClusterError(
            f"{path} is not the file that run {description.run_id} was submitted with; its rows would be "
            "taken for others: put the original back"
        )
    return source


def _chunks(source: RowStream, rows: list[int], queued: set[int]) -> Iterator[list[QueuedRow]]:
    packer = Packer()
    last = rows[0] if rows else 0
    for row in source.rows_in(range(row, row + 1) for row in rows):
        if row is None:
            continue
        reaches_over = bool(queued) and any(map(queued.__contains__, range(last + 1, row.number)))
        if reaches_over and (rest := packer.rest()):
            yield rest
        last = row.number
        if chunk := packer.add(QueuedRow(row.number, row.line, row.values)):
            yield chunk
    if chunk := packer.rest():
        yield chunk
