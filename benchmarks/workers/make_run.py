"""Makes a run whose callbacks have come: `python -m benchmarks.workers.make_run LOG MEMORY MESSAGES`.

Every message is accepted and has four callbacks; one in a thousand is unknown to the log.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.callback_rows import AT_S, RUN_ID, callback_bodies, message_id
from wa_bulk.callbacks import CallbackStore, parse_callback
from wa_bulk.ledger.log_format import (
    FORMAT,
    EndLine,
    IntentLine,
    ResultLine,
    RunLine,
    SourceRef,
    Totals,
    WrittenLine,
    timestamp,
)

BATCH = 1_000
INTENDED_TOGETHER = 64
UNKNOWN_EVERY = 1_000


async def hear(memory: Path, messages: int) -> None:
    """Store every callback of every message."""
    async with CallbackStore.open(memory) as store:
        for body in callback_bodies(messages, BATCH):
            await store.record(parse_callback(body))


def log_lines(messages: int) -> Iterator[list[WrittenLine]]:
    """Yield the lines of the log, some at a time."""
    source = SourceRef("/campaigns/orders.csv", "ab" * 32, messages)
    yield [
        RunLine(
            format=FORMAT,
            run_id=RUN_ID,
            campaign="/campaigns/orders.toml",
            at=timestamp(AT_S * 1000),
            source=source,
            campaign_sha256="cd" * 32,
            settings={"rate": 80.0},
        )
    ]
    for first in range(0, messages, INTENDED_TOGETHER):
        last = min(first + INTENDED_TOGETHER, messages)
        results = [result(number) for number in range(first, last)]
        yield [IntentLine(RUN_ID, (first + 1, last)), *results]
    unknown = messages // UNKNOWN_EVERY
    totals = Totals(accepted=messages - unknown, unknown=unknown)
    yield [EndLine(RUN_ID, timestamp((AT_S + messages // 80) * 1000), None, totals)]


def result(number: int) -> ResultLine:
    """Return the result of a message, numbered from 0."""
    at, to = timestamp(AT_S * 1000 + number * 1000 // 80), f"+4479{number:08d}"
    if (number + 1) % UNKNOWN_EVERY == 0:
        return ResultLine(RUN_ID, number + 1, to, "unknown", at, 1, error="no answer within 30 s")
    return ResultLine(
        RUN_ID,
        number + 1,
        to,
        "accepted",
        at,
        1,
        message_id=message_id(number).decode(),
        request_id=f"orders-{number + 1}",
        http_status=200,
        latency_ms=25.4,
    )


def make(log: Path, memory: Path, messages: int) -> None:
    encoder = msgspec.json.Encoder()
    with log.open("wb") as file:
        for lines in log_lines(messages):
            file.write(encoder.encode_lines(lines))
    asyncio.run(hear(memory, messages))


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
