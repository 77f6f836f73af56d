"""A `requests.Session` in each of many threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.messages import DEV_KEY, DEV_SECRET


def send_all(url: str, messages: Iterator[dict[str, object]], tasks: int) -> None:
    def worker() -> None:
        with requests.Session() as session:
            session.auth = (DEV_KEY, DEV_SECRET)
            for message in messages:
                reply = session.post(url, json=message, timeout=30)
                reply.raise_for_status()
                reply.json()["message_id"]

    with ThreadPoolExecutor(tasks) as pool:
        for finished in [pool.submit(worker) for _ in range(tasks)]:
            finished.result()
