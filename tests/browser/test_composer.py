"""Replying as the user, starting a conversation, looking behind a message, clearing."""

from __future__ import annotations

import json

from playwright.async_api import expect

from tests.browser.inbox import ADA, Inbox, header, template, text, values


async def test_a_reply_as_the_user_opens_the_window(inbox: Inbox) -> None:
    await inbox.send(ADA, template("hello_world", "en_US"), **{"from": "+8613800138000"})
    await inbox.show(ADA)
    await expect(inbox.page.locator(".reply-window.closed")).to_be_visible()
    await inbox.composer.fill("Thank *you*")
    await inbox.composer.press("Enter")
    reply = inbox.page.locator('.message[data-direction="in"]')
    await expect(reply.locator("strong")).to_have_text("you")
    await expect(inbox.composer).to_have_value("")
    await expect(inbox.page.locator(".reply-window")).to_contain_text("Window open")
    record = inbox.sandbox.messages[-1]
    assert (record.direction, record.from_, record.to) == ("in", ADA, "+8613800138000")
    await inbox.send(ADA, text("You are welcome"))
    await expect(inbox.bubbles.last.locator(".tick")).to_have_attribute("data-status", "read")


async def test_shift_enter_makes_a_new_line(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Hi")
    await inbox.show(ADA)
    await inbox.composer.fill("one")
    await inbox.composer.press("Shift+Enter")
    await inbox.composer.type("two")
    await inbox.page.get_by_role("button", name="Send as the user").click()
    await expect(inbox.bubbles).to_have_count(2)
    assert inbox.sandbox.messages[-1].body == text("one\ntwo")


async def test_pressing_a_quick_reply_answers_with_its_words(inbox: Inbox) -> None:
    day = header("text", "Friday")
    await inbox.send(ADA, template("appointment_reminder", "en", day, values("Ada", "Friday")))
    await inbox.show(ADA)
    await inbox.page.get_by_role("button", name="Another day, please").click()
    await expect(inbox.page.locator('.message[data-direction="in"]')).to_contain_text("Another day, please")


async def test_a_conversation_can_begin_with_the_user(inbox: Inbox) -> None:
    await inbox.page.get_by_role("button", name="New conversation").click()
    number = inbox.page.get_by_label("Their number")
    await number.fill("4.47912E+11")
    await inbox.page.get_by_role("button", name="Send", exact=True).click()
    await expect(inbox.page.get_by_role("alert")).to_be_visible()
    await number.fill("+44 (7911) 123-456")
    await inbox.page.get_by_role("textbox", name="Message").fill("Are you open today?")
    await inbox.page.get_by_role("button", name="Send", exact=True).click()
    await expect(inbox.bubbles).to_contain_text("Are you open today?")
    await expect(inbox.row(ADA)).to_have_attribute("aria-selected", "true")
    await expect(inbox.composer).to_be_focused()


async def test_the_raw_request_and_reply_are_a_click_away(inbox: Inbox) -> None:
    body = template("order_update", "en", values("Ada", "שלום"))
    more = {"request_id": "orders-17", "custom_args": {"big": 12345678901234567890}}
    message_id = await inbox.send(ADA, body, **more)
    await inbox.show(ADA)
    await inbox.bubbles.last.get_by_role("button", name="Raw request and reply").click()
    drawer = inbox.page.get_by_role("dialog")
    request, reply = drawer.locator(".json").first, drawer.locator(".json").last
    await expect(request).to_contain_text('"text": "שלום"')
    # Every digit is there: the page sets out the text that was sent, not numbers it has read.
    await expect(request).to_contain_text('"big": 12345678901234567890')
    assert json.loads(await request.inner_text()) == {"to": [ADA], "body": body, **more}
    assert json.loads(await reply.inner_text())["message_id"] == message_id
    await expect(drawer.locator(".http-status")).to_have_text("200")
    await expect(drawer.get_by_text("orders-17", exact=True)).to_be_visible()
    await expect(drawer.locator(".headers")).to_contain_text("application/json")
    await expect(drawer).not_to_contain_text("Basic ")
    await drawer.get_by_role("button", name="As sent").click()
    await expect(request).to_contain_text("\\u05e9")
    await inbox.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()


async def test_the_raw_view_follows_the_message(inbox: Inbox) -> None:
    await inbox.send(ADA, template("hello_world", "en_US"))
    await inbox.show(ADA)
    await inbox.bubbles.last.get_by_role("button", name="Raw request and reply").click()
    steps = inbox.page.locator(".history li > span:nth-child(2)")
    await expect(steps).to_have_text(["Accepted", "Sent", "Delivered", "Read"])


async def test_the_request_can_be_copied(inbox: Inbox) -> None:
    await inbox.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await inbox.send(ADA, template("hello_world", "en_US"))
    await inbox.show(ADA)
    await inbox.page.get_by_role("button", name="Copy number").click()
    await expect(inbox.page.get_by_text("Copied")).to_be_visible()
    assert await inbox.page.evaluate("navigator.clipboard.readText()") == ADA
    await inbox.bubbles.last.get_by_role("button", name="Raw request and reply").click()
    await inbox.page.get_by_role("dialog").get_by_role("button", name="Copy").first.click()
    await expect(inbox.page.get_by_role("dialog").get_by_text("Copied")).to_be_visible()
    copied = await inbox.page.evaluate("navigator.clipboard.readText()")
    assert json.loads(copied)["to"] == [ADA]


async def test_clearing_asks_first(inbox: Inbox) -> None:
    await inbox.send(ADA, template("hello_world", "en_US"))
    await inbox.show(ADA)
    await inbox.page.get_by_role("button", name="Clear all messages").click()
    await inbox.page.get_by_role("button", name="Keep them").click()
    assert len(inbox.sandbox.messages) == 1
    await inbox.page.get_by_role("button", name="Clear all messages").click()
    await inbox.page.get_by_role("button", name="Clear", exact=True).click()
    await expect(inbox.page.get_by_text("No messages yet.")).to_be_visible()
    await expect(inbox.rows).to_have_count(0)
    await expect(inbox.page.locator("#count-messages")).to_have_text("0")
    await expect(inbox.page.get_by_text("What your users would have received")).to_be_visible()
    assert inbox.sandbox.messages == []
