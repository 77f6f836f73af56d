"""From one payload to one outcome, over real sockets and both transports."""

import asyncio
import gzip
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from tests.send.engagelab import Answer, EngageLab, Reply, Trouble, accepted, error
from wa_bulk.send.account import Account
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.envelope import Envelope
from wa_bulk.send.gate import OpenGate
from wa_bulk.send.open_transport import open_transport
from wa_bulk.send.outcome import Accepted
from wa_bulk.send.pacing import LocalPacer
from wa_bulk.send.retry import Retry

PAYLOAD = b'{"to":["+447911123456"],"body":{"type":"text","text":{"body":"Hello"}}}'
ENVELOPE = Envelope("+447911123456", PAYLOAD)
SECRET = "2b4f8e7c9d1a3f5e"

Name = Literal["lean", "aiohttp"]


@pytest.fixture(params=["lean", "aiohttp"])
def name(request: pytest.FixtureRequest) -> Name:
    chosen: Name = request.param
    return chosen


@asynccontextmanager
async def dispatcher(
    url: str,
    name: Name = "lean",
    *,
    rate: float = 0,
    tries: int = 3,
    timeout: float = 5.0,
    wait_initial: float = 0.01,
) -> AsyncIterator[Dispatcher]:
    account = Account("key", SECRET, url)
    transport = open_transport(account, name=name, timeout=timeout)
    retry = Retry(tries, wait_initial=wait_initial)
    made = Dispatcher(transport, LocalPacer(rate), retry=retry, redaction=account.redaction)
    try:
        yield made
    finally:
        await made.close()


class ClosedGate(OpenGate):
    """Lets whoever asks find out whether the server is back."""

    closed = True

    async def turn(self) -> bool:
        return True


async def test_only_who_may_probe_finds_out_whether_the_server_is_back() -> None:
    async with EngageLab(lambda _: accepted(1)) as server:
        transport = open_transport(Account("key", SECRET, server.url))
        sender = Dispatcher(transport, LocalPacer(0), gate=ClosedGate())
        held_back = await sender.deliver(ENVELOPE, may_probe=False)
        assert not server.arrivals
        probe = await sender.deliver(ENVELOPE)
        await sender.close()
    assert (held_back.status, held_back.attempts, held_back.fatal) == ("failed", 0, False)
    assert (probe.status, probe.attempts) == ("accepted", 1)


async def test_accepted(name: Name) -> None:
    body = b'{"message_id":"1666165485030094861","request_id":"r-1"}'
    async with EngageLab(lambda _: Reply(body=body)) as server, dispatcher(server.url, name) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert isinstance(outcome, Accepted)
    assert outcome.message_id == "1666165485030094861"
    assert (outcome.request_id, outcome.http_status, outcome.attempts) == (None, 200, 1)
    assert outcome.latency_ms is not None
    assert [arrival.payload for arrival in server.arrivals] == [PAYLOAD]
    assert server.arrivals[0].authorization == Account("key", SECRET).headers()["Authorization"]


