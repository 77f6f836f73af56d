"""How long until an interrupted run of a million rows goes on?"""

import shutil
import sys
from collections.abc import Sequence

from benchmarks.machine import wa_bulk_program
from benchmarks.messages import write_campaign
from benchmarks.model import PEAK_RSS_MB, Candidate, Column, Group, Reading, Scenario, Stage
from benchmarks.process import Finished
from benchmarks.readings import MEGABYTE, expect_success
from benchmarks.scenarios.wa_bulk_cli import expect_all_accepted, log_path, send_to_prepare
from benchmarks.servers.running import ServerNeed

WHOLE_LOG = "whole-log"
CUT_LOG = "cut-log"

FINISHED = "wa-bulk resume, nothing left"
ONE_LEFT = "wa-bulk resume, one row left"
MSGSPEC = "reading the lines with msgspec.json"


def number_of_rows(stage: Stage) -> int:
    return stage.pick(500_000, 1_000_000)


def prepare(stage: Stage) -> None:
    """Send a campaign once; keep its log whole, and without its last result and its end."""
    write_campaign(stage.directory, number_of_rows(stage))
    send_to_prepare(stage, number_of_rows(stage))
    log_path(stage).rename(stage.directory / WHOLE_LOG)
    shutil.copyfile(stage.directory / WHOLE_LOG, stage.directory / CUT_LOG)
    with (stage.directory / CUT_LOG).open("r+b") as log:
        log.truncate(_start_of_last_result(log.read()))


def _start_of_last_result(log: bytes) -> int:
    return log.rindex(b"\n", 0, log.rindex(b'"type":"result"')) + 1


def resuming(name: str, log_of: str) -> Candidate:
    def put_log_back(stage: Stage) -> None:
        shutil.copyfile(stage.directory / log_of, log_path(stage))

    def command(stage: Stage) -> Sequence[str]:
        return [*wa_bulk_program(), "resume", str(log_path(stage)), "--yes", "--on-unknown", "retry"]

    def read(finished: Finished, stage: Stage) -> Reading:
        reading = read_process(finished, stage)
        expect_all_accepted(stage, number_of_rows(stage))
        return reading

    return Candidate(name=name, command=command, read=read, before=put_log_back, ours=True)


def reading_lines(name: str, how: str) -> Candidate:
    def command(stage: Stage) -> Sequence[str]:
        return [sys.executable, "-m", "benchmarks.peers.read_log", how, str(stage.directory / WHOLE_LOG)]

    return Candidate(name=name, command=command, read=read_process)


def read_process(finished: Finished, stage: Stage) -> Reading:
    expect_success(finished)
    return {
        "wall_s": finished.wall_s,
        "cpu_s": finished.cpu_s,
        "peak_rss_mb": finished.peak_rss / MEGABYTE,
    }


SCENARIO = Scenario(
    name="resume",
    question=__doc__,
    note=(
        "A log of 1,000,000 rows (quick: 500,000), whole processes. With one row left, the source is "
        "checked and read through, the state rebuilt, the row sent and the run ended."
    ),
    groups=(
        Group(
            name="a long log",
            columns=(
                Column(key="wall_s", heading="wall s", decimals=2),
                Column(key="cpu_s", heading="CPU s", decimals=2),
                PEAK_RSS_MB,
            ),
            reference=MSGSPEC,
            candidates=(
                reading_lines(MSGSPEC, "msgspec"),
                reading_lines("the same into wa_bulk's structs", "typed"),
                reading_lines("reading the lines with json", "json"),
                resuming(FINISHED, WHOLE_LOG),
                resuming(ONE_LEFT, CUT_LOG),
            ),
            server=ServerNeed(),
            prepare=prepare,
        ),
    ),
)
