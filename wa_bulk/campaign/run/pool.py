"""A bounded pool of workers between the feed and the ledger."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.blocks import Blocks
from wa_bulk.campaign.run.failure_guard import FailureGuard
from wa_bulk.campaign.run.feed import Feed
from wa_bulk.campaign.run.first_answers import FirstAnswers
from wa_bulk.campaign.run.gates.outage import OutageGate
from wa_bulk.campaign.run.reasons import held_until, not_sent_now, reason_of
from wa_bulk.campaign.run.retry_later import RetryLater
from wa_bulk.campaign.run.speed import Speed
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import SourceError
from wa_bulk.ledger.base import Ledger
from wa_bulk.ledger.log_format import LogError, Stopped
from wa_bulk.ledger.row_states import AHEAD_S
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.outcome import Outcome

PACE_CHECK_S = 0.01
"""How often, at most, a paced run looks whether the next intents may be written."""

WAITING_MAX = 1000
"""Rows that may have been taken and wait for an unavailable server, while others are looked for."""

FAILED_ROWS_MAX = 10
"""That number of rows in a row whose tries were used up, with no proper answer in between, mean that the
server is unavailable: a single one may be the row's own fault."""


class Pool:
    """Workers that send what the feed brings, each row after its intent is on disk.

    `stop` ends it early: rows not sent yet are withdrawn, rows on the wire are awaited. `stopped` and
    `detail` say why it ended before the rows did.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        ledger: Ledger,
        settings: Settings,
        *,
        gate: OutageGate,
        blocks: Blocks,
        first_answers: FirstAnswers,
        one_template: bool,
        one_sender: bool,
        source_changed: Callable[[], bool],
        chance: random.Random | None = None,
    ) -> None:
        """`one_template`, `one_sender`: every row uses the same. `gate` is the dispatcher's, `blocks` the
        feed's; `chance` draws the waits of rows that are tried again although they may have been taken."""
        self.stopped: Stopped | None = None
        self.detail: str | None = None
        self.sent = 0
        """Rows of this stretch that were answered or given up."""
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._settings = settings
        self._gate = gate
        self._blocks = blocks
        self._first_answers = first_answers
        self._one_template = one_template
        self._one_sender = one_sender
        self._source_changed = source_changed
        self._guard = FailureGuard(settings.max_failures_in_a_row, settings.max_failure_share)
        self._ready: deque[RenderedRow] = deque()
        self._later = RetryLater(self._requeue, chance or random.Random())
        self._idle: deque[asyncio.Future[None]] = deque()
        self._hungry = asyncio.Event()
        self._workers = 0
        self._fed = False
        self._low = 0
        self._failed_rows = 0
        self._window = max(1, round(settings.rate * AHEAD_S)) if settings.rate else settings.concurrency

    @property
    def in_flight(self) -> int:
        """Rows whose answer is awaited, or that wait to be tried again."""
        return self._workers - len(self._idle) - self._dispatcher.waiting

    @property
    def _ahead(self) -> int:
        """Rows whose intent is on disk and that have not left."""
        return len(self._ready) + self._dispatcher.waiting

    def _is_stopping(self) -> bool:
        """Tell whether the run ends, or ended, before its rows did."""
        return self.stopped is not None

    async def run(self, feed: Feed, rows: int) -> None:
        """Return when every one of at most `rows` rows is settled, or the pool was stopped and nothing is on
        the wire."""
        self._workers = min(self._settings.concurrency, rows)
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
            self._gate.halt()
            self._conclude()

    def stop(self, why: Stopped, detail: str) -> None:
        """Begin to end the run; the first reason stays."""
        if self._is_stopping():
            return
        self.stopped = why
        self.detail = detail
        self._dispatcher.halt()
        self._gate.halt()
        self._hungry.set()
        rows = list(self._ready)
        self._ready.clear()
        self._take_back(rows)
        self._take_back(self._later.give_up())
        self._wake(len(self._idle))

    def gate_opened(self) -> None:
        """Let what waited for the server go on: it is there again."""
        self._failed_rows = 0
        self._later.release()
        self._hungry.set()

    def _conclude(self) -> None:
        """See whether what happened to all rows together is a reason to call the run stopped."""
        self._first_answers.end(self._blocks.rejected_rows, self._blocks.rejected)
        if not self._is_stopping():
            if self._first_answers.verdict is not None:
                self.stopped, self.detail = "fatal", self._first_answers.verdict
            elif self._blocks.held_rows:
                self.stopped, self.detail = "failures", "; ".join(self._blocks.held.values())
        if self.detail == self._first_answers.verdict is not None and self._first_answers.rows is not None:
            self._ledger.reopen(*self._first_answers.rows, "every message was refused: none is written off")

    def _end_of_feed(self) -> None:
        self._fed = True
        self._wake(len(self._idle))

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and (error := worker.exception()) is not None:
            self.stop("fatal", f"an error in wa_bulk itself: {error!r}")

    async def _feed(self, feed: Feed) -> None:
        measured = Speed()
        while not feed.exhausted:
            if self._is_stopping():
                return
            if not self._settings.rate:
                self._window = max(self._settings.concurrency, round(measured.per_s(self.sent) * AHEAD_S))
            # While the server is unavailable one row at a time is enough: to find out.
            closed = self._gate.closed
            self._low = 0 if closed else self._window // (4 if self._settings.rate else 2)
            ahead = self._ahead + (self._later.waiting if closed and self._is_crowded() else 0)
            if ahead > self._low:
                await self._until_hungry(ahead)
                continue
            self._check_source()
            rows = await feed.take(1 if closed else self._window - ahead)
            self._check_source()
            if not rows:
                await asyncio.sleep(0)
                continue
            try:
                await self._ledger.intend([row.number for row in rows])
            except asyncio.CancelledError:
                self._take_back(rows)
                raise
            if self._is_stopping():
                self._take_back(rows)
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

    def _requeue(self, row: RenderedRow) -> None:
        self._ready.append(row)
        self._wake(1)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        ready, idle, blocks, later = self._ready, self._idle, self._blocks, self._later
        guard, first_answers, ledger = self._guard, self._first_answers, self._ledger
        deliver, settle = self._dispatcher.deliver, self._ledger.settle
        while True:
            is_last_resort = False
            while not ready:
                if self._fed and not later.waiting:
                    self._workers -= 1
                    self._wake(len(idle))
                    return
                if self._is_last_resort() and (row := later.last_resort()) is not None:
                    ready.append(row)
                    is_last_resort = True
                    break
                if self._ahead <= self._low:
                    self._hungry.set()
                waiter = loop.create_future()
                idle.append(waiter)
                await waiter
            row = ready.popleft()
            if len(ready) == self._low:
                self._hungry.set()
            if blocks.any and blocks.stops(row, ledger, intended=True):
                continue
            may_probe = not row.maybe_taken or is_last_resort or self._is_last_resort()
            if self._gate.closed and not may_probe:
                later.until_open(row)
                continue
            outcome = await (deliver(row) if may_probe else deliver(row, may_probe=False))
            if outcome.status == "accepted" and not row.attempts:
                self.sent += 1
                self._failed_rows = 0
                guard.in_a_row = 0  # as `accepted` does, without a call
                guard.answers += 1
                if first_answers.watching:
                    first_answers.other()
                settle(row.number, row.to, outcome)
            else:
                self._settle_other(row, outcome)

    def _settle_other(self, row: RenderedRow, outcome: Outcome) -> None:
        """Settle a row that was not accepted at once, or see to it that it is sent again."""
        if not outcome.attempts and row.maybe_taken and not self._is_stopping():
            self._later.until_open(row) if self._gate.closed else self._requeue(row)
            return
        row.attempts += outcome.attempts
        outcome = msgspec.structs.replace(outcome, attempts=row.attempts)
        if outcome.status == "unknown":
            row.maybe_taken = True
            if self._wants_again(row, outcome):
                self._ledger.doubt(row.number, row.to, outcome)
                self._later.after_wait(row)
                return
        elif outcome.status == "failed" and not outcome.fatal:
            if self._is_stopping() and not row.maybe_taken:
                self._withdraw(row)
                return
            if outcome.retry_after is not None and not row.maybe_taken:
                self._hold_sender(row, outcome)
                return
            if self._is_unavailable(outcome):
                self._later.until_open(row) if row.maybe_taken else self._requeue(row)
                return
        self.sent += 1
        self._settle_for_good(row, outcome)

    def _is_last_resort(self) -> bool:
        """Tell whether only rows that may have been taken are left to find out how the server is."""
        if not self._gate.closed or self._ready or self._dispatcher.waiting:
            return False
        return self._fed or self._is_crowded()

    def _is_crowded(self) -> bool:
        """Tell whether enough rows that may have been taken wait for the gate: no others are looked for."""
        return self._later.waiting >= WAITING_MAX

    def _wants_again(self, row: RenderedRow, outcome: Outcome) -> bool:
        """Tell whether the user's word is that this row is sent again although it may have been taken."""
        if self._is_stopping() or row.attempts >= self._settings.tries:
            return False
        if self._settings.on_unknown == "retry":
            return True
        by_gateway = outcome.ruling is not None and outcome.ruling.speaker == "gateway"
        return by_gateway and self._settings.gateway_errors == "retry"

    def _is_unavailable(self, outcome: Outcome) -> bool:
        """Tell whether a row's tries were used up for an unavailable server, so that it is sent again."""
        if self._is_stopping() or outcome.ruling is None or outcome.ruling.verdict != "retry":
            return False
        self._failed_rows += 1
        if self._failed_rows >= FAILED_ROWS_MAX and outcome.ruling.scope == "message":
            self._gate.close(outcome.message or "")
        return self._gate.closed

    def _hold_sender(self, row: RenderedRow, outcome: Outcome) -> None:
        self._withdraw(row)
        reason = held_until(row, outcome)
        if self._one_sender:
            self.stop("failures", reason)
        else:
            self._blocks.hold_sender(row.sender, reason)
            self._blocks.held_rows += 1

    def _settle_for_good(self, row: RenderedRow, outcome: Outcome) -> None:
        ruling, reason = outcome.ruling, reason_of(outcome)
        is_template = ruling is not None and ruling.scope == "template"
        is_sender = outcome.fatal and ruling is not None and ruling.scope == "sender"
        stops = self._one_template if is_template else outcome.fatal and (self._one_sender or not is_sender)
        if stops and not row.maybe_taken:
            self._withdraw(row)
            self.stop("fatal", reason)
            return
        if is_sender and not stops:
            self._blocks.refuse_sender(row)
        if is_template and not stops:
            self._blocks.refuse_template(row, outcome)
        if row.maybe_taken and outcome.status not in ("accepted", "unknown"):
            # This try was not accepted; an earlier one may have been.
            outcome = msgspec.structs.replace(outcome, status="unknown")
        if ruling is not None and ruling.verdict not in ("retry", "unknown"):
            self._failed_rows = 0
        self._ledger.settle(row.number, row.to, outcome)
        if stops:
            self.stop("fatal", reason)
        elif outcome.status == "accepted":
            self._guard.accepted()
            self._first_answers.other()
        else:
            self._watch(row, outcome, reason)

    def _watch(self, row: RenderedRow, outcome: Outcome, reason: str) -> None:
        if outcome.status == "rejected":
            self._first_answers.refused(row.number, reason)
        else:
            self._first_answers.other()
        self._guard.refused(reason)
        if self._first_answers.verdict is not None:
            self.stop("fatal", self._first_answers.verdict)
        elif self._guard.verdict is not None:
            self.stop("failures", self._guard.verdict)

    def _withdraw(self, row: RenderedRow) -> None:
        """Take back the intent of a row that was provably not taken since."""
        self._ledger.withdraw([row.number], "stopped before it was accepted")

    def _take_back(self, rows: Iterable[RenderedRow]) -> None:
        """Take back many intents, but for rows of which a try of this stretch may have been taken."""
        for row in rows:
            if row.attempts and row.maybe_taken:
                reason = "stopped before it was sent again: an earlier try may have been taken"
                self._ledger.settle(row.number, row.to, not_sent_now(row, "unknown", reason))
            else:
                self._withdraw(row)