@pytest.mark.parametrize(
    ("reply", "status", "code", "fatal", "words"),
    [
        (error(400, 3002, "to: is empty"), "rejected", 3002, False, "to: is empty"),
        (error(400, 4001, "no such template"), "rejected", 4001, False, "no such template"),
        (error(401, 2001, ""), "failed", 2001, True, "the API key is not valid"),
        (error(403, 2004, "not yours"), "failed", 2004, True, "not yours"),
        (error(418, 99999, "teapot"), "failed", 99999, False, "teapot"),
        (Reply(404, b"<html>nothing here</html>"), "failed", None, True, "the base URL is not the API's"),
        (error(404, 404, "no such page"), "failed", None, True, "no such page"),
        (Reply(301, b"", "Location: https://example.com/\r\n"), "failed", None, True, "redirected"),
        (Reply(502, b"<html>Bad Gateway</html>"), "unknown", None, False, "Bad Gateway (no error message)"),
        (Reply(504), "unknown", None, False, "Gateway Timeout (no error message)"),
        (Reply(599), "unknown", None, False, "no error message"),
        (
            Reply(503, b"upstream connect error or disconnect/reset before headers"),
            "unknown",
            None,
            False,
            "disconnect/reset",
        ),
        (Reply(200, b"<html>welcome</html>"), "unknown", None, False, "no message_id"),
        (Reply(200, b""), "unknown", None, False, "no message_id"),
        (Reply(200, b'{"message_id":""}'), "unknown", None, False, "no message_id"),
        (Reply(200, b'{"message_id":"  "}'), "unknown", None, False, "no message_id"),
        (error(200, 3002, "wrong"), "rejected", 3002, False, "wrong"),
        (Reply(400, b'{"code":2003}'), "failed", 2003, True, "WhatsApp refuses the account"),
        (Reply(400, b'{"code":"2003"}'), "failed", 2003, True, "WhatsApp refuses the account"),
        (Reply(400, b'{"code":2003,"message":{"a":1}}'), "failed", 2003, True, '{"a":1}'),
        (Reply(400, gzip.compress(b'{"code":2003}', mtime=0)), "failed", 2003, True, "refuses the account"),
        (Reply(413, b"<html>"), "rejected", None, False, "no error message"),
        (Reply(499, b"[]"), "failed", None, False, "no error message"),
        (Reply(499, b"{}"), "failed", None, False, "no error message"),
        (Reply(499, b'{"error":{"code":7}}'), "failed", None, False, '{"error":{"code":7}}'),
    ],
)
async def test_one_reply_settles_it(
    reply: Reply, status: str, code: int | None, fatal: bool, words: str
) -> None:
    async with EngageLab(lambda _: reply) as server, dispatcher(server.url) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.code, outcome.fatal) == (status, code, fatal)
    assert outcome.http_status == reply.status
    assert outcome.attempts == 1
    assert outcome.message is not None
    assert words in outcome.message
    assert len(server.arrivals) == 1


@pytest.mark.parametrize("trouble", Trouble)
async def test_what_may_have_been_accepted_is_never_sent_again(trouble: Trouble, name: Name) -> None:
    async with EngageLab(lambda _: trouble) as server, dispatcher(server.url, name, timeout=0.3) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.http_status, outcome.attempts) == ("unknown", None, 1)
    assert outcome.message
    assert len(server.arrivals) == 1


@pytest.mark.parametrize(
    "reply", [error(500, 1000), error(503, None), Reply(521), Reply(408), Reply(425), error(400, 3004)]
)
async def test_server_trouble_is_tried_again(reply: Reply, name: Name) -> None:
    def answer(number: int) -> Answer:
        return reply if number < 3 else accepted(number)

    async with EngageLab(answer) as server, dispatcher(server.url, name) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.message_id, outcome.attempts) == ("accepted", "id-3", 3)
    assert [arrival.payload for arrival in server.arrivals] == [PAYLOAD] * 3


async def test_trouble_without_end_is_failed() -> None:
    async with EngageLab(lambda _: error(500, 1000, "oops")) as server, dispatcher(server.url) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.http_status, outcome.code, outcome.message) == (
        "failed",
        500,
        1000,
        "oops",
    )
    assert outcome.attempts == len(server.arrivals) == 3


async def test_a_retry_may_end_otherwise() -> None:
    def answer(number: int) -> Answer:
        return error(500, 1000) if number == 1 else Trouble.RESET

    async with EngageLab(answer) as server, dispatcher(server.url) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.attempts) == ("unknown", 2)
    assert len(server.arrivals) == 2


async def test_nobody_there_is_failed_and_tried_again(name: Name) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        async with dispatcher(f"http://127.0.0.1:{taken.getsockname()[1]}", name) as sender:
            outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.http_status, outcome.attempts) == ("failed", None, 3)
    assert outcome.message


@pytest.mark.parametrize("status", [429, 503])
async def test_a_retry_after_beyond_our_patience_ends_it_at_once(status: int) -> None:
    reply = error(status, None, "later", "Retry-After: 3600\r\n")
    async with EngageLab(lambda _: reply) as server, dispatcher(server.url) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert (outcome.status, outcome.attempts, outcome.retry_after) == ("failed", 1, 3600)


