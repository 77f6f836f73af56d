"""Search, the flat view of all messages, failures and duplicates."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.inbox import ADA, Inbox, template, text, values

GRACE = "+12025550143"
NOOR = "+966501234567"


async def fill(inbox: Inbox) -> None:
    await inbox.send(ADA, template("order_update", "en", values("Ada", "$24.90")))
    await inbox.send(GRACE, template("code", "en", values("394118")))
    inbox.sandbox.reply(NOOR, "Where is my *parcel*?")
    await inbox.send(NOOR, text("Around the corner 🚚"))
    await expect(inbox.rows).to_have_count(3)


async def test_search_finds_by_number_template_and_text(inbox: Inbox) -> None:
    await fill(inbox)
    for query, contact in [
        ("7911", ADA),
        ("+1 (202) 555", GRACE),
        ("order_update", ADA),
        ("394118", GRACE),
        ("AROUND the corner", NOOR),
        ("🚚", NOOR),
    ]:
        await inbox.search.fill(query)
        await expect(inbox.rows).to_have_count(1)
        await expect(inbox.row(contact)).to_be_visible()
    await inbox.search.fill("nothing like it")
    await expect(inbox.page.get_by_text("Nothing matches.")).to_be_visible()
    await inbox.search.press("Escape")
    await expect(inbox.rows).to_have_count(3)


async def test_the_messages_view_marks_what_was_found_and_leads_to_it(inbox: Inbox) -> None:
    await fill(inbox)
    await inbox.page.get_by_role("tab", name="Messages").click()
    await expect(inbox.rows).to_have_count(4)
    await inbox.search.fill("parcel")
    await expect(inbox.rows).to_have_count(1)
    await expect(inbox.rows.locator("mark")).to_have_text("parcel")
    await inbox.rows.click()
    await expect(inbox.bubbles).to_have_count(2)
    await expect(inbox.bubbles.first).to_be_focused()
    await expect(inbox.bubbles.first).to_contain_text("Where is my parcel?")


async def test_what_arrives_during_a_search_shows_only_if_it_matches(inbox: Inbox) -> None:
    await fill(inbox)
    await inbox.search.fill("welcome")
    await expect(inbox.page.get_by_text("Nothing matches.")).to_be_visible()
    await inbox.send("+4915112345678", template("order_update", "de", values("Emmy", "9,90 €")))
    await inbox.send(GRACE, template("hello_world", "en_US"))
    await expect(inbox.row(GRACE)).to_be_visible()
    await expect(inbox.rows).to_have_count(1)


async def test_a_counter_leads_to_the_failed_ones(inbox: Inbox) -> None:
    await fill(inbox)
    await inbox.send(ADA, text("Too early"))
    await expect(inbox.page.locator("#count-failed")).to_have_text("1")
    await inbox.page.get_by_title("Show failed messages").click()
    await expect(inbox.rows).to_have_count(1)
    await expect(inbox.rows).to_contain_text("Too early")
    await expect(inbox.rows.locator(".badge.danger")).to_have_text("131047")
    await inbox.page.get_by_role("button", name="Show all messages").last.click()
    await expect(inbox.rows).to_have_count(5)


async def test_a_duplicate_is_marked_and_leads_to_the_first(inbox: Inbox) -> None:
    for number in range(30):
        await inbox.send(ADA, template("order_update", "en", values("Ada", f"${number}.00")))
    await inbox.send(ADA, template("order_update", "en", values("Ada", "$0.00")))
    await inbox.send(GRACE, template("order_update", "en", values("Ada", "$0.00")))
    await inbox.show(ADA)
    await expect(inbox.page.locator("#count-duplicates")).to_have_text("1")
    await inbox.page.get_by_title("Show duplicates").click()
    await expect(inbox.rows).to_have_count(1)
    await inbox.page.get_by_role("tab", name="Chats").click()
    await expect(inbox.row(ADA).locator(".badge.warning")).to_have_text("1")
    await expect(inbox.page.locator(".duplicate")).to_have_count(1)
    await inbox.bubbles.last.get_by_role("button", name="Duplicate").click()
    await expect(inbox.bubbles.first).to_be_focused()
    await expect(inbox.bubbles.first).to_be_in_viewport()


async def test_the_first_of_a_duplicate_far_back_is_found_with_its_neighbours(inbox: Inbox) -> None:
    amounts = [f"${number}.00" for number in range(200)]
    for amount in [*amounts, amounts[20]]:
        await inbox.send(ADA, template("order_update", "en", values("Ada", amount)))
    await inbox.show(ADA)
    await inbox.bubbles.last.get_by_role("button", name="Duplicate").click()
    first = inbox.page.locator(".message:focus")
    await expect(first).to_contain_text("Total: $20.00.")
    await expect(inbox.bubbles.filter(has_text="Total: $21.00.")).to_be_attached()
    # And on from there, all the way down to where it began.
    last = inbox.bubbles.last.get_by_role("button", name="Duplicate")
    async for _ in inbox.press_until("PageDown", last):
        pass
    await expect(last).to_be_visible()


async def test_a_press_that_spans_news_still_opens_the_row(inbox: Inbox) -> None:
    await inbox.send(ADA, template("code", "en", values("1")))
    await inbox.row(ADA).hover()
    await inbox.page.mouse.down()
    await inbox.send(ADA, template("code", "en", values("2")))
    await expect(inbox.row(ADA)).to_contain_text("Your code is 2.")
    await inbox.page.mouse.up()
    await expect(inbox.bubbles).to_have_count(2)
