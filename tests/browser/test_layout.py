"""Light and dark, a phone's width, and hands that stay on the keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.inbox import ADA, Inbox, template, values
from wa_bulk.sandbox import Sandbox

GRACE = "+12025550143"


async def brightness(page: Page, selector: str) -> float:
    """0 is black, 1 white."""
    share: float = await page.evaluate(
        """selector => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d");
          canvas.fillStyle = getComputedStyle(document.querySelector(selector)).backgroundColor;
          canvas.fillRect(0, 0, 1, 1);
          return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((sum, part) => sum + part) / 765;
        }""",
        selector,
    )
    return share


@pytest_asyncio.fixture(loop_scope="session")
async def dark_inbox(browser: Browser, sandbox: Sandbox, http: aiohttp.ClientSession) -> AsyncIterator[Inbox]:
    opened = await Inbox.open(browser, sandbox, http, dark=True)
    yield opened
    await opened.close()
    assert opened.problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, sandbox: Sandbox, http: aiohttp.ClientSession) -> AsyncIterator[Inbox]:
    opened = await Inbox.open(browser, sandbox, http, width=390)
    yield opened
    await opened.close()
    assert opened.problems == []


async def test_dark_follows_the_system_until_the_button_says_otherwise(dark_inbox: Inbox) -> None:
    page = dark_inbox.page
    assert await brightness(page, "body") < 0.2
    assert await brightness(page, ".topbar") < 0.2
    await page.get_by_role("button", name="Switch to light").click()
    assert await brightness(page, "body") > 0.8
    await page.reload()
    assert await brightness(page, "body") > 0.8
    await page.keyboard.press("t")
    assert await brightness(page, "body") < 0.2


async def test_light_is_light(inbox: Inbox) -> None:
    assert await brightness(inbox.page, "body") > 0.8
    await expect(inbox.page.get_by_role("button", name="Switch to dark")).to_be_visible()


async def test_on_a_phone_one_pane_at_a_time(phone: Inbox) -> None:
    page = phone.page
    await phone.send(ADA, template("order_update", "en", values("A" * 200, "$1")))
    await phone.send(GRACE, template("hello_world", "en_US"))
    await expect(phone.rows).to_have_count(2)
    await expect(page.locator("#chat")).to_be_hidden()
    await phone.show(ADA)
    await expect(page.locator("#list")).to_be_hidden()
    await expect(phone.composer).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.locator("#messages").evaluate("node => node.scrollWidth <= node.clientWidth")
    await page.get_by_role("button", name="Back to the list").click()
    await expect(phone.row(GRACE)).to_be_visible()
    await phone.show(GRACE)
    await page.go_back()
    await expect(phone.row(GRACE)).to_be_visible()
    await expect(page.locator("#chat")).to_be_hidden()


async def test_everything_by_keyboard_alone(inbox: Inbox) -> None:
    press = inbox.page.keyboard.press
    await inbox.send(ADA, template("order_update", "en", values("Ada", "$1")))
    await inbox.send(GRACE, template("hello_world", "en_US"))
    await inbox.send(ADA, template("order_update", "en", values("Ada", "$1")))
    await expect(inbox.rows).to_have_count(2)
    await expect(inbox.rows.first).to_have_attribute("data-contact", ADA)  # whose second message has come

    await press("j")
    await expect(inbox.page.get_by_role("listbox")).to_be_focused()
    await press("j")
    await press("Enter")
    await expect(inbox.bubbles).to_have_count(1)
    await press("k")
    await press("Enter")
    await expect(inbox.bubbles).to_have_count(2)

    await press("m")
    await expect(inbox.bubbles.last).to_be_focused()
    outline = await inbox.bubbles.last.evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"
    await press("ArrowUp")
    await expect(inbox.bubbles.first).to_be_focused()
    await press("ArrowDown")
    await press("d")
    await expect(inbox.bubbles.first).to_be_focused()
    await press("Enter")
    await expect(inbox.page.get_by_role("dialog").locator(".json").first).to_be_visible()
    await press("Escape")
    await expect(inbox.page.get_by_role("dialog")).to_have_count(0)
    await expect(inbox.bubbles.first).to_be_focused()

    await press("r")
    await inbox.page.keyboard.type("jkn? all of it is text here")
    await press("Enter")
    await expect(inbox.bubbles.last).to_contain_text("jkn? all of it is text here")
    await press("Escape")
    await press("/")
    await inbox.page.keyboard.type("2025550143")
    await expect(inbox.rows).to_have_count(1)
    await press("Enter")
    await press("Enter")
    await expect(inbox.page.get_by_role("heading", name="+12025550143")).to_be_visible()

    await press("?")
    await expect(inbox.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await press("Escape")
    await press("n")
    await expect(inbox.page.get_by_label("Their number")).to_be_focused()
    await press("Escape")
    await press("Shift+X")
    await press("Tab")
    await press("Enter")
    await expect(inbox.page.locator("#count-messages")).to_have_text("0")


async def test_an_address_leads_back_to_the_same_message(inbox: Inbox) -> None:
    for number in range(100):
        await inbox.send(ADA, template("order_update", "en", values("Ada", f"${number}.00")))
    wanted = inbox.sandbox.messages[4]
    await inbox.page.goto(f"{inbox.sandbox.url}/#{ADA}/{wanted.id}")
    await expect(inbox.page.locator(".message:focus")).to_contain_text("Total: $4.00.")
    await expect(inbox.row(ADA)).to_have_attribute("aria-selected", "true")
