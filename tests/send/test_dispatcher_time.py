"""How long the server takes, on a clock that jumps: what a token counts for, what the gate is told."""

import asyncio

import pytest

from tests.send.departures import most_in_a_window, virtual_pacer
from tests.send.virtual import run
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.envelope import Envelope
from wa_bulk.send.gate import OpenGate
from wa_bulk.send.retry import Retry
from wa_bulk.send.transport import MaybeSent, NotSent
from wa_bulk.send.transport import Reply as TransportReply

PAYLOAD = b'{"to":["+447911123456"],"body":{"type":"text","text":{"body":"Hello"}}}'
ENVELOPE = Envelope("+447911123456", PAYLOAD)


class WatchfulGate(OpenGate):
    """Keeps for how long the server was silent."""

    def __init__(self) -> None:
        self.silent_s: list[float] = []

    def troubled(self, number: int, answered: int, reason: str, *, silent_s: float = 0.0) -> None:
        self.silent_s.append(round(silent_s, 3))


class Connecting:
    """A transport whose connections take half a second to make, in a place where time is virtual."""

    name = "connecting"

    def __init__(self, refused: int = 0) -> None:
        self.departures: list[float] = []
        self._idle = 0
        self._refused = refused

    def ready(self) -> bool:
        return self._idle > 0

    async def prepare(self) -> None:
        await asyncio.sleep(0.5)
        if self._refused:
            self._refused -= 1
            raise NotSent("connection refused")
        self._idle += 1

    async def post(self, payload: bytes) -> TransportReply:
        self.departures.append(asyncio.get_running_loop().time())
        self._idle -= 1
        await asyncio.sleep(0.1)
        self._idle += (
            len(self.departures) < 500 or len(self.departures) > 520
        )  # a server that hangs up on some
        return TransportReply(200, b'{"message_id":"1"}')

    async def close(self, timeout: float | None = None) -> None: ...

    def other_requests(self, reply: TransportReply) -> list[bytes]:
        return []

    def distrust(self, reply: TransportReply) -> None: ...

    def give_up_unwritten(self) -> None: ...


@pytest.mark.parametrize("refused", [0, 30])
def test_a_token_counts_when_its_message_leaves_however_long_connecting_takes(refused: int) -> None:
    async def main() -> list[float]:
        transport = Connecting(refused)
        sender = Dispatcher(transport, virtual_pacer(200), retry=Retry(100))
        outcomes = await asyncio.gather(*(sender.deliver(ENVELOPE) for _ in range(1000)))
        assert {outcome.status for outcome in outcomes} == {"accepted"}
        return transport.departures

    departures = run(main())
    assert len(departures) == 1000
    assert most_in_a_window(departures) <= 200


class NeverAnswering(Connecting):
    """A transport to a server that falls silent once it is connected to."""

    async def post(self, payload: bytes) -> TransportReply:
        await asyncio.sleep(30)
        raise MaybeSent("no whole reply within 30 s")


@pytest.mark.parametrize(
    ("transport", "silent_s"),
    [(Connecting(refused=1), 0.5), (NeverAnswering(), 30)],
    ids=["connect", "answer"],
)
def test_the_gate_is_told_how_long_the_server_was_silent(transport: Connecting, silent_s: float) -> None:
    async def main() -> list[float]:
        gate, clock = WatchfulGate(), asyncio.get_running_loop().time
        sender = Dispatcher(transport, virtual_pacer(1), retry=Retry(1), gate=gate, clock=clock)
        await sender.deliver(ENVELOPE)
        return gate.silent_s

    assert run(main()) == [silent_s]
