"""A file of another kind than a command takes, or with another name: said, with the command that is right."""

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Folder
from wa_bulk.cli import exits
from wa_bulk.cli.paths import kind_of
from wa_bulk.sandbox import Sandbox


@pytest.fixture
def sent(folder: Folder, sandbox: Sandbox) -> Folder:
    """A folder with a campaign, its recipients, a log, and files that are none of these."""
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
    sandbox.clear()
    (folder.path / "other.csv").write_text("phone,name\n")
    (folder.path / "book.xlsx").write_bytes(b"PK\x03\x04 and so on")
    (folder.path / "inside").mkdir()
    (folder.path / "new.toml").write_text('name = "new"\n[message]\n')
    os.mkfifo(folder.path / "pipe")
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("send run.jsonl", ["is the log of a run, not a campaign", "wa-bulk resume run.jsonl"]),
        ("check run.jsonl", ["is the log of a run, not a campaign", "wa-bulk report run.jsonl"]),
        (
            "send orders.csv",
            ["is a table, not a campaign", "wa-bulk send orders.toml", "wa-bulk init orders.csv"],
        ),
        ("check other.csv", ["wa-bulk check CAMPAIGN.toml --recipients other.csv", "wa-bulk init other.csv"]),
        ("send book.xlsx", ["is a table, not a campaign", "wa-bulk init book.xlsx"]),
        ("resume orders.toml", ["is a campaign, not the log of a run", "wa-bulk resume run.jsonl"]),
        ("report orders.toml", ["is a campaign, not the log of a run", "wa-bulk report run.jsonl"]),
        ("report new.toml", ["There is no log of it", "wa-bulk send new.toml"]),
        ("resume orders.csv", ["is a table, not the log of a run", "The newest there: run.jsonl"]),
        ("send orders.toml --recipients run.jsonl", ["is the log of a run, not recipients", "--csv fix.csv"]),
        (
            "send orders.toml --recipients new.toml",
            ["is a campaign, not recipients", "wa-bulk send new.toml"],
        ),
        ("send order.toml", ["there is no such file", "Did you mean orders.toml?"]),
        ("check orders", ["there is no such file", "Did you mean orders.toml?"]),
        ("check ORDERS.TOML", ["Did you mean orders.toml?"]),
        ("resume rum.jsonl", ["Did you mean run.jsonl?"]),
        ("check orders.toml --recipients order.csv", ["Did you mean orders.csv?"]),
        ("send .", [". is a folder: name the campaign in it", "The newest there: "]),
        ("report inside", ["inside is a folder: name the log in it"]),
        ("send pipe", ["pipe: cannot be read: it is no regular file"]),
        ("resume pipe", ["it is a pipe"]),
        ("check orders.toml --recipients pipe", ["pipe", "--recipients -"]),
        ("suppress import pipe", ["is a pipe", "to a file, and give that"]),
        ("send ~nobody-at-all/orders.toml", ["~nobody-at-all/orders.toml"]),
    ],
)
def test_it_is_told_what_to_type(sent: Folder, sandbox: Sandbox, arguments: str, words: list[str]) -> None:
    result = sent.run(*arguments.split(), *(["--yes"] if arguments.startswith(("send", "resume")) else []))

    assert result.exit_code == exits.NOTHING_SENT
    assert result.stderr.count("Error: ") == 1
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr
    assert sandbox.messages == []


def test_a_tilde_is_the_home_folder(sent: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(sent.path))
    assert sent.run("check", "~/orders.toml", "--recipients", "~/orders.csv").exit_code == exits.FINISHED
    assert sent.run("report", "run.jsonl", "--html", "~/page.html").exit_code == exits.FINISHED
    assert (sent.path / "page.html").exists()


@pytest.mark.parametrize(
    ("name", "contents", "kind"),
    [
        ("a.toml", "\n# c\n[message.body]\n", "campaign"),
        ("a.toml", "oops\n", "campaign"),
        ("a.toml", "phone;name\n1;2\n", "table"),
        ("a.txt", 'name = "x"\n', "campaign"),
        ("a", '{"type":"run","format":1}\n', "log"),
        ("a.csv", "phone\n+44\n", "table"),
        ("a", "words\n", None),
        ("a.jsonl", "", "log"),
    ],
)
def test_a_kind_is_told_by_what_is_in_the_file(
    tmp_path: Path, name: str, contents: str, kind: str | None
) -> None:
    (tmp_path / name).write_text(contents)
    assert kind_of(tmp_path / name) == kind
