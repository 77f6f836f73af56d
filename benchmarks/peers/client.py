"""`wa_bulk.Client.send` as a service would call it: message built, validated, encoded, sent, judged."""

import asyncio
from collections.abc import Iterator

from benchmarks.messages import DEV_KEY, DEV_SECRET, SENDER, Row
from wa_bulk import Client
from wa_bulk.api import BodyComponent, Currency, CurrencyParameter, Message, TextParameter


async def send_all(url: str, messages: Iterator[Row], tasks: int) -> None:
    base_url = url.removesuffix("/v1/messages")
    async with Client(DEV_KEY, DEV_SECRET, base_url=base_url, rate=0, concurrency=tasks) as client:

        async def worker() -> None:
            for row in messages:
                await client.send(order_update(row))

        await asyncio.gather(*(worker() for _ in range(tasks)))


def order_update(row: Row) -> Message:
    """Return the message every candidate sends, built from wa_bulk's structs."""
    currency = Currency(row["total"], "USD", int(row["total_1000"]))
    return Message.template(
        row["phone"],
        "order_update",
        "en",
        [BodyComponent([TextParameter(row["first_name"]), CurrencyParameter(currency)])],
        from_=SENDER,
        request_id=row["order_id"],
        custom_args={"order_id": row["order_id"]},
    )
