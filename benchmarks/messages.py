"""The messages every candidate sends: one template message in content and size, whoever encodes it."""

import base64
import csv
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import TypedDict, cast

DEV_KEY = "0f1e2d3c4b5a69788796a5b4"
DEV_SECRET = "c3ab8ff13720e8ad9047dd39466b3c89"
AUTHORIZATION = "Basic " + base64.b64encode(f"{DEV_KEY}:{DEV_SECRET}".encode()).decode()
SENDER = "+8613800138000"
NAMES = ("Ada", "Bjørn", "Chloé", "Diego", "Ewa", "Фёдор", "Grace", "浩然")


class Row(TypedDict):
    """One recipient, as a CSV gives it: every value a string."""

    phone: str
    first_name: str
    total: str
    total_1000: str
    order_id: str


def rows() -> Iterator[Row]:
    """Yield recipients without end, each with a phone number of its own (up to ten million)."""
    for number, first_name in enumerate(cycle(NAMES)):
        cents = number % 50_000
        yield Row(
            phone=f"+4478{number:08d}",
            first_name=first_name,
            total=f"${cents / 100:.2f}",
            total_1000=str(cents * 10),
            order_id=f"A-{number}",
        )


def read_rows(recipients: str) -> Iterator[Row]:
    """Yield the rows of a CSV that write_campaign wrote."""
    with Path(recipients).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield cast(Row, row)


def message_of(row: Row) -> dict[str, object]:
    """Return the request for one recipient as plain dicts, as a script would write it."""
    return {
        "from": SENDER,
        "to": [row["phone"]],
        "body": {
            "type": "template",
            "template": {
                "name": "order_update",
                "language": "en",
                "components": [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": row["first_name"]},
                            {
                                "type": "currency",
                                "currency": {
                                    "fallback_value": row["total"],
                                    "code": "USD",
                                    "amount_1000": int(row["total_1000"]),
                                },
                            },
                        ],
                    }
                ],
            },
        },
        "request_id": row["order_id"],
        "custom_args": {"order_id": row["order_id"]},
    }


CAMPAIGN = """\
name = "benchmark"
recipients = "{recipients}"

[message]
from = "+8613800138000"
to = "{{phone}}"
request_id = "{{order_id}}"

[message.body]
type = "template"

[message.body.template]
name = "order_update"
language = "en"

[[message.body.template.components]]
type = "body"
parameters = [
  {{ type = "text", text = "{{first_name}}" }},
  {{ type = "currency", currency.fallback_value = "{{total}}", currency.code = "USD", \
currency.amount_1000 = "{{total_1000}}" }},
]

[message.custom_args]
order_id = "{{order_id}}"
"""


def write_campaign(directory: Path, number_of_rows: int) -> Path:
    """Write a CSV of that many rows and its campaign file, and return the latter."""
    recipients = csv_path(directory, number_of_rows)
    with recipients.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(Row.__annotations__))
        writer.writeheader()
        writer.writerows(islice(rows(), number_of_rows))
    campaign = campaign_path(directory, number_of_rows)
    campaign.write_text(CAMPAIGN.format(recipients=recipients.name), encoding="utf-8")
    return campaign


def csv_path(directory: Path, number_of_rows: int) -> Path:
    return directory / f"recipients-{number_of_rows}.csv"


def campaign_path(directory: Path, number_of_rows: int) -> Path:
    return directory / f"campaign-{number_of_rows}.toml"
