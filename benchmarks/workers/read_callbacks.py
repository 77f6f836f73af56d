"""Reads what a run's callbacks said of each of its rows: `python -m benchmarks.workers.read_callbacks FILE`.

Prints the number of rows. With `--make MESSAGES` it makes the file instead, with every status of each.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path

from benchmarks.callback_rows import RUN_ID, callback_bodies
from wa_bulk.callbacks import CallbackStore, parse_callback
from wa_bulk.history import History

BATCH = 1_000


async def make(file: Path, messages: int) -> None:
    async with CallbackStore.open(file) as store:
        for body in callback_bodies(messages, BATCH):
            await store.record(parse_callback(body))


def read(file: Path) -> Counter[str]:
    states: Counter[str] = Counter()
    with History.open(file) as history:
        for delivery in history.deliveries.of_run(RUN_ID):
            states[delivery.best.state] += 1
    return states


if __name__ == "__main__":
    if sys.argv[2:3] == ["--make"]:
        asyncio.run(make(Path(sys.argv[1]), int(sys.argv[3])))
    else:
        print(sum(read(Path(sys.argv[1])).values()))
