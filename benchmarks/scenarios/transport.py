"""What does a request and its reply cost?"""

from benchmarks.model import SENDING_COLUMNS, Candidate, Group, Scenario
from benchmarks.scenarios.sending import peer
from benchmarks.servers.running import ServerNeed
from benchmarks.wrk import wrk

NIQUESTS_BESIDE_REQUESTS = "URLLIB3_NO_OVERRIDE=1 pip install niquests --no-binary urllib3-future"
"""Installed plainly, niquests puts its own urllib3 in the place of the one requests is measured with."""

ONE_A_MESSAGE = "requests.post a message"

CANDIDATES: tuple[Candidate, ...] = (
    wrk(),
    peer("wa_bulk lean, uvloop", "lean_transport", "uvloop", feed="bytes", loop="uvloop", ours=True),
    peer("wa_bulk lean, asyncio", "lean_transport", feed="bytes", ours=True),
    peer("wa_bulk aiohttp, uvloop", "aiohttp_transport", "uvloop", feed="bytes", loop="uvloop", ours=True),
    peer("wa_bulk aiohttp, asyncio", "aiohttp_transport", feed="bytes", ours=True),
    peer("aiohttp tuned, uvloop", "aiohttp_workers", "uvloop", feed="bytes", loop="uvloop"),
    peer("aiohttp as in tutorials", "aiohttp_tutorial"),
    peer("niquests, 64 tasks", "niquests_session", "niquests", install=NIQUESTS_BESIDE_REQUESTS),
    peer("requests, 64 threads", "requests_threads", "requests"),
    peer(ONE_A_MESSAGE, "requests_post", "requests"),
    peer("httpx, 8 tasks", "httpx_client", "httpx", tasks=8),
    peer("httpx, 64 tasks", "httpx_client", "httpx"),
)

SCENARIO = Scenario(
    name="transport",
    question=__doc__,
    quick_rounds=2,
    note=(
        "64 connections, template messages, each reply's message_id taken. wa_bulk's transports and tuned "
        "aiohttp are given ready bytes, the others encode a dict for each message."
    ),
    groups=(
        Group(
            name="plain",
            columns=SENDING_COLUMNS,
            reference="wrk",
            candidates=CANDIDATES,
            server=ServerNeed(),
        ),
        Group(
            name="TLS",
            columns=SENDING_COLUMNS,
            reference="wrk",
            candidates=CANDIDATES,
            server=ServerNeed(tls=True),
        ),
    ),
)
