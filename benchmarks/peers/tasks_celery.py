"""A celery task a message: `python -m benchmarks.peers.tasks_celery enqueue|work recipients.csv ROWS URL`.

64 threads with a session each, no results kept, nothing between workers but the queue. The broker is the
Redis of the environment variable TASKS_BROKER; the worker ends once it has sent ROWS messages.
"""

import itertools
import os
import sys
import threading

import requests
from celery import Celery

from benchmarks.messages import DEV_KEY, DEV_SECRET, Row, message_of, read_rows

THREADS = 64

app = Celery("tasks", broker=os.environ["TASKS_BROKER"].replace("unix://", "redis+socket://"))
_local = threading.local()
_sent = itertools.count(1)


def send_one(row: Row, url: str, rows: int) -> None:
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.auth = (DEV_KEY, DEV_SECRET)
    reply = _local.session.post(url, json=message_of(row), timeout=30)
    reply.raise_for_status()
    reply.json()["message_id"]
    if next(_sent) == rows:
        app.control.shutdown()


send = app.task(name="send", ignore_result=True)(send_one)


def main(step: str, recipients: str, rows: str, url: str) -> None:
    if step == "enqueue":
        for row in itertools.islice(read_rows(recipients), int(rows)):
            send.delay(row, url, int(rows))
    else:
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.worker_main(["worker", "--pool", "threads", "--concurrency", str(THREADS), *alone])


if __name__ == "__main__":
    main(*sys.argv[1:])
