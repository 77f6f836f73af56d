"""64 threads with a session each: `python -m benchmarks.peers.csv_requests_threads recipients.csv URL`."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.messages import DEV_KEY, DEV_SECRET, Row, message_of, read_rows


def main(recipients: str, url: str) -> None:
    local = threading.local()

    def open_session() -> None:
        local.session = requests.Session()
        local.session.auth = (DEV_KEY, DEV_SECRET)

    def send(row: Row) -> None:
        reply = local.session.post(url, json=message_of(row), timeout=30)
        reply.raise_for_status()
        reply.json()["message_id"]

    with ThreadPoolExecutor(64, initializer=open_session) as pool:
        for _ in pool.map(send, read_rows(recipients)):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
