"""What a small coffee roaster sent in one day, for the pictures in the documentation."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from tests.browser.inbox import button, header, template, text, values
from wa_bulk.sandbox import Sandbox

SHOP = "+447911987650"
ADA = "+447911123456"
EMMY = "+4915112345678"

Send = Callable[[str, dict[str, object], str | None], Awaitable[str]]

_MINUTE_MS = 60_000


async def send_all(sandbox: Sandbox, send: Send, media_url: str) -> None:
    """Send the day's messages, oldest first. `media_url` is where the picture on Ada's doorstep lies."""

    def out(to: str, body: dict[str, object], request_id: str | None = None) -> Awaitable[str]:
        return send(to, body, request_id)

    recipients = [
        ("+905321234519", "tr", "Elif", "₺349,00"),
        ("+14155550143", "en_US", "Grace", "$31.20"),
        ("+33612345604", "fr", "Amélie", "27,50 €"),
        ("+5511987654387", "pt_BR", "João", "R$ 89,00"),
        ("+919812345630", "hi", "आशा", "₹740"),
        ("+31612345652", "nl", "Sanne", "€ 18,40"),
        ("+393471234595", "it", "Chiara", "22,00 €"),
        ("+34612345671", "es", "Lucía", "24,90 €"),
        ("+966501234528", "ar", "نور", "84 ر.س"),
    ]
    for number, (to, language, name, total) in enumerate(recipients):
        await out(to, template("order_update", language, values(name, total)), f"orders-{number + 1}")
    await out("+447700900142", text("Your grinder is repaired and ready."))

    sandbox.reply(EMMY, "Guten Morgen! Habt ihr den Kenia noch?", SHOP)
    await out(EMMY, text("Guten Morgen, Emmy! Ja, *zwölf Beutel* sind noch da. Mahlgrad wie immer?"))
    sandbox.reply(EMMY, "Ja bitte, _French Press_ ☕", SHOP)
    await out(EMMY, {"type": "audio", "audio": {"link": f"{media_url}/brewing.wav"}})
    invoice = {
        "link": "https://wellspring.example/invoices/2026-0117.pdf",
        "filename": "invoice-2026-0117.pdf",
    }
    await out(EMMY, {"type": "document", "document": {**invoice, "caption": "Ihre Rechnung"}})
    await out(EMMY, template("order_update", "de", values("Emmy", "21,80 €")), "orders-10")
    await out(EMMY, template("order_update", "de", values("Emmy", "21,80 €")), "orders-10")
    before = sandbox.settings.delivery
    sandbox.set_delivery(msgspec.structs.replace(before, failures={"131026": 1.0}))
    await out(EMMY, text("Viel Freude damit! 🫖"))
    sandbox.set_delivery(before)

    sandbox.reply(ADA, "Hi! When will my beans arrive? ☕", SHOP)
    await out(ADA, text("This afternoon, between *14:00* and *16:00*. We will ring twice."))
    picture = header("image", {"link": f"{media_url}/doorstep.svg"})
    track = button(0, "url", "text", "4711")
    await out(ADA, template("parcel_photo", "en", picture, values("Ada"), track), "parcels-4711")
    sandbox.reply(ADA, "Wonderful, thank you! 🙏", SHOP)
    await out(ADA, text("Enjoy! Brewing notes: https://wellspring.example/kenya"))


def spread_over_the_day(database: Path) -> None:
    """Move what was sent within a second to the hours before now, the newest last."""
    with sqlite3.connect(database) as db:
        ids = [number for (number,) in db.execute("SELECT id FROM messages ORDER BY id DESC")]
        now_ms = time.time_ns() // 1_000_000
        for age, number in enumerate(ids):
            moved_ms = now_ms - (2 + age * 3 + age * age // 4) * _MINUTE_MS
            later = ", ".join(
                f"{column} = CASE WHEN {column} IS NULL THEN NULL ELSE ?1 + ({column} - at_ms) * 9 END"
                for column in ("sent_ms", "delivered_ms", "read_ms", "failed_ms")
            )
            db.execute(f"UPDATE messages SET {later}, at_ms = ?1 WHERE id = ?2", (moved_ms, number))
    db.close()
