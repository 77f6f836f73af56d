"""`send --to`: one row's message to one's own number."""

from __future__ import annotations

import pytest

from tests.callbacks.rows import ADA
from tests.cli.conftest import GOOD, Folder
from tests.cli.test_running import CONNECTION_RESET_AFTERWARDS, KEY_REFUSED, REFUSED
from wa_bulk.cli import exits
from wa_bulk.history import History, Suppressed
from wa_bulk.sandbox import Sandbox


def test_a_rows_message_goes_to_the_number_given_and_into_no_log(folder: Folder, sandbox: Sandbox) -> None:
    run = folder.run("send", "orders.toml", "--to", "0044 7911 123456", "--row", "3", "--yes")
    assert run.exit_code == exits.FINISHED, run.stderr
    (message,) = sandbox.messages
    assert run.stdout == f"accepted: row 3 to {ADA} by {sandbox.url}, message_id {message.message_id}\n"
    assert message.to == ADA
    assert message.body == {"type": "text", "text": {"body": f"Hello {GOOD[2][1]}"}}
    assert message.request_id == "test-orders-3"
    assert not message.custom_args
    assert "in no campaign's log" in run.stderr
    assert [path.name for path in folder.path.iterdir() if path.suffix not in (".toml", ".csv")] == []

    sent = folder.run("send", "orders.toml", "--yes")
    assert sent.exit_code == exits.FINISHED, "it is no run of the account"
    assert len(sandbox.messages) == 6


def test_the_first_row_is_sent_where_none_is_named(folder: Folder, sandbox: Sandbox) -> None:
    for more in ([], ["--log", "run.jsonl", "--rate", "5"]):
        run = folder.run("send", "orders.toml", "--to", GOOD[4][0], "--yes", *more)
        assert run.exit_code == exits.FINISHED
    assert not (folder.path / "run.jsonl").exists()
    assert [message.to for message in sandbox.messages] == [GOOD[4][0]] * 2


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (REFUSED, f"rejected: row 1 to {REFUSED} by "),
        (KEY_REFUSED, "code 2001"),
        (CONNECTION_RESET_AFTERWARDS, "unknown: row 1"),
    ],
)
def test_what_is_not_accepted_is_told_in_a_line(folder: Folder, number: str, words: str) -> None:
    run = folder.run("send", "orders.toml", "--to", number, "--yes")
    assert run.exit_code == exits.NOT_ALL_ACCEPTED
    assert words in run.stdout
    assert run.stdout.count("\n") == 1


def test_who_asked_not_to_be_written_to_gets_no_test_either(folder: Folder, sandbox: Sandbox) -> None:
    with History.open(folder.path / "memory.db") as history:
        history.suppression.add([Suppressed(number=ADA, source="stop", reason="wrote STOP", at_ms=0)])
    run = folder.run("send", "orders.toml", "--to", ADA, "--yes")
    assert run.exit_code == exits.NOTHING_SENT
    assert f"{ADA} is suppressed: wrote STOP on 1970-01-01" in run.stderr
    assert "respect_suppression = false" in run.stderr
    assert sandbox.messages == []
    text = folder.campaign.read_text(encoding="utf-8")
    folder.campaign.write_text(f"respect_suppression = false\n{text}", encoding="utf-8")
    assert folder.run("send", "orders.toml", "--to", ADA, "--yes").exit_code == exits.FINISHED


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--to", ADA], "there is no terminal to ask on"),
        (["--to", "nobody", "--yes"], "--to: 'nobody'"),
        (["--to", ADA, "--yes", "--row", "6"], "has no row 6; its last is 5"),
        (["--to", ADA, "--yes", "--limit", "1"], "--limit is about a run"),
        (["--to", ADA, "--yes", "--only", "x"], "--only is about a run"),
        (["--to", ADA, "--yes", "--dry-run"], "--dry-run is about a run"),
        (["--yes", "--row", "3"], "--row goes with --to NUMBER"),
    ],
)
def test_what_cannot_be_a_test_sends_nothing(
    folder: Folder, sandbox: Sandbox, more: list[str], words: str
) -> None:
    run = folder.run("send", "orders.toml", *more)
    assert run.exit_code == exits.NOTHING_SENT
    assert words in run.stderr
    assert sandbox.messages == []
