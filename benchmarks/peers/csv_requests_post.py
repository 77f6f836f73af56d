"""One `requests.post` a row: `python -m benchmarks.peers.csv_requests_post recipients.csv URL`."""

import sys

import requests

from benchmarks.messages import DEV_KEY, DEV_SECRET, message_of, read_rows


def main(recipients: str, url: str) -> None:
    for row in read_rows(recipients):
        reply = requests.post(url, json=message_of(row), auth=(DEV_KEY, DEV_SECRET), timeout=30)
        reply.raise_for_status()
        reply.json()["message_id"]


if __name__ == "__main__":
    main(*sys.argv[1:])
