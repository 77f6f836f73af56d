"""A file .env in the folder: used where the environment says nothing, and never to lead a key astray."""

import os

import pytest

from tests.cli.conftest import Folder
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox

SEND = ("send", "orders.toml", "--yes", "--limit", "1")
NO_CREDENTIALS = {"WA_BULK_DEV_KEY": None, "WA_BULK_DEV_SECRET": "", "WA_BULK_BASE_URL": None}


def write(folder: Folder, text: str) -> None:
    (folder.path / ".env").write_text(text, encoding="utf-8")


PLAIN = "WA_BULK_DEV_KEY={key}\nWA_BULK_DEV_SECRET={secret}\nWA_BULK_BASE_URL={url}\n"
ODD = """\ufeff# ours\r
export WA_BULK_DEV_KEY = "{key}"  # the key\r
OTHER=$(x) "\r
\r
WA_BULK_DEV_SECRET='{secret}'\r
WA_BULK_BASE_URL={url} # here"""


@pytest.mark.parametrize("form", [PLAIN, ODD])
def test_it_holds_key_secret_and_address(folder: Folder, sandbox: Sandbox, form: str) -> None:
    write(folder, form.format(key=sandbox.key, secret=sandbox.secret, url=sandbox.url))
    before = dict(os.environ)

    result = folder.run(*SEND, **NO_CREDENTIALS)

    assert result.exit_code == exits.FINISHED, result.stderr
    assert len(sandbox.messages) == 1
    said = "From .env in this folder: WA_BULK_DEV_KEY, WA_BULK_DEV_SECRET, WA_BULK_BASE_URL"
    assert result.stderr.count(said) == 1
    assert dict(os.environ) == before


def test_what_is_set_in_the_environment_wins(folder: Folder, sandbox: Sandbox) -> None:
    write(
        folder,
        "WA_BULK_DEV_KEY=wrong\nWA_BULK_DEV_SECRET=hunter2-secret\nWA_BULK_BASE_URL=http://127.0.0.1:1\n",
    )

    result = folder.run(*SEND)

    assert result.exit_code == exits.FINISHED, result.stderr
    assert len(sandbox.messages) == 1
    assert ".env" not in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize("also", ["", "WA_BULK_DEV_SECRET=hunter2-secret\n"])
def test_a_folder_cannot_lead_a_key_of_the_environment_elsewhere(
    folder: Folder, sandbox: Sandbox, also: str
) -> None:
    write(folder, f"{also}WA_BULK_BASE_URL=http://198.51.100.1\nWA_BULK_ALLOW_HTTP=1\n")

    environment = {"WA_BULK_BASE_URL": None, **({"WA_BULK_DEV_SECRET": None} if also else {})}
    result = folder.run("send", "orders.toml", **environment)

    assert result.exit_code == exits.NOTHING_SENT
    assert "198.51.100.1" not in result.output
    assert "https://wa.api.engagelab.cc" in result.output
    assert "WA_BULK_BASE_URL in .env is not used" in result.stderr
    assert sandbox.messages == []


def test_a_line_that_cannot_be_read_is_told_without_its_value(folder: Folder) -> None:
    write(folder, 'A=1\nWA_BULK_DEV_SECRET="hunter2\n')
    result = folder.run("check", "orders.toml")

    assert result.exit_code == exits.NOTHING_SENT
    assert ".env, line 2: WA_BULK_DEV_SECRET cannot be read" in result.stderr
    assert "hunter2" not in result.output


def test_what_is_no_such_file_is_passed_over(folder: Folder) -> None:
    (folder.path / ".env").mkdir()
    assert folder.run("check", "orders.toml").exit_code == exits.FINISHED
    (folder.path / ".env").rmdir()
    os.mkfifo(folder.path / ".env")
    assert folder.run("check", "orders.toml").exit_code == exits.FINISHED
