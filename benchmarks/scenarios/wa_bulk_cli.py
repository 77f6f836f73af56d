"""Running the real `wa-bulk`, and reading what it logged."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.machine import wa_bulk_program
from benchmarks.messages import campaign_path
from benchmarks.model import Candidate, PrepareError, Read, Reading, ReadingError, Stage
from benchmarks.process import Finished
from benchmarks.readings import expect_success, read_whole_process

LAST_LINE_WITHIN = 65536


class End(msgspec.Struct, tag="end", tag_field="type"):
    """The last line of a log, of which only the sum is of interest here."""

    totals: dict[str, int]
    stopped: str | None = None


def send_command(stage: Stage, rows: int, rate: int = 0, concurrency: int = 64) -> Sequence[str]:
    """Return `wa-bulk send` of the campaign that write_campaign wrote for `rows` rows."""
    campaign = campaign_path(stage.directory, rows)
    pace = ["--rate", str(rate), "--concurrency", str(concurrency)]
    where = ["--log", str(log_path(stage)), "--base-url", stage.base_url]
    return [*wa_bulk_program(), "send", str(campaign), "--yes", *pace, *where]


def log_path(stage: Stage) -> Path:
    return stage.directory / "log.jsonl"


def remove_log(stage: Stage) -> None:
    """Make room for the next run's log, and for the files beside it; forget what was sent."""
    for pattern in ("log.jsonl*", "memory.db*"):
        for path in stage.directory.glob(pattern):
            path.unlink()


def expect_all_accepted(stage: Stage, rows: int) -> None:
    """Raise ReadingError unless the log ends with every row accepted."""
    with log_path(stage).open("rb") as log:
        log.seek(max(0, log_path(stage).stat().st_size - LAST_LINE_WITHIN))
        last_line = log.read().splitlines()[-1]
    try:
        totals = msgspec.json.decode(last_line, type=End).totals
    except msgspec.DecodeError as error:
        raise ReadingError(f"the log does not end with an end line: {error}") from error
    if totals.get("accepted") != rows:
        raise ReadingError(f"not every one of {rows} rows was accepted: {totals}")


def send_to_prepare(stage: Stage, rows: int) -> None:
    """Send a whole campaign so that its log can be used; raises PrepareError."""
    remove_log(stage)
    sent = subprocess.run(
        send_command(stage, rows),
        env={**os.environ, **stage.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if sent.returncode != 0:
        raise PrepareError(f"wa-bulk send: exit status {sent.returncode}: {sent.stderr.strip()[-300:]}")


def wa_bulk_send(
    name: str,
    rows: Callable[[Stage], int],
    *,
    rate: int = 0,
    concurrency: int = 64,
    read: Read | None = None,
) -> Candidate:
    """Return the candidate that sends that number of rows and proves by its log that all were accepted."""

    def command(stage: Stage) -> Sequence[str]:
        return send_command(stage, rows(stage), rate, concurrency)

    def read_proven(finished: Finished, stage: Stage) -> Reading:
        expect_success(finished)
        expect_all_accepted(stage, rows(stage))
        return (read or read_whole_process(rows))(finished, stage)

    return Candidate(name=name, command=command, read=read_proven, before=remove_log, ours=True)
