"""Callbacks from receivers on several machines into one memory, by way of a real Redis."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.callbacks.http import receiving
from tests.callbacks.rows import ADA, BOB, RUN, body, notice, said, status
from tests.cluster.redis_server import RedisServer
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks import HEADER, CallbackStore, Counters, parse_callback
from wa_bulk.callbacks.store import Recorded
from wa_bulk.cluster import callback_collector, keys, role, shared_callbacks
from wa_bulk.cluster.callback_collector import CallbackCollector, collecting, waiting_for
from wa_bulk.cluster.callback_entry import ExtraWords
from wa_bulk.cluster.connection import ClusterError, connect
from wa_bulk.cluster.script import Argument, Script
from wa_bulk.cluster.shared_callbacks import SharedCallbacks
from wa_bulk.history import History, HistoryLocked
from wa_bulk.sandbox.callbacks import signature_header

SECRET = "a secret of the account"
HOME = "here:/memory.db"


class PowerCut(BaseException):
    pass


def sink(server: RedisServer, *stop_words: str) -> SharedCallbacks:
    return SharedCallbacks(connect(server.url), server.url, ExtraWords(stop_words))


async def collect(server: RedisServer, file: Path, *, follow: bool = False, home: str = HOME) -> Counters:
    redis = connect(server.url)
    try:
        async with CallbackStore.open(file) as store:
            collector = CallbackCollector(redis, server.url, store, home)
            await collector.collect(follow=follow)
            return collector.counters
    finally:
        await redis.aclose()


def states(file: Path) -> dict[int, str]:
    with History.open(file) as history:
        return {found.row: found.best.state for found in history.deliveries.of_run(RUN)}


def rows_of(first: int, last: int) -> list[bytes]:
    return [
        body(status("delivered", message_id=f"m{row}", tag=f"{RUN}:{row}")) for row in range(first, last + 1)
    ]


async def test_two_receivers_feed_one_memory(redis_server: RedisServer, tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    one, two = sink(redis_server), sink(redis_server, "Fertig")
    async with receiving(one) as first, receiving(two) as second:
        assert (await first.get("/health"))[0] == 200
        assert await first.post(body(status(), status("read"), notice(balance=1), 5)) == (200, "")
        assert await second.post(body(status("delivered"), said("Fertig", number=BOB))) == (200, "")
        assert await second.post(body(status())) == (200, "")  # a repeat, at another machine
        assert (await first.post(b"<html>"))[0] == 400
        assert await first.post(b"") == (200, "")
        assert second.counters.stops == 1
        assert not file.exists()
    counters = await collect(redis_server, file)
    assert (counters.rows, counters.repeated, counters.stops) == (6, 1, 1)
    assert states(file) == {1: "read"}
    with History.open(file) as history:
        assert history.suppression_list().get(BOB) is not None
        assert history.suppression_list().get(ADA) is None
    async with CallbackStore.open(file) as store:
        assert await store.count_set_aside("garbage") == 1
    assert left(redis_server) == (0, 0)
    assert (await collect(redis_server, file)).requests == 0


def left(server: RedisServer) -> tuple[int, int]:
    """Entries that wait, of both streams."""
    received, refused = (
        int(server.command("XLEN", key)[1:]) for key in keys.of_callbacks("received", "refused")
    )
    return received, refused


async def test_when_a_callback_came_is_when_it_was_received(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Not when it was collected, which may be hours later."""
    async with receiving(sink(redis_server)) as receiver:
        await receiver.post(body(status(at_s=0)))
    received_by_ms = time.time() * 1000
    while time.time() * 1000 < received_by_ms + 20:
        await asyncio.sleep(0.005)
    await collect(redis_server, tmp_path / "memory.db")
    with History.open(tmp_path / "memory.db") as history:
        (found,) = history.deliveries.of_run(RUN)
        assert found.best.at_ms <= received_by_ms


