"""One `requests.post` a message, as the vendor's page shows it."""

from collections.abc import Iterable

import requests

from benchmarks.messages import DEV_KEY, DEV_SECRET


def send_all(url: str, messages: Iterable[dict[str, object]], tasks: int) -> None:
    for message in messages:
        reply = requests.post(url, json=message, auth=(DEV_KEY, DEV_SECRET), timeout=30)
        reply.raise_for_status()
        reply.json()["message_id"]
