"""Content from messages is shown, never run."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Browser, Error, Route, expect

from tests.browser.inbox import ADA, Inbox, button, header, template, text, values
from wa_bulk.sandbox import Sandbox

MARKUP = (
    "<img src=x onerror=window.ran=1><script>window.ran=1</script><svg onload=window.ran=1>\"'><b>bold</b>"
)
LINKS = (
    'javascript:window.ran=1 data:text/html,<script>window.ran=1</script> http://a"onmouseover=window.ran=1'
)

NOT_WEB_LINKS = "a[href]:not([href^='http://'], [href^='https://'])"
NOT_OURS = (
    "iframe, object, embed, base, form[action], #list b, #messages b, #raw b, #messages script, #list script"
)
HANDLERS = """
[...document.querySelectorAll("*")]
  .flatMap((node) => node.getAttributeNames())
  .filter((name) => name.startsWith("on"))
"""


async def assert_nothing_ran(inbox: Inbox) -> None:
    assert await inbox.page.evaluate("window.ran") is None
    assert await inbox.page.locator(f"{NOT_WEB_LINKS}, {NOT_OURS}").count() == 0
    assert await inbox.page.evaluate(HANDLERS) == []
    assert await inbox.violations() == []
    assert inbox.problems == []


async def look_everywhere(inbox: Inbox) -> None:
    """Shows every message in the chat and behind each its raw request."""
    await inbox.show(ADA)
    for index in range(await inbox.bubbles.count()):
        await inbox.bubbles.nth(index).hover()
        await inbox.bubbles.nth(index).get_by_role("button", name="Raw request and reply").click()
        await expect(inbox.page.get_by_role("dialog").locator(".json").first).to_be_visible()
        await assert_nothing_ran(inbox)
        await inbox.page.keyboard.press("Escape")
    await inbox.page.get_by_role("tab", name="Messages").click()
    await inbox.search.fill("<img src=x")
    await expect(inbox.rows.first).to_be_visible()
    await assert_nothing_ran(inbox)


async def test_markup_in_every_field_the_api_takes(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, f"{MARKUP} {LINKS}")
    link = "http://127.0.0.1:1/" + "%22onerror=window.ran=1/<script>window.ran=1</script>"
    hostile = {"request_id": MARKUP, "custom_args": {MARKUP: LINKS}}
    media = {"link": link, "id": MARKUP}
    await inbox.send(ADA, text(f"{MARKUP} {LINKS} *{MARKUP}* ```{MARKUP}```"), **hostile)
    await inbox.send(ADA, {"type": "image", "image": {**media, "caption": MARKUP}}, **hostile)
    await inbox.send(ADA, {"type": "video", "video": {**media, "caption": MARKUP}}, **hostile)
    await inbox.send(ADA, {"type": "audio", "audio": media}, **hostile)
    await inbox.send(ADA, {"type": "sticker", "sticker": media}, **hostile)
    document = {**media, "caption": MARKUP, "filename": f"{MARKUP.replace('/', '')}.pdf"}
    await inbox.send(ADA, {"type": "document", "document": document}, **hostile)
    await inbox.send(ADA, {"type": "image", "image": {"id": MARKUP}}, **hostile)
    day = header("text", "<b>x</b>")
    press = button(0, "quick_reply", "payload", MARKUP)
    await inbox.send(
        ADA, template("appointment_reminder", "en", day, values(MARKUP, LINKS), press), **hostile
    )
    await expect(inbox.page.locator("#count-messages")).to_have_text("9")
    await look_everywhere(inbox)


async def test_markup_where_the_api_would_not_take_it(inbox: Inbox) -> None:
    """Even a sandbox that lets everything through cannot make the page run anything."""
    fields = ["from", "to", "contact", "message_id", "request_id", "text", "error"]
    records = {number: hostile_record(number, field) for number, field in enumerate(fields, 1)}
    request = {"headers": {MARKUP: LINKS}, "body": json.dumps(records)}
    behind = {"request": request, "reply": {"status": 200, "body": {"message_id": MARKUP}}, "history": []}
    page = {
        "total": len(records),
        "next": None,
        "messages": list(records.values()),
        "conversations": [
            {"contact": record["contact"], "last": record, "messages": 1, "failed": 1, "duplicates": 1}
            for record in (records[3], records[1])
        ],
    }

    async def answer(route: Route) -> None:
        last_part = route.request.url.split("?")[0].rsplit("/", 1)[-1]
        one = last_part.isdigit() and {**records[int(last_part)], **behind}
        await route.fulfill(json=one or page)

    await inbox.page.route("**/sandbox/{messages,conversations}**", answer)
    await inbox.page.route("**/sandbox/{messages,conversations}/**", answer)
    await inbox.page.reload()
    await expect(inbox.rows).to_have_count(2)
    await inbox.rows.first.click()
    await assert_nothing_ran(inbox)
    await look_everywhere(inbox)


def hostile_record(number: int, field: str) -> dict[str, object]:
    press = {"type": "URL", "text": MARKUP, "url": "javascript:window.ran=1"}
    picture = {"type": "image", "link": "javascript:window.ran=1", "filename": MARKUP}
    record: dict[str, object] = {
        "id": number,
        "message_id": "m",
        "direction": "out",
        "from": "+8613800138000",
        "to": ADA,
        "contact": ADA,
        "type": "template",
        "body": template(MARKUP, MARKUP),
        "rendered": {"header": picture, "body": MARKUP, "footer": MARKUP, "buttons": [press]},
        "request_id": None,
        "custom_args": {MARKUP: MARKUP},
        "at": "2026-11-21T12:00:00.000Z",
        "status": "failed",
        "error": {"code": 131026, "message": "undeliverable"},
        "duplicate_of": 99,
    }
    if field == "text":
        return {**record, "type": "text", "body": text(MARKUP), "rendered": None}
    return {**record, field: {"code": MARKUP, "message": MARKUP} if field == "error" else MARKUP}


async def test_the_page_refuses_markup_even_from_its_own_scripts(browser: Browser, sandbox: Sandbox) -> None:
    page = await browser.new_page()
    reply = await page.goto(sandbox.url)
    assert reply is not None
    policy = (await reply.all_headers())["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    with pytest.raises(Error, match="TrustedHTML"):
        await page.evaluate("document.body.innerHTML = '<b>x</b>'")
    await page.close()
