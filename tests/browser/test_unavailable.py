"""A sandbox that stops and starts, drops messages, misses callbacks, or has a damaged record."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import aiohttp
from playwright.async_api import Browser, expect

from tests.browser.inbox import ADA, Inbox, send, template
from wa_bulk.sandbox import CallbackSettings, Delivery, Sandbox, SandboxSettings

HELLO = template("hello_world", "en_US")


async def test_the_page_says_when_the_sandbox_is_unavailable_and_catches_up_when_it_is_back(
    browser: Browser, http: aiohttp.ClientSession
) -> None:
    async with Sandbox(SandboxSettings()) as first:
        inbox = await Inbox.open(browser, first, http)
        for _ in range(3):
            await inbox.send(ADA, HELLO)
        await inbox.show(ADA)
        await expect(inbox.bubbles).to_have_count(3)
        port = int(first.url.rsplit(":", 1)[1])
    await expect(inbox.page.get_by_text("The sandbox is unavailable.")).to_be_visible()
    await inbox.composer.fill("Anybody there?")
    await inbox.composer.press("Enter")
    await expect(inbox.page.get_by_role("alert")).to_have_text("The sandbox does not answer.")
    async with Sandbox(SandboxSettings(port=port)) as second:
        second.reply(ADA, "Back again")
        await expect(inbox.page.get_by_text("The sandbox is unavailable.")).to_be_hidden()
        await expect(inbox.bubbles).to_have_count(1)
        await expect(inbox.bubbles).to_contain_text("Back again")
        await expect(inbox.page.locator("#count-messages")).to_have_text("1")
        await inbox.close()
    assert inbox.problems == []


async def test_the_page_says_when_the_oldest_have_gone(browser: Browser, http: aiohttp.ClientSession) -> None:
    async with Sandbox(SandboxSettings(cap=10)) as sandbox:
        inbox = await Inbox.open(browser, sandbox, http)
        await inbox.send([f"+44791112{number:04d}" for number in range(12)], HELLO)
        note = inbox.page.get_by_role("note")
        await expect(note).to_have_text("The newest 10 messages are kept; 2 older ones have gone.")
        await expect(inbox.rows).to_have_count(10)
        await inbox.close()
    assert inbox.problems == []


async def test_the_page_says_when_callbacks_are_missed(browser: Browser, http: aiohttp.ClientSession) -> None:
    callbacks = CallbackSettings(url="http://127.0.0.1:1/callback", batch_wait_s=0)
    delivery = Delivery(sent_after_s=0, delivered_after_s=0, read_after_s=0)
    async with Sandbox(SandboxSettings(callbacks=callbacks, delivery=delivery)) as sandbox:
        inbox = await Inbox.open(browser, sandbox, http)
        await expect(inbox.page.get_by_role("note")).to_have_count(0)
        await inbox.send(ADA, HELLO)
        note = inbox.page.get_by_role("note")
        await expect(note).to_contain_text("5 callbacks were missed: http://127.0.0.1:1/callback")
        await inbox.close()
    assert inbox.problems == []


async def test_the_page_shows_a_message_whose_request_cannot_be_read(
    browser: Browser, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    path = tmp_path / "sandbox.db"
    async with Sandbox(SandboxSettings(db=str(path))) as sandbox:
        await send(http, sandbox, ADA, HELLO)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE exchanges SET body = x'00'")
    database.close()
    async with Sandbox(SandboxSettings(db=str(path))) as sandbox:
        inbox = await Inbox.open(browser, sandbox, http)
        await inbox.show(ADA)
        await expect(inbox.bubbles.last).to_contain_text("The stored request of this message cannot be read.")
        await inbox.close()
    assert inbox.problems == []
