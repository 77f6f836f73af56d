"""A plan carried out."""

from __future__ import annotations

import time

from msgspec import Struct

from wa_bulk.campaign.request.rendered_row import Before
from wa_bulk.campaign.run.feed import Feed
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.run.pool import Pool
from wa_bulk.campaign.run.progress import Progress
from wa_bulk.ledger.journal import Journal
from wa_bulk.ledger.log_format import EndLine, LogError, Stopped, Totals, timestamp
from wa_bulk.send.account import Account
from wa_bulk.send.dispatcher import Dispatcher, open_transport
from wa_bulk.send.outcome import Outcome


class RunSummary(Struct, frozen=True):
    """How a run, or this stretch of it, ended. `totals` are those of the whole run."""

    totals: Totals
    rows: int
    stopped: Stopped | None
    detail: str | None
    duration_s: float


class CampaignRun:
    """One run of a plan: `execute` it, watch its `progress`, `interrupt` it."""

    def __init__(self, plan: Plan, account: Account) -> None:
        self.progress = Progress(plan.rows, plan.ledger.totals())
        self._plan = plan
        self._account = account
        self._pool: Pool | None = None
        self._interrupted = False

    @property
    def in_flight(self) -> int:
        """Rows whose answer is awaited."""
        return self._pool.in_flight if self._pool is not None else 0

    @property
    def notice(self) -> str:
        """What the run waits for; empty while all is well."""
        return self._pool.notice if self._pool is not None else ""

    def interrupt(self) -> None:
        """Ends the run as soon as what is on the wire has been answered."""
        self._interrupted = True
        if self._pool is not None:
            self._pool.stop("interrupted", "interrupted")

    async def execute(self) -> RunSummary:
        """Runs to the end. Raises LogError where the log cannot be begun or, at the end, be completed."""
        plan, settings = self._plan, self._plan.settings
        started = time.monotonic()
        journal = await self._open_journal()
        transport = open_transport(
            self._account,
            name=settings.transport,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
        )
        dispatcher = Dispatcher(
            transport, rate=settings.rate, tries=settings.tries, redact=self._account.redact
        )

        settle, record, count = plan.ledger.settle, journal.record, self.progress.settled

        def note(
            row: int, to: str | None, outcome: Outcome, reason: str | None, before: Before | None = None
        ) -> None:
            status = outcome.status
            settle(row, status)
            record(row, to, outcome, reason)
            count(status, before)

        self._pool = pool = Pool(
            dispatcher,
            journal,
            plan.ledger,
            settings,
            self.progress,
            note=note,
            blueprint=plan.blueprint,
            source_changed=plan.source.has_changed,
        )
        if self._interrupted:
            self.interrupt()
        feed = Feed(
            plan.rows_to_go_through(),
            plan.blueprint,
            plan.ledger,
            settings,
            note,
            plan.seen,
        )
        try:
            await pool.run(feed)
        except BaseException:
            await journal.close()
            raise
        finally:
            await dispatcher.close()
        end = EndLine(
            run_id=plan.run_id,
            at=timestamp(),
            stopped=pool.stopped,
            totals=plan.ledger.totals(),
            detail=pool.detail,
        )
        await journal.close(end)
        return RunSummary(end.totals, plan.rows, pool.stopped, pool.detail, time.monotonic() - started)

    async def _open_journal(self) -> Journal:
        plan, line = self._plan, self._plan.run_line(self._account.base_url)
        if plan.claimed is not None:
            return await Journal.resume(plan.claimed, line, on_error=self._log_failed)
        return await Journal.create(plan.log, line, on_error=self._log_failed)

    def _log_failed(self, error: LogError) -> None:
        if self._pool is not None:
            self._pool.stop("fatal", str(error))
