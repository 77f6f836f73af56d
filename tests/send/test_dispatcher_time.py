"""How long the server takes, on a clock that jumps: what a token counts for, what the gate is told."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.send.departures import most_in_a_window, virtual_pacer
from tests.send.virtual import run
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.envelope import Envelope
from wa_bulk.send.gate import OpenGate
from wa_bulk.send.outcome import Outcome
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


class Answering(Connecting):
    """A transport to a server that is near, and answers the first, second … request as it is told."""

    def __init__(self, answer: Callable[[int], TransportReply]) -> None:
        super().__init__()
        self._answer = answer

    def ready(self) -> bool:
        return True

    async def post(self, payload: bytes) -> TransportReply:
        self.departures.append(asyncio.get_running_loop().time())
        number = len(self.departures)
        await asyncio.sleep(0.005)
        return self._answer(number)


ACCEPTED = TransportReply(200, b'{"message_id":"1"}')


async def delivered(transport: Answering, count: int, rate: float, tries: int) -> list[Outcome]:
    clock = asyncio.get_running_loop().time
    sender = Dispatcher(transport, virtual_pacer(rate), retry=Retry(tries, wait_initial=0.01), clock=clock)
    return await asyncio.gather(*(sender.deliver(ENVELOPE) for _ in range(count)))


def test_every_retry_takes_a_token() -> None:
    trouble = TransportReply(500, b'{"code":1000}')
    transport = Answering(lambda number: trouble if number <= 10 else ACCEPTED)
    outcomes = run(delivered(transport, 20, rate=20, tries=9))
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert len(transport.departures) == 30
    assert most_in_a_window(transport.departures) <= 20


def test_a_429_stops_everyone_for_as_long_as_it_asks() -> None:
    too_fast = TransportReply(429, b"", retry_after=7)
    transport = Answering(lambda number: too_fast if number == 3 else ACCEPTED)
    outcomes = run(delivered(transport, 20, rate=100, tries=3))
    assert sorted(outcome.attempts for outcome in outcomes) == [1] * 19 + [2]
    gaps = [later - earlier for earlier, later in pairwise(transport.departures)]
    assert len([gap for gap in gaps if gap > 1]) == 1
    assert max(gaps) >= 7
    assert gaps[-1] > 1 / 100, "and goes on more slowly"
