"""How fast does a CSV become sent messages and a durable log?"""

import sys
from collections.abc import Callable, Sequence

from benchmarks.messages import csv_path, write_campaign
from benchmarks.model import SENDING_COLUMNS, Candidate, Group, Scenario, Stage
from benchmarks.readings import read_whole_process
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed
from benchmarks.wrk import wrk

WA_BULK = "wa-bulk send"
NAIVE_AIOHTTP = "aiohttp script, gather"
ONE_A_MESSAGE = "requests.post script"

Rows = Callable[[Stage], int]


def of_wa_bulk(stage: Stage) -> int:
    return stage.pick(200_000, 300_000)


def of_aiohttp(stage: Stage) -> int:
    return stage.pick(10_000, 100_000)


def of_requests(stage: Stage) -> int:
    return stage.pick(1_000, 5_000)


def script(name: str, module: str, rows: Rows, *needs: str) -> Candidate:
    def command(stage: Stage) -> Sequence[str]:
        recipients = csv_path(stage.directory, rows(stage))
        return [sys.executable, "-m", f"benchmarks.peers.{module}", str(recipients), stage.url]

    return Candidate(name=name, command=command, read=read_whole_process(rows), needs=needs)


def prepare(stage: Stage) -> None:
    for rows in (of_wa_bulk, of_aiohttp, of_requests):
        write_campaign(stage.directory, rows(stage))


CANDIDATES: tuple[Candidate, ...] = (
    wrk(),
    wa_bulk_send(WA_BULK, of_wa_bulk),
    script("aiohttp script, tuned, uvloop", "csv_aiohttp_workers", of_aiohttp, "uvloop"),
    script(NAIVE_AIOHTTP, "csv_aiohttp", of_aiohttp),
    script("requests script, 64 threads", "csv_requests_threads", of_requests, "requests"),
    script(ONE_A_MESSAGE, "csv_requests_post", of_requests, "requests"),
)

SCENARIO = Scenario(
    name="campaign",
    question=__doc__,
    quick_rounds=5,
    note=(
        "Whole processes, start-up included, 64 connections, unpaced. wa-bulk writes its log to disk, "
        "intents before their rows leave, and a sample counts only if the log ends with every row "
        "accepted. The scripts write no log, retry nothing and pace nothing; wrk neither reads a CSV nor "
        "encodes. Rows: wa-bulk 300,000 (quick 200,000), aiohttp 100,000 (10,000), requests 5,000 "
        "(1,000)."
    ),
    groups=(
        Group(
            name="plain",
            columns=SENDING_COLUMNS,
            reference="wrk",
            candidates=CANDIDATES,
            server=ServerNeed(),
            prepare=prepare,
        ),
        Group(
            name="TLS",
            columns=SENDING_COLUMNS,
            reference="wrk",
            candidates=CANDIDATES,
            server=ServerNeed(tls=True),
            prepare=prepare,
        ),
    ),
)
