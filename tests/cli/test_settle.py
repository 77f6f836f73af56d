"""The real command, over a run whose unknown rows were taken."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result

from tests.callbacks.memory import hear
from tests.callbacks.rows import status
from tests.cli.conftest import GOOD, Folder
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox

TAKEN_AND_NO_WORD = "+99900000012"
"""The connection is reset after the message was taken."""


@pytest.fixture
def doubt(folder: Folder) -> Folder:
    """A folder with run.jsonl, in which rows 6 and 7 are unknown."""
    folder.recipients([*GOOD, (TAKEN_AND_NO_WORD, "Ann"), (TAKEN_AND_NO_WORD, "Bob")])
    sent = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--allow-duplicates")
    assert sent.exit_code == exits.NOT_ALL_ACCEPTED, sent.stderr
    return folder


def lines(folder: Folder) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder.path / "run.jsonl").read_text().splitlines()]


def run_id(folder: Folder) -> str:
    return str(lines(folder)[0]["run_id"])


def hear_of(folder: Folder, *rows: int) -> None:
    tags = [(row, f"{run_id(folder)}:{row}") for row in rows]
    hear(folder.path / "memory.db", *(status(message_id=f"cb-{row}", tag=tag) for row, tag in tags))


def unknown(folder: Folder) -> int:
    return int(json.loads(folder.run("report", "run.jsonl", "--json").stdout)["totals"]["unknown"])


def settle(folder: Folder) -> Result:
    return folder.run("settle", "run.jsonl")


def test_unknown_rows_that_a_callback_speaks_of_were_accepted(doubt: Folder) -> None:
    hear_of(doubt, 6)
    first = settle(doubt)
    assert first.exit_code == exits.NOT_ALL_ACCEPTED
    assert first.stdout == ""
    assert "1 row settled as accepted, since callbacks speak of them (before: 1 unknown)" in first.stderr
    assert "1 row still unknown" in first.stderr
    assert unknown(doubt) == 1
    run, result, end = lines(doubt)[-3:]
    assert (run["type"], result["type"], end["type"]) == ("run", "result", "end")
    assert (result["row"], result["to"], result["status"]) == (6, TAKEN_AND_NO_WORD, "accepted")
    assert (result["message_id"], result["settled_by"]) == ("cb-6", "callback")

    hear_of(doubt, 7)
    assert settle(doubt).exit_code == exits.FINISHED
    assert unknown(doubt) == 0
    assert "nothing to settle" in settle(doubt).stderr


def test_a_resume_settles_first(doubt: Folder) -> None:
    hear_of(doubt, 6, 7)
    resumed = doubt.run("resume", "run.jsonl", "--yes", "--on-unknown", "retry")
    assert resumed.exit_code == exits.FINISHED, resumed.stderr
    assert "2 rows settled as accepted" in resumed.stderr
    assert "nothing left to send" in resumed.stderr
    assert unknown(doubt) == 0


def test_a_copy_beside_its_original_is_refused_before_anything_is_settled(doubt: Folder) -> None:
    hear_of(doubt, 6)
    copy = doubt.path / "copy.jsonl"
    copy.write_bytes((doubt.path / "run.jsonl").read_bytes())
    before = copy.read_bytes()
    refused = doubt.run("resume", "copy.jsonl", "--yes", "--on-unknown", "retry")
    assert refused.exit_code == exits.NOTHING_SENT
    assert "copy.jsonl is a copy: run" in refused.stderr
    assert copy.read_bytes() == before


def test_settling_is_no_stretch_of_work_in_the_report(doubt: Folder) -> None:
    before = json.loads(doubt.run("report", "run.jsonl", "--json").stdout)
    hear_of(doubt, 6)
    settle(doubt)
    after = json.loads(doubt.run("report", "run.jsonl", "--json").stdout)
    for key in ("state", "active_s", "ended", "stretches", "requests", "rate", "throughput"):
        assert after[key] == before[key]


def test_without_callbacks_it_says_how_to_get_them(doubt: Folder) -> None:
    before = (doubt.path / "run.jsonl").read_bytes()
    for _ in range(2):
        result = settle(doubt)
        assert result.exit_code == exits.NOT_ALL_ACCEPTED
        assert "No callbacks are known for this run" in result.stderr
        assert "wa-bulk callbacks" in result.stderr
        hear(doubt.path / "memory.db", status(tag="another-run:1"))
    assert (doubt.path / "run.jsonl").read_bytes() == before


def test_a_memory_that_cannot_be_read_settles_nothing(doubt: Folder) -> None:
    for part in doubt.path.glob("memory.db*"):
        part.unlink()
    (doubt.path / "memory.db").write_bytes(b"no database" * 100)
    before = (doubt.path / "run.jsonl").read_bytes()
    result = settle(doubt)
    assert result.exit_code == exits.NOTHING_SENT
    assert "memory.db" in result.stderr
    resumed = doubt.run("resume", "run.jsonl", "--yes", "--on-unknown", "retry")
    assert resumed.exit_code == exits.NOTHING_SENT
    assert "Nothing was sent" in resumed.stderr
    assert (doubt.path / "run.jsonl").read_bytes() == before


def test_rows_that_were_sent_twice_are_told(doubt: Folder) -> None:
    hear_of(doubt, 1)
    assert "1 row sent twice" in settle(doubt).stderr


def retry_unheard(folder: Folder, *options: str) -> Result:
    return folder.run("resume", "run.jsonl", "--yes", "--on-unknown", "retry-unheard", *options)


def make_older(folder: Folder) -> None:
    """Have the run have taken place an hour ago."""
    log = folder.path / "run.jsonl"
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="milliseconds")[:-6] + "Z"
    log.write_text(re.sub(r'"at":"[^"]+"', f'"at":"{hour_ago}"', log.read_text()))


def test_unheard_rows_are_sent_again_once_callbacks_have_come_for_the_others(
    doubt: Folder, sandbox: Sandbox
) -> None:
    hear_of(doubt, *range(1, 7))
    early = retry_unheard(doubt)
    assert early.exit_code == exits.NOTHING_SENT
    assert "no row was accepted more than 15 min ago" in early.stderr

    make_older(doubt)
    before = len(sandbox.messages)
    again = retry_unheard(doubt)
    assert "1 unknown row that no callback speaks of, sent again" in again.stderr
    assert "about 0 expected: callbacks have come for 5 of 5 accepted rows of that age" in again.stderr
    assert len(sandbox.messages) == before + 1
    assert again.exit_code == exits.NOT_ALL_ACCEPTED, "the sandbox gives no answer for that number again"
    assert unknown(doubt) == 1

    young = retry_unheard(doubt)
    assert "1 unknown row held: less than 15 min old" in young.stderr
    assert len(sandbox.messages) == before + 1


def test_unheard_rows_are_not_sent_again_where_their_silence_proves_little(
    doubt: Folder, sandbox: Sandbox
) -> None:
    make_older(doubt)
    before = len(sandbox.messages)
    none = retry_unheard(doubt)
    assert none.exit_code == exits.NOTHING_SENT
    assert "No callbacks are known" in none.stderr
    assert "0 of 5 accepted rows" in none.stderr
    hear_of(doubt, 1, 2, 3, 4)
    few = retry_unheard(doubt)
    assert few.exit_code == exits.NOTHING_SENT
    assert "callbacks have come for 4 of 5 accepted rows older than 15 min (80.0%)" in few.stderr
    assert "0.99" in few.stderr
    assert len(sandbox.messages) == before
    assert unknown(doubt) == 2

    enough = retry_unheard(doubt, "--heard-at-least", "0.8")
    assert "about 0.4 expected" in enough.stderr
    assert len(sandbox.messages) == before + 2


def test_a_send_ends_once_callbacks_have_settled_all(folder: Folder) -> None:
    folder.recipients([*GOOD, (TAKEN_AND_NO_WORD, "Ann")])
    process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--wait-settled", "60s")
    assert process.stderr is not None
    assert any("Waiting up to 1 min" in line for line in process.stderr)
    hear_of(folder, 6)
    _, err = process.communicate(timeout=30)
    assert process.returncode == exits.FINISHED, err
    assert "1 row settled as accepted" in err
    assert re.search(r"accepted +6 ", err)
    assert unknown(folder) == 0


def test_ctrl_c_ends_the_wait_and_no_more(folder: Folder) -> None:
    folder.recipients([*GOOD, (TAKEN_AND_NO_WORD, "Ann"), (TAKEN_AND_NO_WORD, "Bob")])
    process = folder.start(
        "send", "orders.toml", "--yes", "--log", "run.jsonl", "--allow-duplicates", "--wait-settled", "1h"
    )
    assert process.stderr is not None
    assert any("Waiting up to" in line for line in process.stderr)
    hear_of(folder, 6)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == exits.NOT_ALL_ACCEPTED, err
    assert "1 row settled as accepted" in err
    assert unknown(folder) == 1


def test_without_callbacks_the_wait_ends_with_its_time(folder: Folder) -> None:
    folder.recipients([(TAKEN_AND_NO_WORD, "Ann")])
    sent = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--wait-settled", "1s")
    assert sent.exit_code == exits.NOT_ALL_ACCEPTED
    assert "No callback has come for an unknown row" in sent.stderr
    assert last_end(folder)["totals"] == {
        "accepted": 0, "rejected": 0, "failed": 0, "unknown": 1, "skipped": 0,
    }  # fmt: skip


def last_end(folder: Folder) -> dict[str, object]:
    return lines(folder)[-1]
