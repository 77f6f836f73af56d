"""The report's page, as a browser lays it out."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.report.conftest import HOSTILE
from tests.report.logs import end, intent, result, run, write
from wa_bulk.ledger.log_format import Sends
from wa_bulk.report.page import page
from wa_bulk.report.summary import summarise


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_sticks_out_on_a_phone_nor_on_a_screen(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    first = run(rows=2000)
    first.sends = Sends("orders", "template", "+8613800138000", f"order_update{'x' * 60}", "{language}")
    first.settings |= {"base_url": "https://wa.api.engagelab.cc", "concurrency": 64}
    log = write(
        tmp_path / f"{'long-name-' * 10}.jsonl",
        first,
        intent(1, 40),
        *(result(row, seconds=row / 10, latency_ms=40.0 + row) for row in range(1, 20)),
        *(result(row, "rejected", 3, code=3002, error=f"{HOSTILE} {'y' * 200}") for row in range(20, 24)),
        *(result(row, "unknown", 3, error=HOSTILE) for row in range(25, 50)),
        end(4, "fatal", HOSTILE),
    )
    (tmp_path / "report.html").write_text(page(summarise(log)), encoding="utf-8")
    context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    try:
        shown = await context.new_page()
        troubles: list[str] = []
        shown.on("console", lambda message: troubles.append(message.text))
        shown.on("pageerror", lambda error: troubles.append(str(error)))
        await shown.goto((tmp_path / "report.html").as_uri())

        assert await shown.evaluate("document.documentElement.scrollWidth") == width
        bars = await shown.locator(".latency i").evaluate_all("bars => bars.map(bar => bar.offsetWidth)")
        assert sorted(bars) == bars
        assert bars[-1] > 50
        assert troubles == []
    finally:
        await context.close()
