"""The real command against a real sandbox: exit codes, logs, signals, resumes."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import status
from tests.cli.conftest import GOOD, Folder
from wa_bulk.cli import exits
from wa_bulk.history.database import Database
from wa_bulk.sandbox import Sandbox

REFUSED = "+99900003002"
KEY_REFUSED = "+99900002001"
CONNECTION_RESET_AFTERWARDS = "+99900000012"
ANSWERED_AFTER_1_5_S = "+99910001500"
ANSWERED_AFTER_30_S = "+99910030000"

Process = subprocess.Popen[str]


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def last(log: Path) -> dict[str, object]:
    return lines(log)[-1]


def totals(folder: Folder, log: str) -> dict[str, int]:
    found = json.loads(folder.run("report", log, "--json").stdout)["totals"]
    assert isinstance(found, dict)
    return {status: rows for status, rows in found.items() if rows}


@contextmanager
def arrivals(sandbox: Sandbox) -> Iterator[Iterator[str]]:
    """The recipients of the messages that arrive from now on, as they do."""

    def recipients() -> Iterator[str]:
        for line in stream:
            if line.startswith(b"data: ") and (record := json.loads(line[6:])).get("direction") == "out":
                yield record["to"]

    with urllib.request.urlopen(f"{sandbox.url}/sandbox/events", timeout=30) as stream:
        yield recipients()


def test_the_summary_names_the_most_frequent_causes_with_their_rows(folder: Folder) -> None:
    folder.recipients([*GOOD, ("4.47912E+11", "Ann"), (REFUSED, "Bo"), ("4.5E+11", "Cy")])
    shown = " ".join(folder.run("send", "orders.toml", "--yes").stderr.split())

    assert "2 rejected phone " in shown
    assert "rows 6, 8" in shown
    assert "1 rejected 3002: " in shown


def test_a_server_that_is_unavailable_is_told_in_words_with_its_address_once(folder: Folder) -> None:
    ended = folder.run(
        "send", "orders.toml", "--yes", "--outage-limit", "0.2", "--base-url", "http://127.0.0.1:9"
    )
    stopped = " ".join(ended.stderr.partition("Stopped: ")[2].partition("Nobody")[0].split())

    assert ended.exit_code == exits.STOPPED_EARLY
    assert stopped.endswith("no connection to 127.0.0.1:9: Connection refused")


def test_one_row_is_no_rows(folder: Folder) -> None:
    folder.recipients(GOOD[:1])
    assert "1 of 1 row," in folder.run("send", "orders.toml", "--yes").stderr


def test_all_accepted(folder: Folder, sandbox: Sandbox) -> None:
    run = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")

    assert run.exit_code == exits.FINISHED, run.stderr
    assert run.stdout == "", "progress and diagnostics go to stderr"
    for words in ("5 rows of orders.csv", "run.jsonl", "5 of 5 rows", "accepted", "wa-bulk report run.jsonl"):
        assert words in run.stderr
    assert "\x1b" not in run.stderr
    assert sorted(message.to or "" for message in sandbox.messages) == sorted(phone for phone, _ in GOOD)
    assert last(folder.path / "run.jsonl")["stopped"] is None


def test_without_a_log_named_there_is_one_all_the_same(folder: Folder) -> None:
    run = folder.run("send", "orders.toml", "--yes")

    (log,) = folder.path.glob("*.jsonl")
    assert log.name.startswith("orders-")
    assert log.name in run.stderr
    assert log.stat().st_mode & 0o777 == 0o600


def test_some_rows_not_accepted(folder: Folder) -> None:
    folder.recipients(
        [*GOOD, (REFUSED, "Ann"), ("nobody", "Bob"), GOOD[0], (CONNECTION_RESET_AFTERWARDS, "Eve")]
    )

    run = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")

    assert run.exit_code == exits.NOT_ALL_ACCEPTED, run.stderr
    assert totals(folder, "run.jsonl") == {"accepted": 5, "rejected": 2, "unknown": 1, "skipped": 1}


def test_a_key_that_is_refused_stops_the_run(folder: Folder, sandbox: Sandbox) -> None:
    run = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", WA_BULK_DEV_SECRET="hunter2-wrong")

    assert run.exit_code == exits.STOPPED_EARLY, run.stderr
    assert "2001" in run.stderr
    assert "wa-bulk resume" not in run.stderr
    assert "Nobody was written to. Start afresh:  wa-bulk send orders.toml --log run-2.jsonl" in run.stderr
    report = folder.run("report", "run.jsonl").stdout
    assert "wa-bulk resume" not in report
    assert "--log run-2.jsonl" in report
    assert "hunter2" not in run.stderr + (folder.path / "run.jsonl").read_text()
    assert sandbox.messages == []
    assert last(folder.path / "run.jsonl")["stopped"] == "fatal"

    again = folder.run("resume", "run.jsonl", "--yes")
    assert again.exit_code == exits.FINISHED, again.stderr
    assert totals(folder, "run.jsonl") == {"accepted": 5}


def test_too_many_failures_stop_the_run(folder: Folder) -> None:
    folder.recipients([(f"+9990000300{n % 2 + 2}", str(n)) for n in range(6)])

    run = folder.run(
        "send", "orders.toml", "--yes", "--log", "run.jsonl", "--allow-duplicates",
        "--max-failures-in-a-row", "3", "--concurrency", "1",
    )  # fmt: skip

    assert run.exit_code == exits.STOPPED_EARLY, run.stderr
    assert "3 messages in a row" in run.stderr
    assert last(folder.path / "run.jsonl")["stopped"] == "failures"


def test_limit_leaves_the_rest_to_resume(folder: Folder) -> None:
    assert folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "2").exit_code == 0
    assert "3 rows were left out by --limit" in folder.run("report", "run.jsonl").stdout

    rest = folder.run("resume", "run.jsonl", "--yes")

    assert rest.exit_code == exits.FINISHED
    assert "5 of 5 rows" in rest.stderr
    assert totals(folder, "run.jsonl") == {"accepted": 5}


def test_a_finished_run_has_nothing_to_resume(folder: Folder) -> None:
    folder.recipients([*GOOD, (CONNECTION_RESET_AFTERWARDS, "Eve")])
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
    before = (folder.path / "run.jsonl").read_bytes()

    again = folder.run("resume", "run.jsonl", "--yes")

    assert again.exit_code == exits.NOT_ALL_ACCEPTED
    assert "nothing left to send" in again.stderr
    assert "--on-unknown retry" in again.stderr
    assert (folder.path / "run.jsonl").read_bytes() == before


def test_a_resume_does_not_stray_to_another_address(folder: Folder, sandbox: Sandbox) -> None:
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "2")

    strayed = folder.run("resume", "run.jsonl", "--yes", WA_BULK_BASE_URL="https://wa.api.engagelab.cc")
    assert strayed.exit_code == exits.NOTHING_SENT
    assert f"was begun at {sandbox.url}" in strayed.stderr

    stayed = folder.run("resume", "run.jsonl", "--yes", WA_BULK_BASE_URL="")
    assert stayed.exit_code == exits.FINISHED, stayed.stderr


def test_a_log_alone_does_not_say_where_credentials_go(folder: Folder) -> None:
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "2")
    log = folder.path / "run.jsonl"
    address = "https://api.example"
    log.write_text(re.sub(r'("base_url":")[^"]+', rf"\1{address}", log.read_text(encoding="utf-8")))

    resumed = folder.run("resume", "run.jsonl", "--yes", WA_BULK_BASE_URL="")
    assert resumed.exit_code == exits.NOTHING_SENT
    assert f"wa-bulk resume run.jsonl --base-url {address}" in resumed.stderr

    database = Database.open(folder.path / "memory.db")
    database.run("UPDATE runs SET base_url = ?", (address,))
    database.close()
    resumed = folder.run("resume", "run.jsonl", "--yes", WA_BULK_BASE_URL="", WA_BULK_DEV_KEY="")
    assert resumed.exit_code == exits.NOTHING_SENT
    assert "WA_BULK_DEV_KEY is not set" in resumed.stderr, "this machine has sent there before"


@pytest.mark.parametrize(
    ("recipients", "code"),
    [(GOOD, exits.FINISHED), ([(KEY_REFUSED, "Ann"), *GOOD], exits.STOPPED_EARLY)],
)
def test_the_process_ends_with_the_code(folder: Folder, recipients: list[tuple[str, str]], code: int) -> None:
    folder.recipients(recipients)
    process = folder.start("send", "orders.toml", "--yes")
    _, err = process.communicate(timeout=30)

    assert process.returncode == code, err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_drains_what_is_in_flight(
    folder: Folder, sandbox: Sandbox, number: signal.Signals
) -> None:
    folder.recipients([(ANSWERED_AFTER_1_5_S, "Slow"), *GOOD])
    with arrivals(sandbox) as arrived:
        process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert next(arrived) == ANSWERED_AFTER_1_5_S
        process.send_signal(number)
        _, err = process.communicate(timeout=30)

    assert process.returncode == exits.INTERRUPTED, err
    assert "finishing 1 request in flight" in err
    assert "wa-bulk resume run.jsonl" in err
    assert last(folder.path / "run.jsonl")["stopped"] == "interrupted"
    assert totals(folder, "run.jsonl") == {"accepted": 1}
    assert len(sandbox.messages) == 1

    assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.FINISHED
    assert len(sandbox.messages) == 6


def test_a_second_signal_ends_at_once(folder: Folder, sandbox: Sandbox) -> None:
    folder.recipients([(ANSWERED_AFTER_30_S, "Slow"), *GOOD])
    with arrivals(sandbox) as arrived:
        process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert next(arrived) == ANSWERED_AFTER_30_S
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert any("finishing 1 request in flight" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert process.returncode == exits.INTERRUPTED
    assert "cut off" in folder.run("report", "run.jsonl").stdout
    assert totals(folder, "run.jsonl").keys() == {"unknown"}


def test_a_killed_run_is_told_honestly_and_resumed(folder: Folder, sandbox: Sandbox) -> None:
    folder.recipients([(ANSWERED_AFTER_30_S, "Slow"), *GOOD])
    with arrivals(sandbox) as arrived:
        process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert next(arrived) == ANSWERED_AFTER_30_S
        assert "running" in folder.run("report", "run.jsonl").stdout
        assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.NOTHING_SENT
        process.kill()
        process.communicate(timeout=20)

    assert "cut off" in folder.run("report", "run.jsonl").stdout
    resumed = folder.run("resume", "run.jsonl", "--yes")
    assert resumed.exit_code == exits.NOT_ALL_ACCEPTED, resumed.stderr
    assert (
        totals(folder, "run.jsonl") == {"accepted": 5, "unknown": 1}
        or sum(totals(folder, "run.jsonl").values()) == 6
    )


@pytest.mark.parametrize(("answer", "code"), [("n\n", exits.NOTHING_SENT), ("y\n", exits.FINISHED)])
def test_on_a_terminal_it_asks(folder: Folder, sandbox: Sandbox, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    process = subprocess.Popen(
        [sys.executable, "-m", "wa_bulk", "send", "orders.toml", "--log", "run.jsonl"],
        cwd=folder.path,
        env={**folder.environment, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 4096):
            seen += block
    except OSError:  # how Linux says that nobody holds the other end
        pass
    os.close(ours)

    assert process.wait(timeout=20) == code
    text = seen.decode()
    assert "Send 5 messages? [y/N]" in text
    assert len(sandbox.messages) == (5 if code == exits.FINISHED else 0)
    assert ("Nothing was sent." in text) == (code == exits.NOTHING_SENT)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "a cursor that was hidden is shown again"


@contextmanager
def watched(folder: Folder, sandbox: Sandbox) -> Iterator[tuple[Process, Process]]:
    """A run that waits for its first answer, and a report that follows it, once it has said so."""
    folder.recipients([(ANSWERED_AFTER_30_S, "Slow"), *GOOD])
    with arrivals(sandbox) as arrived:
        run = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert next(arrived) == ANSWERED_AFTER_30_S
        watching = folder.start("report", "run.jsonl", "--follow")
        assert watching.stdout is not None
        assert watching.stdout.readline() == "orders: 0 of 6 rows, 0.0 messages/s\n"
        yield run, watching


class TestFollow:
    """A run watched from another terminal."""

    def test_its_lines_end_with_the_report(self, folder: Folder, sandbox: Sandbox) -> None:
        with watched(folder, sandbox) as (run, watching):
            run.kill()
            run.communicate(timeout=30)
            out, err = watching.communicate(timeout=30)

        lines = out.splitlines()
        assert "orders  cut off" in lines
        assert "Unknown: may have been accepted" in lines
        assert "\x1b" not in out
        assert (watching.returncode, err) == (exits.FINISHED, "")

    def test_it_tells_how_far_the_messages_have_come(self, folder: Folder, sandbox: Sandbox) -> None:
        folder.recipients([*GOOD, (ANSWERED_AFTER_30_S, "Slow")])
        with arrivals(sandbox) as arrived:
            run = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
            while next(arrived) != ANSWERED_AFTER_30_S:
                continue
            run_id = lines(folder.path / "run.jsonl")[0]["run_id"]
            told = [
                status(state, message_id=f"m{n}", tag=f"{run_id}:{n}")
                for n, state in ((1, "sent"), (2, "read"))
            ]
            hear(folder.path / "memory.db", *told)
            watching = folder.start("report", "run.jsonl", "--follow")
            assert watching.stdout is not None
            assert ", 2 sent, 1 delivered, 1 read, 0 failed\n" in watching.stdout.readline()
            run.kill()
            run.communicate(timeout=30)
            watching.communicate(timeout=30)

    def test_ctrl_c_ends_it_at_once_and_not_the_run(self, folder: Folder, sandbox: Sandbox) -> None:
        with watched(folder, sandbox) as (run, watching):
            watching.send_signal(signal.SIGINT)
            _, err = watching.communicate(timeout=20)
        assert (watching.returncode, err) == (exits.INTERRUPTED, "Interrupted.\n")
        assert run.poll() is None
        run.kill()
        run.communicate(timeout=30)

    def test_a_run_that_has_ended_is_reported_at_once(self, folder: Folder) -> None:
        folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
        shown = folder.run("report", "run.jsonl", "--follow")
        assert shown.output == folder.run("report", "run.jsonl").output
        assert (
            json.loads(folder.run("report", "run.jsonl", "--follow", "--json").stdout)["state"] == "finished"
        )
