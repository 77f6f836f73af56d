"""A worker: takes part in every run that has something to send, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.run.run import CampaignRun
from wa_bulk.cluster.connection import ClusterError
from wa_bulk.cluster.described import blueprint_of, campaign_of
from wa_bulk.cluster.leased import LeasedEnvironment, QueuedSource
from wa_bulk.cluster.redis_ledger import LEASE_S, RedisLedger, boot_time
from wa_bulk.cluster.role import who_am_i
from wa_bulk.cluster.run_record import Description, RunRecord, State, read_run, run_ids
from wa_bulk.history import Inbox
from wa_bulk.ledger.log_format import LogError
from wa_bulk.send.account import Account

LOOK_S = 0.5
"""How often a worker looks whether a run has something for it."""
RUNS_MAX = 16
"""Most runs that one worker is at, at once: each has connections of its own."""
_ENDED: tuple[State, ...] = ("finished", "cancelled", "stopped", "gone")

_log = logging.getLogger("wa_bulk")

Accounts = Callable[[str | None], Account]
"""The account to send from, given the address that a run was submitted for. Raises ValueError."""
Memory = Callable[[Account, Plan], AbstractContextManager[Inbox | None]]
"""Within it, a run's plan has the rules that this host knows of; yields where notifications come in here."""
Places = Callable[[RedisLedger, str], LeasedEnvironment]
"""Where a worker's share of a run takes place, given its ledger and the address of Redis."""


class Share(msgspec.Struct):
    """What a worker does for one run at this moment."""

    record: RunRecord
    run: CampaignRun
    ledger: RedisLedger


class Worker:
    """Works every run of one Redis: `work` until `stop` is called or, if so told, all runs are finished."""

    def __init__(
        self,
        redis: Redis,
        url: str,
        accounts: Accounts,
        memory: Memory,
        *,
        lease_s: float = LEASE_S,
        tell: Callable[[str], None] = _log.warning,
        place: Places = LeasedEnvironment,
        clock: Callable[[], float] = boot_time,
    ) -> None:
        """`tell` is given what a person should know, a line each; `clock` tells seconds."""
        self.shares: dict[str, Share] = {}
        """What it is at now, by run id."""
        self.settled = 0
        """Rows it has settled in shares that have ended."""
        self.any_stopped = False
        """Whether a run that it looked at was stopped early."""
        self._redis = redis
        self._url = url
        self._accounts = accounts
        self._memory = memory
        self._lease_s = lease_s
        self._tell = tell
        self._place = place
        self._clock = clock
        self._ledgers: set[RedisLedger] = set()
        self._told: set[str] = set()
        self._notice = ""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stop = asyncio.Event()

    @property
    def notice(self) -> str:
        """What it waits for; empty while all is well."""
        notices = [self._notice]
        notices += [share.ledger.notice or share.run.notice for share in self.shares.values()]
        return "; ".join(dict.fromkeys(filter(None, notices)))

    def stop(self) -> None:
        """End as soon as what is on the wire has been answered; the rest is handed back."""
        self._stop.set()
        for ledger in self._ledgers:
            ledger.end_soon()
        for share in self.shares.values():
            share.run.interrupt()

    async def work(self, *, until_done: bool = False) -> None:
        """Work. Raises ClusterError where Redis refuses for good."""
        try:
            while not self._stop.is_set():
                try:
                    if await self._look() and until_done and not self._tasks:
                        return
                    self._notice = ""
                except ClusterError as error:
                    self._notice = str(error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), LOOK_S)
        finally:
            self.stop()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look(self) -> bool:
        """Begin a share of every run that has something to send; return whether all runs have ended."""
        all_ended = True
        self.any_stopped = False
        for run_id in await run_ids(self._redis, self._url):
            if run_id in self._tasks:
                all_ended = False
                continue
            try:
                record = await read_run(self._redis, self._url, run_id)
            except ClusterError as error:
                self._say(str(error))
                continue
            self.any_stopped = self.any_stopped or record.state == "stopped"
            if record.state in _ENDED:
                continue
            all_ended = False
            if record.state == "active" and len(self._tasks) < RUNS_MAX and record.done < record.chunks:
                self._tasks[run_id] = asyncio.create_task(self._take_part(record))
        return all_ended

    async def _take_part(self, record: RunRecord) -> None:
        run_id = record.description.run_id
        began, settled = self._clock(), 0

        def about() -> str:
            """Say who this is and how fast it goes, since it was asked last."""
            nonlocal began, settled
            now, before = self._clock(), settled
            settled = ledger.handled
            rate = (settled - before) / (now - began) if now > began else 0.0
            began = now
            return json.dumps({"worker": who_am_i(), "rate": round(rate, 1)})

        ledger = RedisLedger(
            self._redis, self._url, run_id, lease_s=self._lease_s, about=about, clock=self._clock
        )
        self._ledgers.add(ledger)
        environment = self._place(ledger, self._url)
        try:
            account = self._accounts(record.description.base_url)
            plan = plan_of(record.description, ledger)
            with self._memory(account, plan) as inbox:
                if await ledger.open():
                    run = CampaignRun(plan, account, inbox=inbox, environment=environment)
                    await self._send(Share(record, run, ledger))
        except (ClusterError, LogError) as error:
            self._say(str(error))
        except Exception as error:
            self._say(f"run {run_id}: {error}")
            _log.debug("a share broke down", exc_info=True)
        finally:
            if share := self.shares.pop(run_id, None):
                self.settled += share.ledger.handled
            with contextlib.suppress(ClusterError, LogError):
                await ledger.close(None, None)
            await environment.close()
            self._ledgers.discard(ledger)
            del self._tasks[run_id]

    async def _send(self, share: Share) -> None:
        run, run_id = share.run, share.record.description.run_id
        self.shares[run_id] = share

        def hear(state: State) -> None:
            if state != "active":
                run.interrupt()

        share.ledger.on_state = hear
        if self._stop.is_set():
            run.interrupt()
        summary = await run.execute()
        if summary.stopped in ("fatal", "failures"):
            self._say(f"run {run_id} was stopped: {summary.detail}")

    def _say(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            self._tell(words)


def plan_of(description: Description, ledger: RedisLedger) -> Plan:
    """Plan a worker's share of a run. Raises OtherVersion where this one cannot read its campaign."""
    rules: list[RowRule] = []
    return Plan(
        file=campaign_of(description),
        source=QueuedSource(ledger, description.header, Path(description.source_path)),
        rows=description.rows,
        source_sha256=description.source_sha256,
        blueprint=blueprint_of(description),
        settings=description.settings,
        run_id=description.run_id,
        log=Path(description.run_id),
        rules=rules,
    )