async def test_many_at_once_are_stored_together(redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.command("CONFIG", "RESETSTAT")
    async with receiving(sink(redis_server)) as receiver:
        answers = await asyncio.gather(*map(receiver.post, rows_of(1, 300)))
    assert {code for code, _ in answers} == {200}
    calls = int(redis_server.info("cmdstat_evalsha").split(",")[0].removeprefix("calls="))
    assert calls < 300
    await collect(redis_server, tmp_path / "memory.db")
    assert list(states(tmp_path / "memory.db")) == list(range(1, 301))


async def test_thousands_at_once_are_more_than_one_script_can_answer_for(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_callbacks, "STORED_WITHIN_S", 60.0)
    rows = parse_callback(body(status()))
    async with connect(redis_server.url) as redis:
        store = SharedCallbacks(redis, redis_server.url)
        await asyncio.gather(*(store.record(rows) for _ in range(9000)))
    assert (await collect(redis_server, tmp_path / "memory.db")).requests == 9000


async def test_a_collector_that_dies_between_disk_and_redis(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had stored comes once more, and changes nothing; nothing is lost."""
    monkeypatch.setattr(callback_collector, "ENTRIES_AT_ONCE", 7)
    monkeypatch.setattr(role, "LEASE_MS", 300)
    monkeypatch.setattr(callback_collector, "LEASE_MS", 300)
    file = tmp_path / "memory.db"
    async with receiving(sink(redis_server)) as receiver:
        for request in rows_of(1, 30):
            assert await receiver.post(request) == (200, "")
    run = Script.run

    async def broken(self: Script, redis: Redis, names: Sequence[str], *arguments: Argument) -> object:
        if arguments[3:4] and arguments[3] != "":
            raise PowerCut
        return await run(self, redis, names, *arguments)

    async def gone(*_: object) -> None:
        pass

    with monkeypatch.context() as dying:
        dying.setattr(Script, "run", broken)
        dying.setattr(callback_collector, "leave_role", gone)
        with pytest.raises(PowerCut):
            await collect(redis_server, file)
    assert left(redis_server) == (30, 0)
    assert len(states(file)) == 7
    counters = await collect(redis_server, file)  # waits until the dead one's lease has ended
    assert (counters.rows, counters.repeated) == (23, 7)
    assert left(redis_server) == (0, 0)
    assert len(states(file)) == 30


async def test_one_process_collects_at_a_time(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = connect(redis_server.url)
    (role_key,) = keys.of_callbacks("collector")
    async with CallbackStore.open(tmp_path / "memory.db") as store:
        first = CallbackCollector(redis, redis_server.url, store, HOME)
        task = asyncio.create_task(first.collect(follow=True))
        while not await redis.exists(role_key):
            await asyncio.sleep(0.01)
        with pytest.raises(ClusterError, match=r"another process collects callbacks: .*host:process"):
            await collect(redis_server, tmp_path / "other.db")
        await redis.delete(role_key)  # Redis was away for longer than a role lasts
        while not await redis.exists(role_key):
            assert not task.done()
            await asyncio.sleep(0.01)
        await redis.set(role_key, "another:1 role")  # the first one stood still, say
        with pytest.raises(ClusterError, match="this one stood still for too long"):
            await task
    await redis.aclose()


async def test_callbacks_are_collected_into_one_memory(redis_server: RedisServer, tmp_path: Path) -> None:
    """What is collected beside a run is left to the memory that callbacks go into."""
    redis, url = connect(redis_server.url), redis_server.url
    assert await collecting(redis, url) == (None, None, 0)
    assert not await waiting_for(redis, url, HOME)
    async with receiving(sink(redis_server)) as receiver:
        await receiver.post(body(status()))
        assert await waiting_for(redis, url, "elsewhere:/memory.db")
        await collect(redis_server, tmp_path / "memory.db")
        await receiver.post(body(status("read")))
    assert (await collecting(redis, url)).home == HOME
    assert not await waiting_for(redis, url, "elsewhere:/memory.db")
    assert await waiting_for(redis, url, HOME)
    await redis.aclose()


async def test_while_redis_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Callbacks are answered with 503, and stored once it is back: nobody posts them again."""
    monkeypatch.setattr(shared_callbacks, "STORED_WITHIN_S", 1.0)
    monkeypatch.setattr("wa_bulk.callbacks.app._HEALTH_EVERY_S", 0.0)
    server = RedisServer(tmp_path, appendonly="yes", appendfsync="always")
    with server:
        receivers = sink(server)
        async with receiving(receivers) as receiver:
            assert await receiver.post(body(status())) == (200, "")
            server.kill()
            with caplog.at_level(logging.WARNING, "wa_bulk.callbacks"):
                code, text = await receiver.post(body(status("read")))
            assert code == 503
            assert "callbacks cannot be stored now" in text
            assert "cannot be reached" in caplog.text
            assert receiver.counters.not_stored == 1
            assert (await receiver.get("/health"))[0] == 503
            server.start()
            while (await receiver.get("/health"))[0] != 200:
                await asyncio.sleep(0.01)
            assert await receiver.post(body(status("delivered"))) == (200, "")
            with caplog.at_level(logging.WARNING, "wa_bulk.callbacks"):
                await receivers.close()
        assert "1 requests that were answered with 503 are stored by now" in caplog.text
        assert (await collect(server, tmp_path / "memory.db")).rows == 3
        assert states(tmp_path / "memory.db") == {1: "read"}


async def test_what_a_receiver_holds_is_bounded(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And told where it is lost since the receiver ends before Redis is back."""
    monkeypatch.setattr(shared_callbacks, "STORED_WITHIN_S", 0.1)
    monkeypatch.setattr(shared_callbacks, "HELD_BYTES_MAX", 1000)
    url = "redis://127.0.0.1:1/0"
    receivers = SharedCallbacks(connect(url), url)
    async with receiving(receivers) as receiver:
        for request in rows_of(1, 20):
            assert (await receiver.post(request))[0] == 503
    with caplog.at_level(logging.WARNING, "wa_bulk.callbacks"):
        await receivers.close()
    lost = int(re.findall(r"(\d+) requests are lost: Redis at .* cannot be reached", caplog.text)[0])
    assert 0 < lost < 20


async def test_a_collector_may_end_while_redis_is_away(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    redis = connect(server.url)
    with server:
        async with CallbackStore.open(tmp_path / "memory.db") as store:
            collector = CallbackCollector(redis, server.url, store, HOME)
            task = asyncio.create_task(collector.collect(follow=True))
            while (await collecting(redis, server.url)).collector is None:
                await asyncio.sleep(0.01)
            server.kill()
            while "cannot be reached" not in collector.notice:
                await asyncio.sleep(0.01)
            collector.stop()
            await task
    await redis.aclose()


async def test_a_redis_that_comes_back_in_time(tmp_path: Path) -> None:
    """Nobody is told of it: the answer waits for as long as the vendor does."""
    server = RedisServer(tmp_path, appendonly="yes")
    with server:
        async with receiving(sink(server)) as receiver:
            assert await receiver.post(body(status())) == (200, "")
            server.kill()
            waiting = asyncio.create_task(receiver.post(body(status("read"))))
            await asyncio.to_thread(server.start)
            assert await waiting == (200, "")


async def test_while_there_is_no_room(
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("wa_bulk.callbacks.app._HEALTH_EVERY_S", 0.0)
    monkeypatch.setattr(shared_callbacks, "BYTES_MAX", {"received": 20_000, "refused": 2_000})
    file = tmp_path / "memory.db"
    with caplog.at_level(logging.WARNING, "wa_bulk.callbacks"):
        async with receiving(sink(redis_server)) as receiver:
            answered = [await receiver.post(request) for request in rows_of(1, 150)]
            taken = [code for code, _ in answered].count(200)
            assert 0 < taken < 150
            assert {code for code, _ in answered[taken:]} == {503}
            assert (await receiver.get("/health"))[0] == 503
            assert "nobody collects them (wa-bulk cluster collect --follow)" in caplog.text
            for _ in range(60):
                await receiver.post(b"<html>" + b"of somebody else" * 10)
            assert 0 < receiver.counters.not_kept < 60  # which takes no room from callbacks
            assert (await collect(redis_server, file)).rows == taken
            assert (await receiver.get("/health"))[0] == 200
            assert await receiver.post(rows_of(150, 150)[0]) == (200, "")
    await collect(redis_server, file)
    assert len(states(file)) == taken + 1


async def test_a_redis_without_memory(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_callbacks, "STORED_WITHIN_S", 0.3)
    own_redis.command("CONFIG", "SET", "maxmemory", "1")
    async with receiving(sink(own_redis)) as receiver:
        assert (await receiver.post(body(status())))[0] == 503
        assert (await receiver.get("/health"))[0] == 503
        own_redis.command("CONFIG", "SET", "maxmemory", "0")
        assert await receiver.post(body(status())) == (200, "")


async def test_a_signature_is_good_for_one_body_at_all_receivers(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    headers = {HEADER: signature_header(SECRET, "wa", int(time.time()), "once")}
    async with (
        receiving(sink(redis_server), SECRET) as first,
        receiving(sink(redis_server), SECRET) as second,
    ):
        assert await first.post(body(status()), **headers) == (200, "")
        assert await second.post(body(status()), **headers) == (200, "")
        code, text = await second.post(body(status("read")), **headers)
        assert code == 401
        assert "used before, for another body" in text
        assert (await first.post(body(status("delivered"))))[0] == 401
    file = tmp_path / "memory.db"
    await collect(redis_server, file)
    assert states(file) == {1: "sent"}
    async with CallbackStore.open(file) as store:
        assert await store.adopt() == (2, 2)
    assert states(file) == {1: "read"}


async def test_a_memory_that_cannot_be_used(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callbacks stay in Redis, and are collected once it can be."""
    async with receiving(sink(redis_server)) as receiver:
        await receiver.post(body(status()))
    record, is_locked = CallbackStore.record, True

    async def locked(self: CallbackStore, rows: Sequence[CallbackRow], **how: object) -> Recorded:
        if is_locked:
            raise HistoryLocked(str(self.path))
        return await record(self, rows, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(CallbackStore, "record", locked)
    with pytest.raises(HistoryLocked):
        await collect(redis_server, tmp_path / "memory.db")
    assert left(redis_server) == (1, 0)
    redis = connect(redis_server.url)
    async with CallbackStore.open(tmp_path / "memory.db") as store:
        collector = CallbackCollector(redis, redis_server.url, store, HOME)
        task = asyncio.create_task(collector.collect(follow=True))
        while "is locked by another process" not in collector.notice:
            await asyncio.sleep(0.01)
        is_locked = False
        while left(redis_server) != (0, 0):
            await asyncio.sleep(0.01)
        collector.stop()
        await task
    await redis.aclose()
    assert states(tmp_path / "memory.db") == {1: "sent"}


async def test_what_nobody_foresaw_keeps_nothing_else_in_redis(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "memory.db"
    async with receiving(sink(redis_server)) as receiver:
        await receiver.post(body(status(message_id="odd")))
        await receiver.post(body(status()))
    record = CallbackStore.record

    async def failing(self: CallbackStore, rows: Sequence[CallbackRow], **how: object) -> Recorded:
        if rows[0].message_id == "odd":
            raise OverflowError("too odd")
        return await record(self, rows, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(CallbackStore, "record", failing)
    counters = await collect(redis_server, file)
    assert (counters.rows, counters.not_stored) == (1, 1)
    async with CallbackStore.open(file) as store:
        assert await store.count_set_aside("garbage") == 1


async def test_what_another_version_received(redis_server: RedisServer, tmp_path: Path) -> None:
    (received,) = keys.of_callbacks("received")
    redis_server.command("XADD", received, "*", "format", "2", "data", "?")
    with pytest.raises(ClusterError, match="received by another version of wa-bulk"):
        await collect(redis_server, tmp_path / "memory.db")
    assert left(redis_server) == (1, 0)
