"""Where a worker's share of a run takes place: the ledger and the pace are Redis'."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from wa_bulk.campaign.run.environment import Environment
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import Scan, SourceError, SourceRow
from wa_bulk.cluster.redis_ledger import RedisLedger
from wa_bulk.cluster.redis_pacer import RedisPacer
from wa_bulk.ledger.log_format import LogError, RunLine
from wa_bulk.send.account import Account
from wa_bulk.send.pacing import LocalPacer, Pacer
from wa_bulk.send.transport import NotSent, Reply, Transport


class LeasedTransport:
    """A transport that posts nothing once the sender's lease may have ended. A `Transport`.

    A process that stood still wakes up with rows in hand that were given to others meanwhile.
    """

    def __init__(self, transport: Transport, may_send: Callable[[], bool]) -> None:
        self._post = transport.post
        self._may_send = may_send
        self.name = transport.name
        self.ready = transport.ready
        self.prepare = transport.prepare
        self.other_requests = transport.other_requests
        self.distrust = transport.distrust
        self.give_up_unwritten = transport.give_up_unwritten
        self.close = transport.close

    def post(self, payload: bytes) -> Coroutine[object, object, Reply]:
        """Post `payload`; raises NotSent where the lease may have ended."""
        return self._post(payload) if self._may_send() else _refused()


async def _refused() -> NoReturn:
    raise NotSent("not sent: this worker has not reached Redis for so long that others may send its rows")


class LeasedEnvironment(Environment):
    """One worker's share of one run: what was taken, until there is no more to be had."""

    def __init__(self, ledger: RedisLedger, redis_url: str) -> None:
        super().__init__()
        self.ledger = ledger
        self._redis_url = redis_url
        self._pacer: RedisPacer | None = None

    async def open_ledger(
        self, plan: Plan, line: RunLine, on_error: Callable[[LogError], None]
    ) -> RedisLedger:
        """Give the ledger, which is open already."""
        self.ledger.on_error = on_error
        return self.ledger

    def open_pacer(self, settings: Settings) -> Pacer:
        """Share the limit of each sending number; without a rate there is none to be shared."""
        if not settings.rate:
            return LocalPacer(0)
        self._pacer = RedisPacer.from_url(self._redis_url, rate=settings.rate)
        return self._pacer

    def open_transport(self, account: Account, settings: Settings) -> Transport:
        """Make the way to the account's address, for as long as the lease lasts."""
        return LeasedTransport(super().open_transport(account, settings), self.ledger.may_send)

    async def close(self) -> None:
        """Let go of the pace."""
        if self._pacer is not None:
            await self._pacer.close()


class QueuedSource:
    """The rows that a ledger has taken. A `RowSource`, but for what asks for all rows at once."""

    sheet = None

    def __init__(self, ledger: RedisLedger, header: list[str], path: Path) -> None:
        self.header = header
        self.path = path
        self._ledger = ledger

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        """Stream the rows of these ranges, which were claimed."""
        for row in self._ledger.rows_in(ranges):
            yield SourceRow(row.number, row.line, row.values)

    def has_changed(self) -> bool:
        """Tell that they have not."""
        return False

    def rows(self) -> Iterator[SourceRow]:
        """Raise SourceError: they come as they are claimed."""
        raise self._only_claimed()

    def scan(self) -> Scan:
        """Raise SourceError: they come as they are claimed."""
        raise self._only_claimed()

    def sha256(self) -> str:
        """Raise SourceError: they come as they are claimed."""
        raise self._only_claimed()

    def _only_claimed(self) -> SourceError:
        return SourceError(f"{self.path}: of a run in Redis a worker has only the rows that it has taken")
