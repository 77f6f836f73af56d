from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.inbox import Inbox
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

QUICK = Delivery(sent_after_s=0.05, delivered_after_s=0.05, read_after_s=0.05, spread=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser, and one event loop for as long as that browser lives."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=FLAGS
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(delivery=QUICK)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(loop_scope="session")
async def inbox(browser: Browser, sandbox: Sandbox, http: aiohttp.ClientSession) -> AsyncIterator[Inbox]:
    """An open, empty inbox on a wide screen; fails the test if the page got into trouble."""
    opened = await Inbox.open(browser, sandbox, http)
    yield opened
    violations = await opened.violations()
    await opened.close()
    assert opened.problems == []
    assert violations == []
