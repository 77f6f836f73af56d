"""The example services, run as they stand."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer

from examples import callbacks_aiohttp, callbacks_fastapi
from tests.callbacks.rows import ADA, RUN, body, said, status
from wa_bulk.callbacks import HEADER, CallbackStore
from wa_bulk.history import History
from wa_bulk.sandbox.callbacks import signature_header

SECRET = "a secret of the account"


def signed() -> dict[str, str]:
    return {HEADER: signature_header(SECRET, "wa", int(time.time()), "n1")}


async def test_aiohttp(file: Path) -> None:
    service = callbacks_aiohttp.service(file, SECRET)
    async with TestClient(TestServer(service)) as poster:
        async with poster.post("/whatsapp/", data=body(status(), said("hi"))) as reply:
            assert reply.status == 401
        async with poster.post("/whatsapp/", data=body(status(), said("hi")), headers=signed()) as reply:
            assert reply.status == 200
    assert service[callbacks_aiohttp.REPLIES] == [ADA]
    with History.open(file) as history:
        assert [*history.deliveries.of_run(RUN)]


@pytest.fixture
async def poster(file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the FastAPI service."""
    monkeypatch.setenv("WA_BULK_DB", str(file))
    monkeypatch.setenv("WA_BULK_CALLBACK_SECRET", SECRET)
    app = callbacks_fastapi.app
    async with callbacks_fastapi.lifespan(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


async def test_fastapi(poster: httpx.AsyncClient, file: Path) -> None:
    async def post(data: bytes, headers: dict[str, str] | None = None) -> int:
        return (await poster.post("/whatsapp", content=data, headers=headers)).status_code

    assert await post(b"") == 200
    assert await post(body(status())) == 401
    assert await post(b"<html>", signed()) == 400
    assert await post(b" " * (callbacks_fastapi.BODY_MOST + 1), signed()) == 413
    assert await post(body(status()), signed()) == 200
    store: CallbackStore = callbacks_fastapi.app.state.store
    assert await store.count_set_aside("signature") == 1
    with History.open(file) as history:
        assert [*history.deliveries.of_run(RUN)]
