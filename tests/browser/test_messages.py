"""What was sent is seen as a phone would show it, and moves while one looks."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.inbox import ADA, NOWHERE, Inbox, button, header, template, text, values


async def test_a_message_appears_without_reloading_and_its_ticks_move_to_read(inbox: Inbox) -> None:
    await expect(inbox.page.get_by_text("No messages yet.")).to_be_visible()
    inbox.sandbox.reply(ADA, "Hello?")
    await inbox.send(ADA, text("Good morning"))
    await expect(inbox.row(ADA)).to_contain_text("Good morning")
    await inbox.show(ADA)
    await expect(inbox.bubbles.last.locator(".tick")).to_have_attribute("data-status", "read")
    await inbox.send(ADA, text("One more"))
    await expect(inbox.bubbles.last).to_contain_text("One more")
    await expect(inbox.bubbles.last.locator(".tick")).to_have_attribute("data-status", "read")
    await expect(inbox.page.locator("#count-messages")).to_have_text("3")


async def test_every_status_has_its_own_mark(inbox: Inbox) -> None:
    await inbox.send("+99900000032", template("hello_world", "en_US"))
    await inbox.show("+99900000032")
    tick = inbox.bubbles.last.locator(".tick")
    await expect(tick.get_by_role("img", name="Delivered")).to_be_visible()
    grey = await tick.evaluate("node => getComputedStyle(node).color")
    await inbox.send(ADA, template("hello_world", "en_US"))
    await inbox.show(ADA)
    await expect(tick.get_by_role("img", name="Read")).to_be_visible()
    assert await tick.evaluate("node => getComputedStyle(node).color") != grey


async def test_a_template_has_header_filled_body_footer_and_buttons(inbox: Inbox) -> None:
    day = header("text", "Friday")
    await inbox.send(ADA, template("appointment_reminder", "en", day, values("Ada", "Friday, 3:30 pm")))
    await inbox.show(ADA)
    bubble = inbox.bubbles.last
    await expect(bubble.locator(".template-header")).to_have_text("Your visit on Friday")
    await expect(bubble.locator(".text")).to_contain_text("Dear Ada, we expect you on Friday, 3:30 pm.")
    await expect(bubble.locator(".footer")).to_contain_text("Reply to change it")
    await expect(bubble.get_by_role("button", name="Yes, I will come")).to_be_visible()
    await expect(bubble.locator(".note")).to_contain_text("appointment_reminder · en")


async def test_template_headers_can_be_pictures_films_and_documents(inbox: Inbox) -> None:
    picture = header("image", {"link": f"{inbox.sandbox.url}/inbox/icon.svg"})
    follow = button(0, "url", "text", "4711")
    await inbox.send(ADA, template("parcel_photo", "en", picture, values("Ada"), follow))
    film = header("video", {"link": f"{NOWHERE}/roast.mp4"})
    await inbox.send(ADA, template("new_roast", "en", film, values("Ada", "$12.50", "Sunday")))
    document = header("document", {"link": f"{NOWHERE}/i.pdf", "filename": "invoice 4711.pdf"})
    await inbox.send(ADA, template("invoice", "en", document, values("1 March", "$100.99", "15 March")))
    captioned = header("document", {"link": f"{NOWHERE}/i.pdf", "caption": "invoice 12.pdf"})
    await inbox.send(ADA, template("invoice", "en", captioned, values("1 March", "$100.99", "15 March")))
    await inbox.show(ADA)
    await expect(inbox.bubbles).to_have_count(4)
    first, second, third, fourth = (inbox.bubbles.nth(index) for index in range(4))
    await expect(first.locator(".media.image.loaded img")).to_be_visible()
    link = first.get_by_role("link", name="Follow the parcel")
    await expect(link).to_have_attribute("href", "https://example.com/parcels/4711")
    await expect(link).to_have_attribute("rel", re.compile("noopener"))
    await expect(second.locator(".placeholder.video")).to_contain_text("roast.mp4")
    await expect(third.locator(".document")).to_contain_text("invoice 4711.pdf")
    await expect(fourth.locator(".document")).to_contain_text("invoice 12.pdf")


async def test_a_document_is_called_by_its_filename_else_its_caption(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Send it")
    link = {"link": f"{NOWHERE}/4711.pdf"}
    for names in ({"filename": "f.pdf", "caption": "c.pdf"}, {"caption": "c.pdf"}, {}):
        await inbox.send(ADA, {"type": "document", "document": {**link, **names}})
    await inbox.show(ADA)
    await expect(inbox.bubbles).to_have_count(4)
    for index, name in enumerate(("f.pdf", "c.pdf", "4711.pdf"), 1):
        await expect(inbox.bubbles.nth(index).locator(".placeholder-name")).to_have_text(name)


async def test_media_that_cannot_be_fetched_becomes_a_card_with_name_and_link(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Show me")
    for kind, name in [
        ("image", "cat.jpg"),
        ("video", "cat.mp4"),
        ("audio", "purr.mp3"),
        ("sticker", "cat.webp"),
    ]:
        await inbox.send(ADA, {"type": kind, kind: {"link": f"{NOWHERE}/media/{name}"}})
    await inbox.show(ADA)
    for kind, name in [
        ("image", "cat.jpg"),
        ("video", "cat.mp4"),
        ("audio", "purr.mp3"),
        ("sticker", "cat.webp"),
    ]:
        card = inbox.page.locator(f".placeholder.{kind}")
        await expect(card.get_by_role("link", name=name)).to_have_attribute("href", f"{NOWHERE}/media/{name}")
    await expect(inbox.page.locator("#messages :is(img, video)")).to_have_count(0)


async def test_media_that_can_be_fetched_is_shown_with_its_caption(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Show me")
    link = f"{inbox.sandbox.url}/inbox/icon.svg"
    await inbox.send(ADA, {"type": "image", "image": {"link": link, "caption": "Our *logo*"}})
    await inbox.send(ADA, {"type": "sticker", "sticker": {"link": link}})
    await inbox.send(ADA, {"type": "image", "image": {"id": "1037543291543636"}})
    await inbox.show(ADA)
    await expect(inbox.page.locator(".media.image.loaded img")).to_be_visible()
    await expect(inbox.page.locator(".text strong")).to_have_text("logo")
    await expect(inbox.page.locator(".media.sticker.loaded img")).to_be_visible()
    await expect(inbox.page.locator(".placeholder.image")).to_contain_text("id 1037543291543636")


async def test_whatsapp_formatting_and_links(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Hi")
    words = "*bold* _italic_ ~gone~ ```mono *x*``` 2*3*4 snake_case_name\n*not closed\nhttps://example.com/a_b_c?d=*e*."
    await inbox.send(ADA, text(words))
    await inbox.show(ADA)
    body = inbox.bubbles.last.locator(".text")
    await expect(body.locator("strong")).to_have_text("bold")
    await expect(body.locator("em")).to_have_text("italic")
    await expect(body.locator("s")).to_have_text("gone")
    await expect(body.locator("code.mono")).to_have_text("mono *x*")
    await expect(body).to_contain_text("2*3*4 snake_case_name\n*not closed\n")
    await expect(body.get_by_role("link")).to_have_attribute("href", "https://example.com/a_b_c?d=*e")


async def test_right_to_left_text_runs_right_to_left(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Hi")
    await inbox.send(ADA, text("שלום! ההזמנה שלך *מוכנה* לאיסוף."))
    await inbox.show(ADA)
    body = inbox.bubbles.last.locator(".text")
    assert await body.evaluate("node => node.matches(':dir(rtl)')")
    assert await inbox.row(ADA).locator(".row-text").evaluate("node => node.matches(':dir(rtl)')")


async def test_a_very_long_text_opens_on_request(inbox: Inbox) -> None:
    inbox.sandbox.reply(ADA, "Tell me all")
    await inbox.send(ADA, text("all the words " * 290))
    await inbox.show(ADA)
    bubble = inbox.bubbles.last
    short = await bubble.evaluate("node => node.offsetHeight")
    await bubble.get_by_role("button", name="Read more").click()
    await expect(bubble.get_by_role("button", name="Read less")).to_be_visible()
    assert await bubble.evaluate("node => node.offsetHeight") > 2 * short


async def test_a_failure_shows_its_code_and_words(inbox: Inbox) -> None:
    await inbox.send(ADA, text("Out of the blue"))
    await inbox.show(ADA)
    await expect(inbox.bubbles.last.locator(".error strong")).to_have_text("131047")
    await expect(inbox.bubbles.last.get_by_role("img", name="Failed")).to_be_visible()
    await expect(inbox.page.locator(".reply-window.closed")).to_have_text("Templates only")
    await expect(inbox.page.locator("#count-failed")).to_have_text("1")
    await expect(inbox.row(ADA).locator(".badge.danger")).to_have_text("1")
