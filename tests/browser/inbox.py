"""The inbox in a browser, with a sandbox behind it, as the tests hold it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence

import aiohttp
from playwright.async_api import Browser, ConsoleMessage, Dialog, Error, Locator, Page, expect

from wa_bulk.sandbox import Sandbox

ADA = "+447911123456"
NOWHERE = "http://127.0.0.1:1"
"""An address that refuses at once: media from there can never be fetched."""

_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
"""
_NOT_FETCHED = re.compile(r"net::ERR_|Failed to load resource")


def text(body: str) -> dict[str, object]:
    return {"type": "text", "text": {"body": body}}


def template(name: str, language: str, *components: dict[str, object]) -> dict[str, object]:
    return {
        "type": "template",
        "template": {"name": name, "language": language, "components": list(components)},
    }


def values(*words: str) -> dict[str, object]:
    """A template's body component."""
    return {"type": "body", "parameters": [{"type": "text", "text": each} for each in words]}


async def send(
    http: aiohttp.ClientSession,
    sandbox: Sandbox,
    to: str | Sequence[str],
    body: dict[str, object],
    **more: object,
) -> str:
    """Sends through the vendor's endpoint; gives the message_id."""
    sign_in = b64encode(f"{sandbox.key}:{sandbox.secret}".encode()).decode()
    async with http.post(
        f"{sandbox.url}/v1/messages",
        json={"to": [to] if isinstance(to, str) else list(to), "body": body, **more},
        headers={"Authorization": f"Basic {sign_in}"},
    ) as reply:
        answer = await reply.json()
        assert reply.status == 200, answer
        return str(answer["message_id"])


def header(kind: str, value: object) -> dict[str, object]:
    """A template's header component with a text, image, video or document."""
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def button(index: int, sub_type: str, kind: str, value: str) -> dict[str, object]:
    """A template's button component with the text that ends its address, or the payload of a quick reply."""
    parameter = {"type": kind, kind: value}
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}


class Inbox:
    """A page with the inbox and the HTTP client that sends to its sandbox.

    Everything a page must never do is gathered in `problems`: script errors, dialogs, breaches of the content
    security policy.
    """

    def __init__(self, sandbox: Sandbox, page: Page, http: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.page = page
        self.problems: list[str] = []
        self._http = http
        page.on("pageerror", self._note_error)
        page.on("console", self._note_console)
        page.on("dialog", self._note_dialog)

    @staticmethod
    async def open(
        browser: Browser,
        sandbox: Sandbox,
        http: aiohttp.ClientSession,
        *,
        width: int = 1280,
        dark: bool = False,
    ) -> Inbox:
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", locale="en-GB"
        )
        page = await context.new_page()
        page.set_default_timeout(10_000)
        inbox = Inbox(sandbox, page, http)
        await page.add_init_script(_WATCH)
        await page.goto(sandbox.url)
        await expect(page.locator("#count-messages")).not_to_have_text("–")  # it follows, and moves no more
        return inbox

    async def close(self) -> None:
        await self.page.context.close()

    def _note_error(self, error: Error) -> None:
        self.problems.append(f"script error: {error}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _NOT_FETCHED.search(message.text):
            self.problems.append(f"console: {message.text}")

    async def _note_dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def violations(self) -> list[str]:
        found: list[str] = await self.page.evaluate("window.violations")
        return found

    async def send(self, to: str | Sequence[str], body: dict[str, object], **more: object) -> str:
        return await send(self._http, self.sandbox, to, body, **more)

    # ---- what is on the page

    @property
    def rows(self) -> Locator:
        return self.page.locator("#list .row")

    @property
    def bubbles(self) -> Locator:
        return self.page.locator("#messages .message")

    @property
    def search(self) -> Locator:
        return self.page.get_by_role("searchbox")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Write as the user")

    def row(self, contact: str) -> Locator:
        return self.page.locator(f'#list .row[data-contact="{contact}"]')

    async def show(self, contact: str) -> None:
        """Opens a conversation from the list."""
        await self.row(contact).click()
        await self.bubbles.first.wait_for()

    async def press_until(self, key: str, sought: Locator) -> AsyncIterator[None]:
        """Presses a key until what is sought is on the page, as a person reads on; yields after each."""
        while await sought.count() == 0:
            await self.page.keyboard.press(key)
            await self.page.evaluate("() => new Promise(requestAnimationFrame)")  # let the page draw
            yield

    async def node_count(self) -> int:
        count: int = await self.page.evaluate("document.querySelectorAll('*').length")
        return count
