"""Many short `wa-bulk` runs without paying for the imports each time.

`python -m tests.chaos.forks` reads a JSON list of words a line, runs `wa-bulk` with them in a process of its
own, and answers with `{"pid", "exit_code", "stderr"}`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

import wa_bulk.campaign.run.plan
import wa_bulk.cli.resume
import wa_bulk.cli.running
import wa_bulk.send.transport.lean


def run(words: list[str]) -> dict[str, object]:
    """One run, to its end."""
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if not pid:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            sys.argv = ["wa-bulk", *words]
            wa_bulk.cli.main()
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        exit_code = os.waitstatus_to_exitcode(status)
        return {"pid": pid, "exit_code": exit_code, "stderr": said.read().decode(errors="replace")}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
