"""Take the pictures of the inbox for the documentation: `python -m tests.browser.pictures docs/images`.

Needs Chromium; the fonts Inter and Noto Color Emoji make them look as they do there.
"""

from __future__ import annotations

import asyncio
import io
import math
import struct
import sys
import tempfile
import wave
from base64 import b64encode
from pathlib import Path

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from tests.browser import sample_messages
from tests.browser.conftest import FLAGS
from tests.browser.inbox import send
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

AT_ONCE = Delivery(sent_after_s=0.01, delivered_after_s=0.01, read_after_s=0.01, spread=0)


def sound() -> bytes:
    """Seven seconds without a message."""
    rate = 8000
    samples = (int(6000 * math.sin(step / rate * 2 * math.pi * 330)) for step in range(rate * 7))
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return memory.getvalue()


async def media_server() -> tuple[web.AppRunner, str]:
    async def doorstep(_: web.Request) -> web.Response:
        picture = Path(__file__).with_name("doorstep.svg").read_bytes()
        return web.Response(body=picture, content_type="image/svg+xml")

    async def brewing(_: web.Request) -> web.Response:
        return web.Response(body=sound(), content_type="audio/wav")

    app = web.Application()
    app.add_routes([web.get("/doorstep.svg", doorstep), web.get("/brewing.wav", brewing)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def send_sample_messages(database: Path, media_url: str) -> None:
    settings = SandboxSettings(db=str(database), delivery=AT_ONCE)
    async with Sandbox(settings) as sandbox, aiohttp.ClientSession() as http:

        async def send_one(to: str, body: dict[str, object], request_id: str | None) -> str:
            more = {"request_id": request_id, "custom_args": {"campaign": "spring"}} if request_id else {}
            return await send(http, sandbox, to, body, **{"from": sample_messages.SHOP}, **more)

        await sample_messages.send_all(sandbox, send_one, media_url)
        await sandbox.settled()
    sample_messages.spread_over_the_day(database)


async def page_at(
    browser: Browser, sandbox: Sandbox, contact: str, *, width: int, height: int, dark: bool
) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1.25,
        color_scheme="dark" if dark else "light",
        locale="en-GB",
    )
    page = await context.new_page()
    await page.goto(f"{sandbox.url}/#{contact}")
    await page.locator("#messages .message").last.wait_for()
    await page.evaluate("Promise.allSettled([...document.images].map((image) => image.decode()))")
    return page


async def phones(browser: Browser, sandbox: Sandbox) -> bytes:
    """The list and a conversation on two phones side by side."""
    chat = await page_at(browser, sandbox, sample_messages.ADA, width=390, height=720, dark=False)
    shots = [await chat.screenshot()]
    dark = await page_at(browser, sandbox, sample_messages.EMMY, width=390, height=720, dark=True)
    shots.append(await dark.screenshot())
    await dark.get_by_role("button", name="Back to the list").click()
    shots.insert(1, await dark.screenshot())
    page = await browser.new_page(viewport={"width": 1290, "height": 780}, device_scale_factor=1)
    pictures = "".join(f"<img src='data:image/png;base64,{b64encode(shot).decode()}'>" for shot in shots)
    style = """
      body { display: flex; justify-content: space-around; align-items: center; height: 780px; margin: 0; }
      img { width: 390px; border-radius: 34px; border: 7px solid #14211f; box-sizing: content-box; }
    """
    await page.set_content(f"<style>{style}</style>{pictures}")
    return await page.screenshot(omit_background=True)


def save(picture: bytes, path: Path) -> None:
    path.write_bytes(picture)
    print(f"{path}: {len(picture) // 1024} KiB")


async def main(folder: Path) -> None:
    runner, media_url = await media_server()
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "sample_messages.sqlite"
        await send_sample_messages(database, media_url)
        async with Sandbox(SandboxSettings(db=str(database))) as sandbox, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            light = await page_at(browser, sandbox, sample_messages.ADA, width=1280, height=860, dark=False)
            save(await light.screenshot(), folder / "inbox-light.png")
            dark = await page_at(browser, sandbox, sample_messages.EMMY, width=1280, height=860, dark=True)
            save(await dark.screenshot(), folder / "inbox-dark.png")
            await light.locator(".message[data-type=template] .raw-button").click()
            await light.locator("#raw .json").last.wait_for()
            save(await light.screenshot(animations="disabled"), folder / "inbox-raw.png")
            save(await phones(browser, sandbox), folder / "inbox-phone.png")
            await browser.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
