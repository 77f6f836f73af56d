"""A bounded pool of workers between the feed and the journal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from wa_bulk.campaign.request.blueprint import Blueprint
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.failure_guard import FailureGuard
from wa_bulk.campaign.run.feed import Feed, Settle
from wa_bulk.campaign.run.gates.outage import Outage
from wa_bulk.campaign.run.progress import Progress
from wa_bulk.campaign.settings import AHEAD_S, Settings
from wa_bulk.campaign.sources.csv import SourceError
from wa_bulk.ledger.journal import Journal
from wa_bulk.ledger.log_format import LogError, Stopped
from wa_bulk.ledger.row_states import Ledger
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.outcome import Outcome, Status

NUMBER_REFUSED = 2004
RESOURCE_MISSING = 4001

PACE_CHECK_S = 0.01
"""How often, at most, a paced run looks whether the next intents may be written."""


class Pool:
    """Workers that send what the feed brings, each row after its intent is on disk.

    `stop` ends it early: rows not sent yet are withdrawn, rows on the wire are awaited. `stopped` and
    `detail` say why it ended before the rows did.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        journal: Journal,
        ledger: Ledger,
        settings: Settings,
        progress: Progress,
        *,
        note: Settle,
        blueprint: Blueprint,
        source_changed: Callable[[], bool],
    ) -> None:
        self.stopped: Stopped | None = None
        self.detail: str | None = None
        self._dispatcher = dispatcher
        self._journal = journal
        self._ledger = ledger
        self._settings = settings
        self._progress = progress
        self._note = note
        self._one_template = blueprint.one_template
        self._senders_vary = blueprint.senders_vary
        self._refused_senders: set[str | None] = set()
        self._source_changed = source_changed
        self._guard = FailureGuard(settings.max_failures_in_a_row, settings.max_failure_share)
        self._outage = Outage(settings.outage_limit, self._server_given_up)
        self._ready: deque[RenderedRow] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._hungry = asyncio.Event()
        self._workers = 0
        self._fed = False
        self._low = 0
        self._window = max(1, round(settings.rate * AHEAD_S)) if settings.rate else settings.concurrency

    @property
    def in_flight(self) -> int:
        """Rows whose answer is awaited, or that wait to be tried again."""
        return self._workers - len(self._idle) - self._dispatcher.waiting

    @property
    def _ahead(self) -> int:
        """Rows whose intent is on disk and that have not left."""
        return len(self._ready) + self._dispatcher.waiting

    @property
    def notice(self) -> str:
        """What everybody waits for; empty while all is well."""
        return self._outage.words

    def is_stopping(self) -> bool:
        """Whether the run ends, or ended, before its rows did."""
        return self.stopped is not None

    async def run(self, feed: Feed) -> None:
        """Returns when every row is settled, or the pool was stopped and nothing is on the wire."""
        self._workers = min(self._settings.concurrency, self._progress.rows)
        workers = [asyncio.create_task(self._work()) for _ in range(self._workers)]
        for worker in workers:
            worker.add_done_callback(self._worker_ended)
        ended = asyncio.gather(*workers)
        try:
            await self._feed(feed)
            self._end_of_feed()
            await asyncio.shield(ended)
        except (LogError, SourceError) as error:
            self.stop("fatal", str(error))
        except asyncio.CancelledError:
            self.stop("interrupted", "cancelled")
            raise
        finally:
            self._end_of_feed()
            await ended

    def stop(self, why: Stopped, detail: str) -> None:
        """Begins to end the run; the first reason stays."""
        if self.stopped is not None:
            return
        self.stopped = why
        self.detail = detail
        self._dispatcher.halt()
        self._outage.halt()
        self._hungry.set()
        self._withdraw_all(self._ready)
        self._ready.clear()

    def _end_of_feed(self) -> None:
        self._fed = True
        self._wake(len(self._idle))

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and (error := worker.exception()) is not None:
            self.stop("fatal", f"an error in wa_bulk itself: {error!r}")

    async def _feed(self, feed: Feed) -> None:
        measured = _Speed()
        while not feed.exhausted:
            await self._outage.until_back()
            if self.is_stopping():
                return
            if not self._settings.rate:
                self._window = max(
                    self._settings.concurrency, round(measured.per_s(self._progress.sent) * AHEAD_S)
                )
            self._low = self._window // (4 if self._settings.rate else 2)
            ahead = self._ahead
            if ahead > self._low:
                await self._until_hungry(ahead)
                continue
            self._check_source()
            rows = feed.take(self._window - ahead)
            self._check_source()
            if not rows:
                await asyncio.sleep(0)
                continue
            try:
                await self._journal.intend_rows([row.number for row in rows])
            except asyncio.CancelledError:
                self._withdraw_all(rows)
                raise
            if self.is_stopping():
                self._withdraw_all(rows)
            else:
                self._ready.extend(rows)
                self._wake(len(rows))

    def _check_source(self) -> None:
        if self._source_changed():
            raise SourceError(
                "the recipients' file was changed while it was being sent; put it back to resume"
            )

    async def _until_hungry(self, ahead: int) -> None:
        self._hungry.clear()
        if self._settings.rate:
            enough_for_s = (ahead - self._low) / self._settings.rate
            timer = asyncio.get_running_loop().call_later(max(PACE_CHECK_S, enough_for_s), self._hungry.set)
            await self._hungry.wait()
            timer.cancel()
        else:
            await self._hungry.wait()

    def _wake(self, count: int) -> None:
        idle = self._idle
        while count and idle:
            waiter = idle.popleft()
            if not waiter.done():
                waiter.set_result(None)
                count -= 1

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        ready, idle, refused_senders = self._ready, self._idle, self._refused_senders
        outage, guard, progress = self._outage, self._guard, self._progress
        deliver, note = self._dispatcher.deliver, self._note
        while True:
            while not ready:
                if self._fed:
                    self._workers -= 1
                    return
                if self._ahead <= self._low:
                    self._hungry.set()
                waiter = loop.create_future()
                idle.append(waiter)
                await waiter
            row = ready.popleft()
            if len(ready) == self._low:
                self._hungry.set()
            if row.sender in refused_senders:
                status: Status = "unknown" if row.before == "unknown" else "rejected"
                outcome = Outcome(status, message=f"the API key may not send from {row.sender}")
                note(row.number, row.to, outcome, None, row.before)
                continue
            answers = outage.answers
            outcome = await deliver(row.payload, row.sender)
            if outcome.status != "accepted":
                outcome = await self._insist(row, outcome, answers)
            progress.sent += 1
            if outcome.status == "accepted":
                outage.answered()
                guard.accepted()
                note(row.number, row.to, outcome, None, row.before)
            else:
                self._settle_refused(row, outcome)

    async def _insist(self, row: RenderedRow, outcome: Outcome, answers: int) -> Outcome:
        """Sends a row again while the server is to blame, or while the user wants unknowns retried."""
        outage, maybe_taken = self._outage, False
        attempts = outcome.attempts
        while not self.is_stopping():
            if outcome.status == "unknown" and self._settings.on_unknown == "retry":
                if attempts >= self._settings.tries:
                    break
                maybe_taken = True
            elif (
                outcome.status != "failed" or outcome.fatal or not await outage.is_to_blame(outcome, answers)
            ):
                break
            answers = outage.answers
            outcome = await self._dispatcher.deliver(row.payload, row.sender)
            attempts += outcome.attempts
            outcome.attempts = attempts
        if maybe_taken and outcome.status != "accepted":
            outcome.status = "unknown"
        return outcome

    def _settle_refused(self, row: RenderedRow, outcome: Outcome) -> None:
        if outcome.status != "failed":
            if outcome.http_status is not None:
                self._outage.answered()
            else:
                self._outage.reached()
        if outcome.status == "failed" and self.stopped is not None:
            self._withdraw(row)
            return
        if outcome.code == NUMBER_REFUSED and self._senders_vary:
            self._refused_senders.add(row.sender)
        elif outcome.fatal or (outcome.code == RESOURCE_MISSING and self._one_template):
            if outcome.status == "unknown":  # an earlier try may have been taken
                self._note(row.number, row.to, outcome, None, row.before)
            else:
                self._withdraw(row)
            self.stop("fatal", _words(outcome))
            return
        if row.before == "unknown":
            # This try was not accepted; an earlier one may have been.
            outcome.status = "unknown"
        self._guard.refused(_words(outcome))
        self._note(row.number, row.to, outcome, None, row.before)
        if self._guard.verdict is not None:
            self.stop("failures", self._guard.verdict)

    def _withdraw(self, row: RenderedRow) -> None:
        """Takes back the intent of a row that was provably not accepted since."""
        self._ledger.withdraw(row.number, row.number)
        self._journal.withdraw(row.number, row.number, "stopped before it was accepted")

    def _withdraw_all(self, rows: Iterable[RenderedRow]) -> None:
        for row in rows:
            self._withdraw(row)

    def _server_given_up(self, words: str) -> None:
        self.stop("failures", words)


def _words(outcome: Outcome) -> str:
    facts = [f"HTTP {outcome.http_status}"] if outcome.http_status is not None else []
    if outcome.code is not None:
        facts.append(f"code {outcome.code}")
    return f"{', '.join(facts) or outcome.status}: {outcome.message}"


class _Speed:
    """How fast rows are being settled, over the last tenth of a second or more."""

    def __init__(self) -> None:
        self._at = asyncio.get_running_loop().time()
        self._sent = 0
        self._speed = 0.0

    def per_s(self, sent: int) -> float:
        now = asyncio.get_running_loop().time()
        if now - self._at >= 0.1:
            self._speed = (sent - self._sent) / (now - self._at)
            self._at, self._sent = now, sent
        return self._speed
