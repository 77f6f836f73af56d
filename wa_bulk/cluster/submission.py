"""A campaign on its way into Redis: its rules applied, its rows in chunks, no faster than they are worked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import cast

import msgspec
from redis.asyncio import Redis

import wa_bulk
from wa_bulk.campaign.file import contents
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.run.row_check import LeftOut, RowCheck
from wa_bulk.campaign.selections.kept import kept_of
from wa_bulk.campaign.sources.base import SourceRow
from wa_bulk.cluster import keys
from wa_bulk.cluster.chunk import Packer, QueuedRow
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.cluster.loader import Loader
from wa_bulk.cluster.role import who_am_i
from wa_bulk.cluster.run_record import FORMAT, Description, State, read_run
from wa_bulk.cluster.script import Script
from wa_bulk.ledger.log_format import timestamp

ROWS_MAX = 1 << 29
"""Most rows of a run: its books are one string of a byte a row, and Redis' strings end there."""
_BATCH = 1024
"""Rows between two looks at what the rules go by."""

_create = Script("create")


class Submission:
    """One campaign being submitted: `find` gives its run id, `begin` creates the run, and `load` returns once
    all rows are in Redis."""

    def __init__(self, redis: Redis, url: str, plan: Plan, base_url: str | None) -> None:
        self.loaded = 0
        """Rows of the recipients that were gone through."""
        self.run_id = ""
        self.went_on = False
        """Whether an earlier submit of the same had begun it."""
        self._redis = redis
        self._url = url
        self._plan = plan
        self._base_url = base_url
        self._loader = Loader(redis, url, plan.run_id)
        self._instead_of = b""
        self._rows_there = self._chunks_there = 0

    @property
    def notice(self) -> str:
        """What it waits for; empty while all is well."""
        return self._loader.notice

    async def find(self, *, again: bool = False) -> str:
        """Return the run's id: a new one, or that of a run which an earlier submit left half loaded.

        Raises ClusterError where the same was submitted before, unless `again`; where numbers have no country
        code and no country is named, since a worker sees some of the rows only; and for too many rows.
        """
        plan = self._plan
        if plan.rows_to_send > ROWS_MAX:
            raise ClusterError(
                f"{plan.source.path} has {plan.rows_to_send:,} rows, and one run has at most {ROWS_MAX:,}: "
                "divide them into several files"
            )
        if countries := plan.blueprint.countries_to_ask_for():
            raise ClusterError(
                f"{plan.source.path} has numbers without a country code, most of which could be numbers "
                f"within {' or '.join(countries)}: give --country {countries[0]}, or whose they are"
            )
        with in_words(self._url):
            known = cast(bytes | None, await self._redis.get(keys.submitted(self._digest())))
        self.run_id = plan.run_id if known is None else await self._earlier(known.decode(), again=again)
        if known is not None and not self.went_on:
            self._instead_of = known
        return self.run_id

    async def begin(self) -> None:
        """Create the run that was found, unless it is there already.

        Raises ClusterError where another process submits the same at this moment.
        """
        run_id, key = self.run_id, keys.submitted(self._digest())
        with in_words(self._url):
            await self._redis.set(key, run_id, nx=True)
            known = cast(bytes, await self._redis.get(key))
            if known == self._instead_of:
                await self._redis.set(key, run_id)
            elif known != run_id.encode():
                raise ClusterError(
                    f"another process submits {self._plan.file.name} with these recipients at this moment, "
                    f"as run {known.decode()}"
                )
        self._loader = Loader(self._redis, self._url, run_id)
        await self._loader.open()
        with in_words(self._url):
            await _create.run(
                self._redis, keys.of_run(run_id, "run", "chunks"), msgspec.json.encode(self.description())
            )
            await self._redis.zadd(keys.RUNS, {run_id: time.time()}, nx=True)
            (books,) = keys.of_run(run_id, "books")
            self._rows_there = int(await self._redis.strlen(books))
        self._chunks_there = (await read_run(self._redis, self._url, run_id)).chunks

    async def load(self) -> State:
        """Put every chunk into Redis that is not there yet; return the state of the run.

        Raises ClusterError where another process has become the one that submits it, or Redis has lost
        some of what it had, and SourceError.
        """
        number = self._chunks_there
        for number, chunk in enumerate(self._chunks(), self._chunks_there + 1):
            state = await self._loader.put(number, chunk)
            if state in ("cancelled", "gone"):
                await self._loader.close()
                return state
        return await self._loader.end(number + 1)

    async def _earlier(self, run_id: str, *, again: bool) -> str:
        (run,) = keys.of_run(run_id, "run")
        with in_words(self._url):
            exists = await self._redis.exists(run)
        if not exists:  # its submit ended before it was created
            return run_id
        record = await read_run(self._redis, self._url, run_id)
        if record.loading and record.state != "cancelled":
            self.went_on = True
            return run_id
        written = record.totals.accepted + record.totals.unknown
        if again or (record.state == "cancelled" and not written):
            return self._plan.run_id
        raise ClusterError(
            f"{self._plan.file.name} was submitted with these recipients already, as run {run_id} "
            f"({record.state}, {record.totals.accepted:,} rows accepted)\n"
            f"How it is:  wa-bulk cluster status {run_id}\n"
            "To send to all of them again:  the same command with --again"
        )

    def _digest(self) -> str:
        """Tell one submission from others: what is sent, to whom, and how."""
        plan = self._plan
        chosen = [(one.kind, one.sha256) for one in kept_of(plan.settings.selections)]
        settings = msgspec.structs.replace(plan.settings, selections=None)
        what = f"{plan.file.sha256} {plan.source_sha256}".encode() + msgspec.json.encode((settings, chosen))
        return hashlib.sha256(what).hexdigest()[:32]

    def description(self) -> Description:
        """Describe the run, as Redis keeps it."""
        plan = self._plan
        return Description(
            format=FORMAT,
            run_id=self.run_id,
            name=plan.file.name,
            campaign=contents(plan.file.path).decode("utf-8-sig"),
            campaign_path=str(plan.file.path.resolve()),
            campaign_sha256=plan.file.sha256,
            header=plan.source.header,
            settings=plan.settings,
            source_path=str(plan.source.path.resolve()),
            source_sha256=plan.source_sha256,
            rows=plan.rows,
            rows_to_send=plan.rows_to_send,
            base_url=self._base_url,
            submitted_at=timestamp(),
            submitted_on=who_am_i(),
            version=wa_bulk.__version__,
        )

    def _chunks(self) -> Iterator[list[QueuedRow]]:
        plan, packer = self._plan, Packer()
        for row in queued(plan.source.rows(), RowCheck(plan.blueprint, plan.rules), plan.rows_to_send):
            self.loaded = row.number
            if row.number <= self._rows_there:
                continue
            if chunk := packer.add(row):
                yield chunk
        if chunk := packer.rest():
            yield chunk


def queued(rows: Iterable[SourceRow], check: RowCheck, last: int) -> Iterator[QueuedRow]:
    """Give rows 1 to `last` as they go into Redis: with their values, or with why they are left out."""
    new: Callable[[SourceRow], object] = check.new
    for row in rows:
        if row.number > last:
            return
        if not row.number % _BATCH:
            check.refresh()
        found = new(row)
        if isinstance(found, LeftOut):
            yield QueuedRow(row.number, row.line, [], found.status, found.to, found.reason)
        else:
            yield QueuedRow(row.number, row.line, row.values)
