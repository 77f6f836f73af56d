"""A plan carried out."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.run.blocks import Blocks
from wa_bulk.campaign.run.environment import Environment
from wa_bulk.campaign.run.feed import Feed
from wa_bulk.campaign.run.first_answers import FirstAnswers
from wa_bulk.campaign.run.gates.notices import NoticeWatch
from wa_bulk.campaign.run.gates.outage import OutageGate
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.run.pool import Pool
from wa_bulk.campaign.run.progress import Progress
from wa_bulk.campaign.run.row_check import RowCheck
from wa_bulk.history import HistoryError, Inbox
from wa_bulk.ledger.local_ledger import LocalLedger
from wa_bulk.ledger.log_format import LogError, Stopped, Totals
from wa_bulk.send.account import Account
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.retry import Retry

_TURNS_BEFORE_GIVING_UP = 2.0


class RunSummary(Struct, frozen=True):
    """How a run, or this stretch of it, ended. `totals` are those of the whole run."""

    totals: Totals
    rows: int
    stopped: Stopped | None
    detail: str | None


class CampaignRun:
    """One run of a plan: `execute` it, watch its `progress`, `interrupt` it."""

    def __init__(
        self,
        plan: Plan,
        account: Account,
        *,
        inbox: Inbox | None = None,
        environment: Environment | None = None,
    ) -> None:
        """`inbox` is where notifications come in that may stop the run; `environment` is this machine unless
        given."""
        self._inbox = inbox
        self.progress = Progress(plan.totals())
        self._plan = plan
        self._account = account
        self._environment = environment or Environment()
        self._pool: Pool | None = None
        self._gate: OutageGate | None = None
        self._interrupted = False

    @property
    def sent(self) -> int:
        """Rows of this stretch that were answered or given up."""
        return self._pool.sent if self._pool is not None else 0

    @property
    def in_flight(self) -> int:
        """Rows whose answer is awaited."""
        return self._pool.in_flight if self._pool is not None else 0

    @property
    def notice(self) -> str:
        """What the run waits for; empty while all is well."""
        return self._gate.notice if self._gate is not None else ""

    def people(self) -> Iterable[array[int]] | None:
        """Give the keys of those the run wrote to, or may have; None where only its log knows them."""
        rule = next((rule for rule in self._plan.rules if isinstance(rule, DuplicateRule)), None)
        ledger = self.progress.ledger
        if rule is None or not isinstance(ledger, LocalLedger):
            return None
        return rule.people(ledger.may_be_taken())

    def interrupt(self) -> None:
        """End the run as soon as what is on the wire has been answered."""
        self._interrupted = True
        self._stop("interrupted", "interrupted")

    async def execute(self) -> RunSummary:
        """Run to the end. Raises LogError where the log cannot be begun or, at the end, be completed."""
        plan, settings, environment = self._plan, self._plan.settings, self._environment
        plan.keep_selections()
        line = plan.run_line(self._account.base_url)
        ledger = self.progress.ledger = await environment.open_ledger(plan, line, self._log_failed)
        # At a slow pace, a request that finds out whether the server is there waits long for its turn.
        turns_s = _TURNS_BEFORE_GIVING_UP / settings.rate if settings.rate else 0.0
        limit = max(settings.outage_limit, turns_s if turns_s > 1 else 0.0)
        self._gate = gate = OutageGate(limit, self._server_given_up, self._gate_opened)
        dispatcher = Dispatcher(
            environment.open_transport(self._account, settings),
            environment.open_pacer(settings),
            retry=Retry(settings.tries),
            redaction=self._account.redaction,
            gate=gate,
            clock=environment.latency_clock,
            chance=environment.chance,
        )
        blocks = Blocks()
        self._pool = pool = Pool(
            dispatcher,
            ledger,
            settings,
            gate=gate,
            blocks=blocks,
            first_answers=FirstAnswers(
                watching=not ledger.totals().accepted and not settings.guards_are_off,
                second_time=plan.past is not None and plan.past.reopened,
            ),
            one_template=plan.blueprint.one_template,
            one_sender=not plan.blueprint.senders_vary,
            source_changed=plan.source.has_changed,
            chance=environment.chance,
        )
        if self._interrupted:
            self.interrupt()
        watch = asyncio.create_task(self._watch(blocks))
        feed = Feed(
            ledger,
            plan.source,
            RowCheck(plan.blueprint, plan.rules),
            blocks,
            limit=settings.limit,
            retry_cut_off=settings.retries_unknown,
        )
        try:
            await pool.run(feed, plan.rows_to_send)
        except BaseException:
            await ledger.abandon()
            raise
        finally:
            watch.cancel()
            await dispatcher.close()
        await ledger.close(pool.stopped, pool.detail)
        return RunSummary(ledger.totals(), plan.rows, pool.stopped, pool.detail)

    async def _watch(self, blocks: Blocks) -> None:
        """Have notifications stop the run, for as long as they can be read."""
        if self._inbox is not None:
            with suppress(HistoryError):
                watch = NoticeWatch(self._inbox, self._plan.blueprint, blocks, self._notified)
                await watch.run()

    def _notified(self, words: str) -> None:
        self._stop("failures", words)

    def _stop(self, why: Stopped, detail: str) -> None:
        if self._pool is not None:
            self._pool.stop(why, detail)

    def _log_failed(self, error: LogError) -> None:
        self._stop("fatal", str(error))

    def _server_given_up(self, reason: str) -> None:
        self._stop("failures", reason)

    def _gate_opened(self) -> None:
        if self._pool is not None:
            self._pool.gate_opened()
