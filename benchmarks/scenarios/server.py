"""Is the server the limit?"""

from dataclasses import replace

from benchmarks.model import SENDING_COLUMNS, Candidate, Group, Scenario
from benchmarks.scenarios.sending import peer
from benchmarks.servers.running import ServerNeed
from benchmarks.wrk import wrk


def against(program: str, sender: Candidate, *, tls: bool) -> Candidate:
    return replace(
        sender,
        name=f"{sender.name} → {program}",
        server=ServerNeed(tls=tls, only=program),
        needs=(*sender.needs, *(("nginx",) if program == "nginx" else ())),
        install="apt install nginx wrk",
    )


def both_servers(name: str, *, tls: bool) -> Group:
    lean = peer("wa_bulk lean, uvloop", "lean_transport", "uvloop", feed="bytes", loop="uvloop", ours=True)
    candidates = tuple(
        against(program, sender, tls=tls) for sender in (wrk(), lean) for program in ("nginx", "bundled")
    )
    return Group(
        name=name,
        columns=SENDING_COLUMNS,
        reference="wrk → nginx",
        candidates=candidates,
        server=ServerNeed(tls=tls),
    )


SCENARIO = Scenario(
    name="server",
    question=__doc__,
    quick_rounds=2,
    rounds=3,
    note=(
        "The same sender against nginx and against the bundled server: where a server is not wholly busy, "
        "it is not the limit."
    ),
    groups=(both_servers("plain", tls=False), both_servers("TLS", tls=True)),
)
