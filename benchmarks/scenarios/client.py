"""How fast can a service send through one shared client?"""

from benchmarks.model import SENDING_COLUMNS, Candidate, Group, Scenario
from benchmarks.scenarios.sending import peer
from benchmarks.servers.running import ServerNeed
from benchmarks.wrk import wrk

CLIENT = "Client.send, uvloop"

CANDIDATES: tuple[Candidate, ...] = (
    wrk(),
    peer(CLIENT, "client", "uvloop", feed="row", loop="uvloop", ours=True),
    peer("Client.send, asyncio", "client", feed="row", ours=True),
    peer("aiohttp as in tutorials, uvloop", "aiohttp_tutorial", "uvloop", loop="uvloop"),
    peer("aiohttp as in tutorials, asyncio", "aiohttp_tutorial"),
)

SCENARIO = Scenario(
    name="client",
    question=__doc__,
    quick_rounds=5,
    note="64 tasks, unpaced. With Client.send each message is built, validated, encoded, sent and judged.",
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
