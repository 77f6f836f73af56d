"""A taskiq task a message: `python -m benchmarks.peers.tasks_taskiq enqueue|work recipients.csv ROWS URL`.

64 tasks at once on uvloop, one aiohttp session, no results kept. The broker is the Redis of the environment
variable TASKS_BROKER; the worker ends once it has sent ROWS messages.
"""

import asyncio
import itertools
import os
import sys

import aiohttp
import uvloop
from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker

from benchmarks.messages import AUTHORIZATION, Row, message_of, read_rows

TASKS = 64
HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}

broker = ListQueueBroker(os.environ["TASKS_BROKER"])
_sent = itertools.count(1)


class Sending:
    """What all tasks of a process use."""

    session: aiohttp.ClientSession
    finished: asyncio.Event


async def send_one(row: Row, url: str, rows: int) -> None:
    async with Sending.session.post(url, json=message_of(row)) as reply:
        reply.raise_for_status()
        (await reply.json())["message_id"]
    if next(_sent) == rows:
        Sending.finished.set()


send = broker.task(task_name="send")(send_one)


async def enqueue(recipients: str, rows: int, url: str) -> None:
    await broker.startup()
    for row in itertools.islice(read_rows(recipients), rows):
        await send.kiq(row, url, rows)
    await broker.shutdown()


async def work() -> None:
    broker.is_worker_process = True
    await broker.startup()
    Sending.finished = asyncio.Event()
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        Sending.session = session
        receiving = asyncio.create_task(run_receiver_task(broker, max_async_tasks=TASKS))
        await Sending.finished.wait()
        receiving.cancel()
    await broker.shutdown()


if __name__ == "__main__":
    step, recipients, rows, url = sys.argv[1:]
    uvloop.run(enqueue(recipients, int(rows), url) if step == "enqueue" else work())