async def test_each_sending_number_has_a_pace_of_its_own() -> None:
    numbers = [None, "+8613800138000", "+8613800138001"]
    async with (
        EngageLab(lambda number: accepted(number, after=0.2)) as server,
        dispatcher(server.url, rate=1) as sender,
    ):
        tasks = [
            asyncio.create_task(sender.deliver(Envelope("+447911123456", PAYLOAD, number)))
            for number in numbers
        ]
        await server.arrived(3)
        assert sender.waiting == 0
        tasks += [
            asyncio.create_task(sender.deliver(Envelope("+447911123456", PAYLOAD, number)))
            for number in numbers
        ]
        await asyncio.sleep(0)
        assert sender.waiting == 3
        sender.halt()
        await asyncio.gather(*tasks)


async def test_cancelling_one_hurts_no_other(name: Name) -> None:
    async with (
        EngageLab(lambda number: accepted(number, after=0.3)) as server,
        dispatcher(server.url, name) as sender,
    ):
        tasks = [asyncio.create_task(sender.deliver(ENVELOPE)) for _ in range(6)]
        await server.arrived(6)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False] * 3
        assert (await sender.deliver(ENVELOPE)).status == "accepted"


async def test_what_a_transport_should_not_raise_is_unknown_and_shows_nothing() -> None:
    class Broken:
        name = "broken"

        async def post(self, payload: bytes) -> None:
            raise KeyError(SECRET)

        def ready(self) -> bool:
            return True

        async def prepare(self) -> None: ...

        async def close(self, timeout: float | None = None) -> None: ...

    outcome = await Dispatcher(Broken(), LocalPacer(0)).deliver(ENVELOPE)  # type: ignore[arg-type]
    assert (outcome.status, outcome.message) == ("unknown", "KeyError in the transport")


async def test_a_secret_the_server_echoes_is_not_shown() -> None:
    def answer(_: int) -> Answer:
        token = server.arrivals[-1].authorization
        return error(401, 2001, f"bad header {token}, secret {SECRET}")

    async with EngageLab(answer) as server, dispatcher(server.url) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert outcome.message == "bad header Basic ***, secret ***"


@pytest.mark.parametrize("left", [1, 8, 15])
async def test_no_half_of_a_secret_is_left_where_words_are_cut(left: int) -> None:
    reply = error(400, 3002, "-" * (500 - left) + SECRET)
    async with EngageLab(lambda _: reply) as server, dispatcher(server.url) as sender:
        outcome = await sender.deliver(ENVELOPE)
    assert outcome.message == ("-" * (500 - left) + "***")[:500]


async def test_endless_text_is_cut() -> None:
    async with (
        EngageLab(lambda _: error(400, 3002, "x" * 10_000)) as server,
        dispatcher(server.url) as sender,
    ):
        outcome = await sender.deliver(ENVELOPE)
    assert outcome.message == "x" * 500


async def test_halted_what_waits_ends_and_what_is_on_the_wire_is_awaited() -> None:
    async with (
        EngageLab(lambda number: accepted(number, after=0.2)) as server,
        dispatcher(server.url, rate=2, wait_initial=60) as sender,
    ):
        tasks = [asyncio.create_task(sender.deliver(ENVELOPE)) for _ in range(10)]
        await server.arrived(2)
        assert sender.waiting == 8
        sender.halt()
        outcomes = await asyncio.gather(*tasks)
        assert sender.waiting == 0
    statuses = [outcome.status for outcome in outcomes]
    assert statuses.count("accepted") == len(server.arrivals) == 2
    assert statuses.count("failed") == 8


async def test_settings_out_of_range_are_refused() -> None:
    account = Account("key", SECRET)
    with pytest.raises(ValueError, match="no transport is called 'quick'"):
        open_transport(account, name="quick")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="timeout") as caught:
        open_transport(account, timeout=0)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(ValueError, match="proxy"):
        open_transport(account, name="lean", proxy="http://127.0.0.1:3128")
