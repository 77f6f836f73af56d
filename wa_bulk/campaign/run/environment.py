"""Where a run takes place: what it asks of the disk, the network, the clock and chance."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from wa_bulk.campaign.run.gates.outage import SHARE_TO_FIND_OUT
from wa_bulk.campaign.run.progress import CountingLedger
from wa_bulk.ledger.local_ledger import LocalLedger
from wa_bulk.ledger.log_format import LogError, RunLine
from wa_bulk.send import defaults
from wa_bulk.send.open_transport import open_transport
from wa_bulk.send.pacing import LocalPacer

if TYPE_CHECKING:
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.send.account import Account
    from wa_bulk.send.pacing import Pacer
    from wa_bulk.send.transport import Transport


CONNECT_S_LEAST = 1.0
"""However short an outage may be."""


class Environment:
    """This machine. A simulation brings another one."""

    pacer_clock: Callable[[], float] = staticmethod(time.monotonic)
    """Seconds; tells when a message may leave."""
    latency_clock: Callable[[], float] = staticmethod(time.perf_counter)
    """Seconds; measures how long a reply took."""

    def __init__(self) -> None:
        self.chance = random.Random()
        """Draws the waits before rows are tried again."""

    async def open_ledger(
        self, plan: Plan, line: RunLine, on_error: Callable[[LogError], None]
    ) -> CountingLedger:
        """Begin the run's ledger, or go on with it; `line` opens this stretch. Raises LogError."""
        settings = plan.settings
        if plan.claimed is None or plan.past is None:
            return await LocalLedger.create(plan.log, line, plan.rows, on_error=on_error)
        return await LocalLedger.resume(
            plan.claimed,
            plan.past,
            line,
            plan.rows,
            retry_unknown=settings.retries_unknown,
            retry_failed=settings.retry_failed,
            retry_rejected=settings.retry_rejected,
            on_error=on_error,
        )

    def open_pacer(self, settings: Settings) -> Pacer:
        """Make what tells when a message may leave."""
        return LocalPacer(settings.rate, clock=self.pacer_clock)

    def open_transport(self, account: Account, settings: Settings) -> Transport:
        """Make the way to the account's address."""
        return open_transport(
            account,
            name=settings.transport,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
            connect_timeout=min(
                defaults.CONNECT_TIMEOUT,
                max(CONNECT_S_LEAST, settings.outage_limit * (1 - SHARE_TO_FIND_OUT)),
            ),
        )
