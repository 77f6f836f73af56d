from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from aiohttp import web

from tests.sandbox.api import Api
from tests.sandbox.receiver import Receiver
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

AT_ONCE = Delivery(sent_after_s=0, delivered_after_s=0, read_after_s=0, timeout_s=0, spread=0)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for a module of tests that leave it as they found it, messages aside."""
    with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox:
        yield sandbox


@pytest.fixture
def api(running: Sandbox) -> Iterator[Api]:
    running.clear()
    with Api(running.url) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    service = Receiver()
    app = web.Application()
    app.router.add_post("/callback", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
    yield service
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session
