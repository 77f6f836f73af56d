"""What is packed is unpacked, whatever it says of itself; what cannot be is kept as it came."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from tests.callbacks.http import receiving
from tests.callbacks.memory import kept_rows, set_aside_in
from tests.callbacks.rows import body, status
from wa_bulk.callbacks import (
    CallbackStore,
    receiver_app,
)

PLAIN = body(status())
GZIP = gzip.compress(PLAIN)


@pytest.mark.parametrize(
    ("coding", "received"),
    [
        ("gzip", GZIP),
        ("X-GZIP", GZIP),
        ("gzip, identity", GZIP),
        ("identity", GZIP),
        ("gzip, gzip", gzip.compress(GZIP)),
        ("gzip", gzip.compress(PLAIN[:30]) + gzip.compress(PLAIN[30:])),
        ("gzip", GZIP + b"\0\0"),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", zlib.compress(PLAIN, wbits=-15)),
        ("gzip", PLAIN),
        ("deflate", b"\xef\xbb\xbf" + PLAIN),
        ("br", PLAIN),
    ],
    ids=range(12),
)
async def test_what_is_packed_is_unpacked(
    store: CallbackStore, file: Path, coding: str, received: bytes
) -> None:
    async with receiving(store) as receiver:
        assert await receiver.post(received, **{"Content-Encoding": coding}) == (200, "")
    assert kept_rows(file) == 1


@pytest.mark.parametrize(
    ("coding", "received", "why"),
    [
        ("gzip", b"not gzip at all", "'gzip'"),
        ("gzip", GZIP[:30], "breaks off"),
        ("gzip", GZIP[:12], "breaks off"),
        ("gzip", GZIP[:-1], "breaks off"),
        ("gzip", GZIP[:-8] + bytes(8), "cannot be unpacked"),
        ("deflate", b"\x78\x9cnot deflate", "cannot be unpacked"),
        ("br", b"\x1b\x00\x00", "'br'"),
        ("zstd", b"\x28\xb5\x2f\xfd", "'zstd'"),
        ("of my own", b"\0\xff", "'of my own'"),
    ],
    ids=range(9),
)
async def test_what_cannot_be_unpacked_is_kept_as_it_came(
    store: CallbackStore, file: Path, coding: str, received: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(store) as receiver:
        answer, text = await receiver.post(received, **{"Content-Encoding": coding})
    assert answer == 400
    assert why in json.loads(text)["error"]
    assert receiver.counters.garbage == 1
    assert not caplog.records
    ((_, refused),) = set_aside_in(file)
    assert refused.body == received
    assert refused.reason == json.loads(text)["error"]


async def test_what_holds_too_much_once_unpacked_is_refused(store: CallbackStore, file: Path) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    async with receiving(store) as receiver:
        assert (await receiver.post(bomb, **{"Content-Encoding": "gzip"}))[0] == 413
    assert set_aside_in(file) == []


async def test_in_a_service_that_unpacks_by_itself_a_damaged_body_harms_nothing(
    store: CallbackStore, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        TestServer(receiver_app(store)) as server,
        aiohttp.ClientSession(headers={"Content-Encoding": "gzip"}) as session,
    ):
        for received, code in (
            (GZIP, 200), (GZIP[:-8] + bytes(8), 400), (GZIP, 200), (GZIP[:12], 400), (b"", 200)
        ):  # fmt: skip
            async with session.post(server.make_url("/"), data=received) as answer:
                assert answer.status == code
    assert kept_rows(file) == 1
    reasons = [refused.reason for _, refused in set_aside_in(file)]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "the body cannot be read",
        "the body cannot be unpacked",
    ]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_body_that_unpacks_to_too_much_is_refused(store: CallbackStore) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    async with receiving(store) as receiver:
        answer, _ = await receiver.post(bomb, **{"Content-Encoding": "gzip"})
    assert answer in (400, 413)
