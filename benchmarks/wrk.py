"""wrk, the limit every sender is held against: C, no encoding, no log."""

import json
from collections.abc import Sequence

from benchmarks.messages import AUTHORIZATION, message_of, rows
from benchmarks.model import Candidate, Stage
from benchmarks.readings import read_wrk

SCRIPT = """\
wrk.method = "POST"
wrk.body = [==[{body}]==]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "{authorization}"
"""


def wrk(connections: int = 64, quick_s: int = 1, full_s: int = 3, name: str = "wrk") -> Candidate:
    """Return wrk sending one message over and over for some seconds, on one thread."""

    def command(stage: Stage) -> Sequence[str]:
        script = stage.directory / "wrk.lua"
        body = json.dumps(message_of(next(rows())), ensure_ascii=False)
        script.write_text(SCRIPT.format(body=body, authorization=AUTHORIZATION), encoding="utf-8")
        seconds = stage.pick(quick_s, full_s)
        options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
        return ["wrk", *options, "--script", str(script), stage.url]

    return Candidate(name=name, command=command, read=read_wrk, needs=("wrk",), install="apt install wrk")
