"""`send --only`, `--except` and `--exclude` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import status
from tests.cli.conftest import GOOD, Folder
from tests.cli.test_running import KEY_REFUSED, REFUSED, lines
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox

OTHER = ("+4915228819386", "Ben")


@pytest.fixture
def sent(folder: Folder, sandbox: Sandbox) -> Path:
    """Return the log of a run that ended with four accepted rows and a rejected one."""
    folder.recipients([*GOOD[:4], (REFUSED, "Ann")])
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
    sandbox.clear()
    folder.recipients([*GOOD, (REFUSED, "Ann"), OTHER])
    return folder.path / "run.jsonl"


def send(folder: Folder, *more: str) -> tuple[int, str]:
    run = folder.run("send", "orders.toml", "--yes", "--log", "second.jsonl", *more)
    return run.exit_code, run.stderr


def recipients(sandbox: Sandbox) -> list[str]:
    return sorted(message.to or "" for message in sandbox.messages)


def reasons(folder: Folder) -> dict[object, object]:
    found = lines(folder.path / "second.jsonl")
    return {line["row"]: line["reason"] for line in found if line.get("status") == "skipped"}


def test_all_but_those_who_have_it_already(folder: Folder, sandbox: Sandbox, sent: Path) -> None:
    code, text = send(folder, "--except", "run.jsonl")
    assert code == exits.NOT_ALL_ACCEPTED, text
    assert "except    run.jsonl (4 people)" in text
    assert "rows go to people who were in run" not in text
    assert recipients(sandbox) == [GOOD[4][0], OTHER[0]]
    assert reasons(folder) == dict.fromkeys(range(1, 5), "in run.jsonl")


def test_only_some_of_an_earlier_run(folder: Folder, sandbox: Sandbox, sent: Path) -> None:
    run_id = lines(sent)[0]["run_id"]
    hear(
        folder.path / "memory.db",
        status("read", tag=f"{run_id}:2"),
        status("delivered", message_id="m3", tag=f"{run_id}:3"),
    )
    (folder.path / "staff.csv").write_text(f"phone\n{GOOD[2][0]}\n")
    code, text = send(folder, "--only", "run.jsonl:delivered,rejected", "--exclude", "staff.csv")
    assert code == exits.NOT_ALL_ACCEPTED, text
    assert recipients(sandbox) == [GOOD[1][0]]
    assert reasons(folder)[3] == "in staff.csv"
    assert reasons(folder)[1] == "not in run.jsonl:delivered,rejected"

    settings = lines(folder.path / "second.jsonl")[0]["settings"]
    assert isinstance(settings, dict)
    kept = json.loads(settings["selections"])
    assert [(one["kind"], one["file"]) for one in kept] == [
        ("only", "second.jsonl.only-1.txt"),
        ("exclude", "second.jsonl.exclude-2.txt"),
    ]


def test_each_option_may_come_several_times(folder: Folder, sandbox: Sandbox, sent: Path) -> None:
    (folder.path / "more.txt").write_text(f"{GOOD[4][0]}\n")
    assert send(folder, "--except", "run.jsonl", "--except", "more.txt")[0] == exits.NOT_ALL_ACCEPTED
    assert recipients(sandbox) == [OTHER[0]]


def test_numbers_without_a_country_code_are_of_the_country_given(folder: Folder, sandbox: Sandbox) -> None:
    national = "0" + GOOD[0][0].removeprefix("+49")
    (folder.path / "staff.txt").write_text(national + "\n")
    code, text = send(folder, "--exclude", "staff.txt")
    assert code == exits.NOTHING_SENT
    assert f"line 1: '{national}'" in text
    assert send(folder, "--exclude", "staff.txt", "--country", "DE")[0] == exits.FINISHED
    assert len(sandbox.messages) == len(GOOD) - 1


def test_a_selection_is_compared_with_earlier_runs_too(folder: Folder, sent: Path) -> None:
    (folder.path / "some.txt").write_text("\n".join(phone for phone, _ in GOOD[:3]))
    code, text = send(folder, "--only", "some.txt")
    assert code == exits.NOTHING_SENT
    assert "was sent to 3 of these 3 recipients already" in text
    assert send(folder, "--only", "run.jsonl:accepted")[0] == exits.FINISHED, "that run is known to the user"


def test_a_dry_run_selects_as_well(folder: Folder, sent: Path) -> None:
    run = folder.run("send", "orders.toml", "--dry-run", "--except", "run.jsonl")
    assert "in run.jsonl" in run.stdout
    assert run.exit_code == exits.FINISHED


def test_a_run_is_begun_afresh_with_its_selections(folder: Folder, sent: Path) -> None:
    folder.recipients([(KEY_REFUSED, "Eve")])
    code, text = send(folder, "--except", "run.jsonl:accepted", "--again")
    assert code == exits.STOPPED_EARLY
    assert "--except run.jsonl:accepted --log second-2.jsonl" in text


def test_a_campaign_that_is_wrong_is_told_before_its_selections(folder: Folder) -> None:
    text = folder.campaign.read_text(encoding="utf-8")
    folder.campaign.write_text(text.replace('"{phone}"', '"{phone"'), encoding="utf-8")
    (folder.path / "staff.csv").write_text("phone\n+447911123456\n")
    code, text = send(folder, "--exclude", "staff.csv")
    assert code == exits.NOTHING_SENT
    assert "has a lone '{' in it" in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--only", "gone.jsonl:read"], "there is no file 'gone.jsonl'"),
        (["--only", "run.jsonl:unknown"], "nobody in run.jsonl is unknown, so nothing would be sent"),
        (["--only", "run.jsonl:read"], "no callback is known of the run of run.jsonl"),
        (["--except", "run.jsonl:raed"], "did you mean 'read'?"),
        (["--exclude", "run.jsonl"], "run.jsonl is a log: write --except run.jsonl"),
        (["--exclude", "orders.toml"], "orders.toml"),
    ],
)
def test_a_selection_that_cannot_be_made_sends_nothing(
    folder: Folder, sandbox: Sandbox, sent: Path, more: list[str], words: str
) -> None:
    code, text = send(folder, *more)
    assert code == exits.NOTHING_SENT
    assert words in text.replace("\n  ", " ")
    assert sandbox.messages == []
    assert not list(folder.path.glob("second*"))
