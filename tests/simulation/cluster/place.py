"""Where a worker's share of a simulated run takes place."""

from __future__ import annotations

from tests.simulation.cluster.auditor import ClusterAuditor
from tests.simulation.cluster.link import Network
from tests.simulation.cluster.process import Process
from tests.simulation.network import SimulatedTransport
from tests.simulation.server import Server
from wa_bulk.campaign.settings import Settings
from wa_bulk.cluster.leased import LeasedEnvironment, LeasedTransport
from wa_bulk.cluster.redis_ledger import RedisLedger
from wa_bulk.cluster.redis_pacer import RedisPacer
from wa_bulk.send.account import Account
from wa_bulk.send.pacing import LocalPacer, Pacer
from wa_bulk.send.transport.interface import Transport

URL = "redis://simulated/0"


class SimulatedPlace(LeasedEnvironment):
    """Where a worker's share takes place: a simulated network, the worker's clock."""

    def __init__(
        self, ledger: RedisLedger, process: Process, server: Server, network: Network, auditor: ClusterAuditor
    ) -> None:
        super().__init__(ledger, URL)
        self.pacer_clock = self.latency_clock = process.loop.time
        self.chance = server.world.chance(f"process {process.number}")
        self._process = process
        self._server = server
        self._network = network
        self._auditor = auditor

    def open_pacer(self, settings: Settings) -> Pacer:
        if not settings.rate:
            return LocalPacer(0)
        redis = self._network.client(self._process)
        chance = self._server.world.chance(f"pace of process {self._process.number}")
        self._pacer = RedisPacer(redis, URL, settings.rate, clock=self.pacer_clock, chance=chance)
        return self._pacer

    def open_transport(self, account: Account, settings: Settings) -> Transport:
        faults, process = self._auditor.faults, self._process
        transport = SimulatedTransport(
            self._server.world,
            self._server,
            settings.timeout,
            lambda attempt: self._auditor.attempted(attempt, process),
            lambda: None,
            lambda error: faults.append(f"the simulation itself failed: {error!r}"),
        )
        return LeasedTransport(transport, self.ledger.may_send)
