"""Stored first, answered after; what is refused is kept aside."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import aiohttp
import pytest
from aiohttp import web

from tests.callbacks.http import Receiver, receiving
from tests.callbacks.memory import kept_rows, set_aside_in
from tests.callbacks.rows import ADA, BOB, RUN, body, notice, parsed, said, status
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks import (
    COUNTERS,
    HEADER,
    CallbackStore,
    Limits,
    listening,
    receiver_app,
)
from wa_bulk.history import History
from wa_bulk.sandbox.callbacks import signature_header

SECRET = "a secret of the account"


def signed(nonce: str | None = None, *, secret: str = SECRET, ago_s: int = 0) -> dict[str, str]:
    return {HEADER: signature_header(secret, "wa", int(time.time()) - ago_s, nonce or token_hex(8))}


async def test_what_is_answered_with_200_is_stored(store: CallbackStore, file: Path) -> None:
    rows = (status(), status("read"), said("STOP", number=BOB), said("hi"), notice(balance=1), 5)
    async with receiving(store) as receiver:
        assert await receiver.post(body(*rows)) == (200, "")
        assert await receiver.post(body(*rows)) == (200, "")
    counters = receiver.counters
    assert (counters.requests, counters.rows, counters.repeated) == (2, 6, 6)
    assert counters.states == {"sent": 1, "read": 1}
    assert (counters.responses, counters.notifications, counters.unreadable, counters.stops) == (2, 1, 1, 1)
    with History.open(file) as history:
        assert [row.best.state for row in history.deliveries.of_run(RUN)] == ["read"]
        assert history.suppression_list().get(BOB) is not None


@pytest.mark.parametrize("secret", ["", " "])
async def test_an_empty_secret_is_refused(store: CallbackStore, secret: str) -> None:
    with pytest.raises(ValueError, match="the secret is empty"):
        receiver_app(store, secret)


@pytest.mark.parametrize("secret", [None, SECRET])
async def test_a_probe_is_answered_with_200(store: CallbackStore, secret: str | None) -> None:
    async with receiving(store, secret) as receiver:
        assert await receiver.post(b"") == (200, "")
        assert await receiver.post(b"\r\n") == (200, "")
    assert receiver.counters.probes == 2


async def test_garbage_is_answered_with_400_and_kept(store: CallbackStore) -> None:
    async with receiving(store) as receiver:
        answer, text = await receiver.post(b"<html>")
    assert answer == 400
    assert "expected" in json.loads(text)["error"]
    assert receiver.counters.garbage == 1
    assert await store.count_set_aside("garbage") == 1


# ---- signatures


async def test_a_signed_request_is_taken(store: CallbackStore) -> None:
    async with receiving(store, SECRET) as receiver:
        assert await receiver.post(body(status()), **signed()) == (200, "")


@pytest.mark.parametrize(
    "headers", [{}, signed(secret="another"), signed(ago_s=3600), {HEADER: "nonsense"}], ids=range(4)
)
async def test_a_wrong_signature_is_refused_shouted_about_kept_and_adopted(
    store: CallbackStore, file: Path, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(store, SECRET) as receiver:
        answer, text = await receiver.post(body(status()), **headers)
    assert answer == 401
    assert json.loads(text)["error"]
    assert receiver.counters.bad_signatures == 1
    (warning,) = caplog.records
    assert "kept aside" in warning.getMessage()
    assert SECRET not in caplog.text
    assert kept_rows(file) == 0
    assert await store.adopt() == (1, 1)
    assert kept_rows(file) == 1


async def test_a_signature_is_good_for_one_body(store: CallbackStore, file: Path) -> None:
    async with receiving(store, SECRET) as receiver:
        for expected in (200, 200):
            assert (await receiver.post(body(status()), **signed("n1")))[0] == expected
        assert (await receiver.post(body(status("read")), **signed("n1")))[0] == 401
    assert kept_rows(file) == 1
    assert await store.count_set_aside("signature") == 1


async def test_wrong_signatures_by_the_hundred_keep_nobody_out(
    store: CallbackStore, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(store, SECRET, limits=Limits(kept_per_s=20)) as receiver:
        answers = await asyncio.gather(
            *(
                receiver.post(body(status(message_id=f"x{n}")), **signed(secret="another"))
                for n in range(500)
            ),
            *(receiver.post(body(status(message_id=f"m{n}")), **signed()) for n in range(20)),
        )
    assert [answer for answer, _ in answers[:500]] == [401] * 500
    assert [answer for answer, _ in answers[500:]] == [200] * 20
    assert kept_rows(file) == 20
    kept = await store.count_set_aside("signature")
    assert kept >= 20
    assert kept + receiver.counters.not_kept == 500
    assert 1 <= len(caplog.records) < 20


# ---- limits


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused(store: CallbackStore, chunked: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield b"x" * 100_000

    async with receiving(store) as receiver:
        answer, _ = await receiver.post(chunks() if chunked else _large())
        assert answer == 413
        assert (await receiver.post(body(status())))[0] == 200
    assert receiver.counters.refused_size == 1


def _large() -> object:
    import io

    return io.BytesIO(b"x" * 50_000_000)


async def test_a_body_that_does_not_come_is_not_waited_for(store: CallbackStore) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with receiving(store, limits=Limits(read_s=0.05)) as receiver:
        assert (await receiver.post(trickle()))[0] == 408


async def test_more_bytes_than_can_be_held_are_refused(store: CallbackStore) -> None:
    arriving = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b" " * 5000
        arriving.set()
        await go_on.wait()
        yield body(status())

    go_on = asyncio.Event()
    async with receiving(store, limits=Limits(bytes_at_once=8000)) as receiver:
        first = asyncio.create_task(receiver.post(slow()))
        await arriving.wait()
        while (answer := (await receiver.post(b" " * 5000))[0]) == 200:
            continue  # the first one's bytes are still on their way
        assert answer == 503
        go_on.set()
        assert (await first)[0] == 200
        assert (await receiver.post(b" " * 5000))[0] == 200


async def test_one_request_too_many_is_refused_in_time(store: CallbackStore, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    async with receiving(store, limits=Limits(requests_at_once=1, wait_s=0.01)) as receiver:
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*(receiver.post(body(status())) for _ in range(3)))
        assert [answer for answer, _ in answers] == [503] * 3
        assert receiver.counters.refused_size + receiver.counters.not_stored == 3
        assert receiver.counters.refused_size >= 1
        other.execute("ROLLBACK")
        assert (await receiver.post(body(status())))[0] == 200
    other.close()


# ---- when it cannot store


async def test_what_cannot_be_stored_is_answered_with_503(
    store: CallbackStore, file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wa_bulk.callbacks.app._HEALTH_EVERY_S", 0)
    other = sqlite3.connect(file, isolation_level=None)
    async with receiving(store, SECRET) as receiver:
        assert await receiver.get("/health") == (200, '{"status": "ok"}')
        other.execute("BEGIN IMMEDIATE")
        headers = signed()
        assert (await receiver.post(body(status()), **headers))[0] == 503
        assert (await receiver.get("/health"))[0] == 503
        assert (await receiver.post(body(status()), **signed(secret="another")))[0] == 401
        other.execute("ROLLBACK")
        assert (await receiver.post(body(status()), **headers))[0] == 200
        assert (await receiver.get("/health"))[0] == 200
    other.close()
    assert receiver.counters.not_stored == 1
    assert receiver.counters.not_kept == 1
    assert "locked" in caplog.text
    assert kept_rows(file) == 1


async def test_a_failure_that_we_did_not_foresee_costs_no_callback(
    store: CallbackStore, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OverflowError("a number nobody thought of")

    async with receiving(store) as receiver:
        with monkeypatch.context() as patched:
            patched.setattr(CallbackStore, "record", fail)
            assert (await receiver.post(body(status())))[0] == 500
        assert (await receiver.post(body(status())))[0] == 200
    assert await store.count_set_aside("garbage") == 1
    assert kept_rows(file) == 1
    assert "a number nobody thought of" in caplog.text


async def test_the_health_address_does_not_write_for_everyone_who_asks(store: CallbackStore) -> None:
    async with receiving(store) as receiver:
        assert {await receiver.get("/health") for _ in range(50)} == {(200, '{"status": "ok"}')}


# ---- the host's own code


async def test_own_code_sees_each_new_row_once_and_may_fail(
    store: CallbackStore, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[CallbackRow] = []

    async def on_row(row: CallbackRow) -> None:
        seen.append(row)
        if len(seen) == 1:
            raise ValueError("the host's own trouble")

    async with receiving(store, on_row=on_row) as receiver:
        for _ in range(2):
            assert (await receiver.post(body(status(), status("read"))))[0] == 200
    assert seen == parsed(status(), status("read"))
    assert receiver.counters.on_row_failed == 1
    assert caplog.records[0].levelno == logging.ERROR


async def test_slow_own_code_holds_up_no_answer(store: CallbackStore) -> None:
    stuck = asyncio.Event()

    async def on_row(_: CallbackRow) -> None:
        await stuck.wait()

    async with receiving(store, on_row=on_row) as receiver:
        for number in range(5):
            assert (await receiver.post(body(status(message_id=f"m{number}"))))[0] == 200
        stuck.set()


# ---- where it runs


async def test_a_secret_path(store: CallbackStore) -> None:
    async with receiving(store, path="/callbacks-7f3a") as receiver:
        assert (await receiver.post(body(status()), "/callbacks-7f3a"))[0] == 200
        assert (await receiver.post(body(status())))[0] == 404
        assert (await receiver.get("/callbacks-7f3a"))[0] == 405


async def test_within_another_application(store: CallbackStore, file: Path) -> None:
    host = web.Application()
    inner = receiver_app(store)
    host.add_subapp("/whatsapp", inner)
    async with listening(host, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        receiver = Receiver(port, inner[COUNTERS], session)
        assert (await receiver.post(body(status()), "/whatsapp/"))[0] == 200
        assert (await receiver.get("/whatsapp/health"))[0] == 200
    assert receiver.counters.rows == 1
    assert kept_rows(file) == 1


async def test_a_sender_that_hangs_up_is_stored_all_the_same(store: CallbackStore, file: Path) -> None:
    request = body(status())
    async with receiving(store) as receiver:
        _, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(request), request))
        await writer.drain()
        writer.close()
        while not receiver.counters.rows:
            await asyncio.sleep(0)
    assert kept_rows(file) == 1


async def test_a_body_that_breaks_off_is_not_taken_but_kept_aside(store: CallbackStore, file: Path) -> None:
    request = body(status())
    async with receiving(store) as receiver:
        _, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(request) + 9, request)
        )
        await writer.drain()
        writer.close()
        while not receiver.counters.garbage:
            await asyncio.sleep(0)
    assert kept_rows(file) == 0
    assert [refused.body for _, refused in set_aside_in(file)] == [request]
    assert ADA not in str(receiver.counters)
