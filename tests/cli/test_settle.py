"""The real command, over a run whose unknown rows were taken."""

from __future__ import annotations

import json

import pytest
from click.testing import Result

from tests.callbacks.memory import hear
from tests.callbacks.rows import status
from tests.cli.conftest import GOOD, Folder
from wa_bulk.cli import exits

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
    (doubt.path / "memory.db").write_bytes(b"no database" * 100)
    before = (doubt.path / "run.jsonl").read_bytes()
    result = settle(doubt)
    assert result.exit_code == exits.NOTHING_SENT
    assert "memory.db" in result.stderr
    for resumed in (doubt.run("resume", "run.jsonl", "--yes", "--on-unknown", "retry"),):
        assert resumed.exit_code == exits.NOTHING_SENT
        assert "Nothing was sent" in resumed.stderr
    assert (doubt.path / "run.jsonl").read_bytes() == before


def test_rows_that_were_sent_twice_are_told(doubt: Folder) -> None:
    hear_of(doubt, 1)
    assert "1 row sent twice" in settle(doubt).stderr
