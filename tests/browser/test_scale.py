"""A campaign's worth of messages inside."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.inbox import ADA, Inbox, template, values
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

MOST_NODES = 3_000
MOST_BUBBLES = 120
RESTING = Delivery(sent_after_s=3600)
"""Nothing travels on while the test looks."""

HELLO = template("hello_world", "en_US")


@pytest_asyncio.fixture(loop_scope="session")
async def large(browser: Browser, http: aiohttp.ClientSession) -> AsyncIterator[Inbox]:
    """100,000 messages to as many recipients."""
    async with Sandbox(SandboxSettings(delivery=RESTING)) as sandbox:
        inbox = await Inbox.open(browser, sandbox, http)
        for block in range(100):
            await inbox.send([f"+4479{block * 1000 + number:08d}" for number in range(1000)], HELLO)
        yield inbox
        await inbox.close()
        assert inbox.problems == []


@pytest.mark.timeout(120)
async def test_one_hundred_thousand_messages(large: Inbox) -> None:
    page = large.page
    await expect(page.locator("#list-total")).to_have_text("100,000 conversations")
    await expect(page.locator("#count-messages")).to_have_text("100,000")
    await page.reload()
    await expect(page.locator("#list-total")).to_have_text("100,000 conversations")
    await expect(large.row("+447900099999")).to_be_visible()

    await page.get_by_role("listbox").focus()
    for _ in range(5):
        await page.keyboard.press("End")
        # Each time the end is reached, the page below it is read.
        reached = int(await page.locator(".row.active").get_attribute("data-index") or 0)
        await expect(large.page.locator(f".row[data-index='{reached + 1}']")).to_be_attached()
        assert await large.node_count() < MOST_NODES
    await page.keyboard.press("Enter")
    await expect(large.bubbles).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Home")
    await expect(large.row("+447900099999")).to_be_visible()

    await page.get_by_role("tab", name="Messages").click()
    await expect(page.locator("#list-total")).to_have_text("100,000 messages")
    await large.search.fill("7900004711")
    await expect(page.locator("#list-total")).to_have_text("1 message")
    await expect(large.row("+447900004711")).to_be_visible()
    assert await large.node_count() < MOST_NODES


@pytest.mark.timeout(180)
async def test_a_long_conversation_is_read_page_by_page(inbox: Inbox) -> None:
    inbox.sandbox.set_delivery(RESTING)
    for number in range(600):
        await inbox.send(ADA, template("order_update", "en", values("Ada", f"${number}.00")))
    await inbox.show(ADA)
    await expect(inbox.bubbles.last).to_contain_text("$599.00")
    await inbox.page.keyboard.press("m")
    async for _ in inbox.press_until("Home", inbox.page.get_by_text("Total: $0.00.")):
        assert await inbox.bubbles.count() <= MOST_BUBBLES
    await inbox.page.keyboard.press("Home")
    await expect(inbox.page.get_by_text("Total: $0.00.")).to_be_in_viewport()
    assert await inbox.node_count() < MOST_NODES
    await inbox.send(ADA, HELLO)
    await expect(inbox.page.get_by_role("button", name="1 new")).to_be_visible()
    await expect(inbox.page.get_by_text("Total: $0.00.")).to_be_in_viewport()
    await inbox.page.keyboard.press("End")
    await expect(inbox.bubbles.last).to_contain_text("Welcome.")
    await expect(inbox.bubbles.last).to_be_in_viewport()
    await expect(inbox.page.locator("#to-newest")).to_be_hidden()


async def test_a_burst_settles_on_what_is_true(inbox: Inbox) -> None:
    await inbox.send(ADA, HELLO)
    await inbox.show(ADA)
    for block in range(5):
        recipients = [f"+4479{block * 1000 + number:08d}" for number in range(1000)]
        await inbox.send([*recipients, ADA], HELLO)
    await expect(inbox.page.locator("#list-total")).to_have_text("5,001 conversations")
    await expect(inbox.bubbles).to_have_count(6)
    await expect(inbox.page.locator(".tick[data-status=read]").first).to_be_visible()
    await expect(inbox.bubbles.locator(".tick[data-status=read]")).to_have_count(6, timeout=15_000)
    await expect(inbox.rows.first.locator(".tick[data-status=read]")).to_be_visible()
