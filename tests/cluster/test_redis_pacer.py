"""One limit for a number, over several pacers of one Redis."""

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.cluster.redis_server import RedisServer
from tests.send.departures import most_in_a_window
from tests.send.engagelab import EngageLab
from tests.send.pacing.contract import NUMBER, PacerContract, Pacers, taken
from wa_bulk import Client, Message, SendError
from wa_bulk.cluster import ClusterError, RedisPacer, shared_queue
from wa_bulk.cluster.connection import connect
from wa_bulk.cluster.shared_queue import SharedQueue
from wa_bulk.send.pacing import SenderPacer


@pytest.fixture
async def pacers(redis_server: RedisServer) -> AsyncIterator[Pacers]:
    made: list[RedisPacer] = []

    def make(rate: float) -> RedisPacer:
        made.append(RedisPacer.from_url(redis_server.url, rate=rate))
        return made[-1]

    yield make
    for pacer in made:
        await pacer.close()


class TestContract(PacerContract):
    pass


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=f"rate = {rate}: expected messages/s"):
        RedisPacer.from_url("redis://127.0.0.1:1", rate=rate)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:6379", "it begins with none of"),
        ("http://127.0.0.1", "it begins with none of"),
        ("redis://127.0.0.1:port", "is no address of Redis"),
        ("redis+sentinel://127.0.0.1:26379", "names no service"),
        ("redis://user:secret@127.0.0.1:port", r"'redis://user:\*\*\*@127.0.0.1:port' is no address"),
    ],
)
def test_what_is_no_address_is_refused(url: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words) as raised:
        RedisPacer.from_url(url)
    assert "secret" not in str(raised.value)


async def test_several_share_the_limit_whatever_their_clocks_say(redis_server: RedisServer) -> None:
    loop = asyncio.get_running_loop()
    url = redis_server.url
    departures: list[float] = []
    shares = Counter[float]()
    end = loop.time() + 1.8

    async def work(ahead_s: float) -> None:
        pacer = RedisPacer(connect(url), url, 100, clock=lambda: loop.time() + ahead_s)
        queue = pacer.of(NUMBER)

        async def one() -> None:
            while loop.time() < end:
                await taken(queue)
                departures.append(loop.time())
                shares[ahead_s] += 1

        await asyncio.gather(*(one() for _ in range(8)))
        await pacer.close()

    await asyncio.gather(*(work(ahead_s) for ahead_s in (0, 300, -300)))
    departures.sort()
    assert most_in_a_window(departures) <= 101
    assert len(departures) > 100
    assert min(shares.values()) > len(departures) / 6


async def test_what_leaves_late_counts_from_when_it_left(pacers: Pacers) -> None:
    loop, departures = asyncio.get_running_loop(), list[float]()
    end = loop.time() + 1.8

    async def work(queue: SenderPacer) -> None:
        while loop.time() < end:
            await taken(queue)
            departures.append(time.monotonic())

    queues = [pacers(100).of(NUMBER) for _ in range(3)]
    loop.call_later(0.3, time.sleep, 0.09)  # as a process stands still whose machine has others to serve
    await asyncio.gather(*(work(queue) for queue in queues for _ in range(8)))
    assert most_in_a_window(departures) <= 100


async def test_a_429_anywhere_slows_all(pacers: Pacers) -> None:
    loop = asyncio.get_running_loop()
    one, other = (pacers(100).of(NUMBER) for _ in range(2))
    await taken(other)
    one.slow_down(1.5)
    refused = loop.time()
    departures: list[float] = []
    while not departures or departures[-1] < refused + 1.4:
        await taken(other)
        departures.append(loop.time())
    # What was promised at most 100 ms ahead may still leave, and what Redis had not heard of.
    assert [at for at in departures if refused + 0.3 < at < refused + 1.4] == []
    assert other.pace < 100


async def test_a_dead_process_takes_no_more_than_its_tokens_with_it(pacers: Pacers) -> None:
    dead = pacers(5).of(NUMBER)
    await taken(dead, 5)
    dead.hold(5)
    alive = pacers(5).of(NUMBER)
    assert isinstance(dead, SharedQueue)
    assert dead._asking is not None
    dead._asking.cancel()  # nobody tells Redis any more
    async with asyncio.timeout(10):
        await taken(alive)


async def test_a_forked_child_goes_on_with_a_connection_of_its_own(redis_server: RedisServer) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cluster.forking_pacer", redis_server.url, stderr=asyncio.subprocess.PIPE
    )
    _, said = await program.communicate()
    assert (program.returncode, said.decode()) == (0, "")


async def test_what_is_held_while_redis_is_away_may_not_leave_later(own_redis: RedisServer) -> None:
    """Its place is another's by then, as far as this process can tell."""
    pacer = RedisPacer.from_url(own_redis.url, rate=5)
    queue = pacer.of(NUMBER)
    await taken(queue)
    queue.hold()
    assert not queue.not_before
    own_redis.kill()
    async with asyncio.timeout(10):
        while not queue.not_before:
            await asyncio.sleep(0.05)
    queue.give_back()
    assert not queue.not_before
    own_redis.start()
    await taken(queue)
    queue.hold()
    assert not queue.not_before
    queue.use()
    await pacer.close()


async def test_what_is_said_of_lost_tokens_frees_no_other_place(
    pacers: Pacers, redis_server: RedisServer
) -> None:
    """Redis came back without its last second, and gave out what it had given out before."""
    one, other = (pacers(5).of(NUMBER) for _ in range(2))
    await taken(one, 5)
    one.hold(5)
    redis_server.command("FLUSHALL")
    await taken(other, 5)
    loop = asyncio.get_running_loop()
    left = loop.time()
    one.give_back(5)
    await taken(one)
    assert loop.time() - left > 0.9


async def test_without_redis_nothing_is_sent_and_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shared_queue, "PATIENCE_S", 0.3)
    server = EngageLab()
    async with server:
        pacer = RedisPacer.from_url("redis://127.0.0.1:1/0")
        async with Client("key", "secret-of-test", base_url=server.url, pacer=pacer, tries=1) as client:
            with caplog.at_level(logging.WARNING, "wa_bulk"), pytest.raises(SendError) as raised:
                await client.send(Message.text("+447911123456", "Hello"))
    assert raised.value.outcome.status == "failed"
    assert "the pace is kept in Redis: Redis at redis://127.0.0.1:1/0 cannot be reached" in str(raised.value)
    said = [record.levelname for record in caplog.records if record.name == "wa_bulk"]
    assert said == ["WARNING"]
    assert server.arrivals == []
