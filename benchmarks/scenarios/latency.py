"""How well are slow replies waited for? 200 ± 50 ms each, with many in flight."""

from functools import partial

from benchmarks.messages import write_campaign
from benchmarks.model import CPU_US, PEAK_RSS_MB, PER_S, SERVER_BUSY, Candidate, Group, Scenario, Stage
from benchmarks.scenarios.sending import peer as sending_peer
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed
from benchmarks.wrk import wrk

DELAY_MS = 200
SPREAD_MS = 50
IN_FLIGHT = (500, 2000)
QUICK_S = 2
FULL_S = 5


def with_in_flight(tasks: int) -> Group:
    def rows(stage: Stage) -> int:
        return stage.pick(QUICK_S, FULL_S) * tasks * 1000 // DELAY_MS

    def prepare(stage: Stage) -> None:
        write_campaign(stage.directory, rows(stage))

    peer = partial(sending_peer, tasks=tasks, quick_s=QUICK_S, full_s=FULL_S)
    candidates: tuple[Candidate, ...] = (
        wrk(connections=tasks, quick_s=QUICK_S, full_s=FULL_S),
        wa_bulk_send("wa-bulk send", rows, concurrency=tasks),
        peer("Client.send, uvloop", "client", "uvloop", feed="row", loop="uvloop", ours=True),
        peer("Client.send, asyncio", "client", feed="row", ours=True),
        peer("aiohttp as in tutorials, uvloop", "aiohttp_tutorial", "uvloop", loop="uvloop"),
        peer("aiohttp as in tutorials, asyncio", "aiohttp_tutorial"),
    )
    return Group(
        name=f"{tasks:,} in flight",
        columns=(PER_S, CPU_US, PEAK_RSS_MB, SERVER_BUSY),
        reference="wrk",
        candidates=candidates,
        server=ServerNeed(delay_ms=DELAY_MS, spread_ms=SPREAD_MS),
        prepare=prepare,
    )


SCENARIO = Scenario(
    name="latency",
    question=__doc__,
    rounds=3,
    quick_rounds=1,
    note=(
        f"No sender can pass in-flight / {DELAY_MS} ms: 2,500 and 10,000 messages/s. wa-bulk send is timed "
        "as a whole process, start-up included."
    ),
    groups=tuple(with_in_flight(tasks) for tasks in IN_FLIGHT),
)
