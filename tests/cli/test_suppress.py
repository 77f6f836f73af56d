from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.conftest import Folder
from wa_bulk.cli import app, exits
from wa_bulk.sandbox import Sandbox

ADA, BOB = "+447911123456", "+33612345678"


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a memory of its own."""
    file = tmp_path / "memory.db"
    monkeypatch.setenv("WA_BULK_DB", str(file))
    return file


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["suppress", *map(str, arguments)])


def listed() -> list[dict[str, str]]:
    return [json.loads(line) for line in run("list", "--json").stdout.splitlines()]


def test_numbers_are_added_listed_and_removed() -> None:
    added = run("add", "00447911123456", BOB, "US.13491208655302", "--reason", "asked by phone")
    assert (added.exit_code, added.stderr) == (exits.FINISHED, "3 numbers added\n")
    assert [(entry["number"], entry["reason"], entry["source"]) for entry in listed()] == [
        (BOB, "asked by phone", "user"),
        (ADA, "asked by phone", "user"),
        ("US.13491208655302", "asked by phone", "user"),
    ]
    assert run("add", ADA).stderr == "0 numbers added, 1 on the list already\n"
    removed = run("remove", ADA, "+4915228817386")
    assert removed.exit_code == exits.NOT_ALL_ACCEPTED
    assert "1 number removed" in removed.stderr
    assert "not on the list: +4915228817386" in removed.stderr
    assert [entry["number"] for entry in listed()] == [BOB, "US.13491208655302"]


def test_the_list_is_readable_by_the_eye() -> None:
    run("add", ADA, "--reason", "rang\x1b[1m")
    line = run("list").stdout
    assert line.startswith(f"{ADA}\trang\\x1b[1m\tuser\t20")


@pytest.mark.parametrize("command", ["add", "remove"])
def test_what_is_no_number_is_told(command: str) -> None:
    result = run(command, ADA, "hello")
    assert result.exit_code == exits.NOTHING_SENT
    assert "'hello'" in result.stderr
    assert listed() == []


def test_what_was_exported_can_be_imported(tmp_path: Path, memory: Path) -> None:
    run("add", ADA, "--reason", 'said "no", twice')
    run("add", BOB)
    exported = tmp_path / "list.csv"
    assert run("export", exported).exit_code == exits.FINISHED
    assert exported.read_text(encoding="utf-8") == run("export").stdout
    before = listed()
    memory.unlink()
    assert run("import", exported).stderr == "2 numbers added\n"
    assert listed() == [{**entry, "source": "import"} for entry in before]


FILES = {
    "a number a line": f"{ADA}\n\n{BOB}\n",
    "a column among others": f"name,Phone,city\nAda,{ADA},London\nBob,{BOB},Paris\n",
    "semicolons and a byte order mark": f"\ufeffmsisdn;name\n{ADA};Ada\n{BOB};Bob\n",
    "no header": f"{ADA},Ada\n{BOB},Bob\n",
    "lines of Windows": f"to\r\n{ADA}\r\n{BOB}\r\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_files_of_many_forms_are_imported(tmp_path: Path, text: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode())
    result = run("import", file, "--reason", "unsubscribed by mail")
    assert (result.exit_code, result.stderr) == (exits.FINISHED, "2 numbers added\n")
    assert [(entry["number"], entry["reason"]) for entry in listed()] == [
        (BOB, "unsubscribed by mail"),
        (ADA, "unsubscribed by mail"),
    ]


def test_lines_that_cannot_be_read_are_named_and_cost_no_other(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"number,at\nhello,\n{ADA},\n,\n{BOB},yesterday\n" + "x\n" * 20, encoding="utf-8")
    result = run("import", file)
    assert result.exit_code == exits.NOT_ALL_ACCEPTED
    assert "1 number added" in result.stderr
    assert "22 lines have no number" in result.stderr
    assert "line 2: 'hello'" in result.stderr
    assert "line 5: " in result.stderr
    assert "and 12 more" in result.stderr
    assert [entry["number"] for entry in listed()] == [ADA]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "list.csv is empty"),
        (b"\n\n", "there is no number in it"),
        (b"PK\x03\x04\x14\x00 a workbook", "workbook"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG picture"),
        (b"\xff\xd8\xff\xe0", "is a JPEG picture"),
        ("+447911123456\n".encode("utf-16")[2:], "UTF-16 without a byte order mark"),
        ("number,reason\n+447911123456,é\n".encode("cp1252"), "line 2: byte 0xE9"),
        (b'{"type":"run","format":1}\n', "is the log of a run"),
        (b'name = "x"\n[message]\n', "is a campaign"),
    ],
)
def test_what_holds_no_numbers_is_told_and_changes_nothing(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    result = run("import", tmp_path / "list.csv")

    assert result.exit_code == exits.NOTHING_SENT
    assert words in result.stderr
    assert listed() == []


def test_utf_16_is_read(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(f"number,reason\n{ADA},läuft\n".encode("utf-16"))
    assert run("import", tmp_path / "list.csv").stderr == "1 number added\n"
    assert [entry["reason"] for entry in listed()] == ["läuft"]


def test_reasons_do_not_steer_the_terminal(tmp_path: Path) -> None:
    run("add", ADA, "--reason", "\x1b[2J\x9bred")
    for command in (("list",), ("list", "--json"), ("export",), ("export", "-")):
        shown = run(*command).stdout
        assert "red" in shown
        assert not {"\x1b", "\x9b"} & set(shown), command
    run("export", tmp_path / "list.csv")
    assert "\x1b[2J\x9bred" in (tmp_path / "list.csv").read_text(encoding="utf-8")


def test_an_export_overwrites_nothing_and_is_its_owners_alone(tmp_path: Path) -> None:
    run("add", ADA)
    file = tmp_path / "list.csv"
    assert run("export", file).stderr == f"wrote {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("export", "-").stdout == run("export").stdout == file.read_text(encoding="utf-8")

    file.write_text("precious")
    refused = run("export", file)
    assert refused.exit_code == exits.NOTHING_SENT
    assert "exists already" in refused.stderr
    assert file.read_text() == "precious"


def test_what_is_no_csv_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"number\n{'9' * 200_000}\n", encoding="utf-8")
    result = run("import", tmp_path / "list.csv")
    assert result.exit_code == exits.NOTHING_SENT
    assert "not a CSV or text file" in result.stderr


def test_a_memory_that_cannot_be_used_is_told(memory: Path) -> None:
    memory.write_bytes(b"no database" * 100)
    for arguments in (("list",), ("add", ADA), ("export",)):
        result = run(*arguments)
        assert result.exit_code == exits.NOTHING_SENT
        assert "is damaged" in result.stderr


class TestSend:
    """What the list does to a campaign."""

    def test_its_numbers_are_passed_over(self, folder: Folder, sandbox: Sandbox) -> None:
        folder.recipients([("+4915228817386", "Ada"), ("+4915228817387", "Bo")])
        assert folder.run("suppress", "add", "+4915228817387", "--reason", "asked by phone").exit_code == 0

        sent = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")

        assert sent.exit_code == exits.FINISHED, sent.stderr
        assert [message.to for message in sandbox.messages] == ["+4915228817386"]
        assert "suppressed: asked by phone on" in (folder.path / "run.jsonl").read_text()

    def test_unless_the_campaign_must_reach_everybody(self, folder: Folder, sandbox: Sandbox) -> None:
        folder.recipients([("+4915228817387", "Bo")])
        folder.run("suppress", "add", "+4915228817387")
        folder.campaign.write_text("respect_suppression = false\n" + folder.campaign.read_text())

        assert folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl").exit_code == exits.FINISHED
        assert len(sandbox.messages) == 1

    def test_a_list_that_cannot_be_read_stops_it_before_anything_is_sent(
        self, folder: Folder, sandbox: Sandbox
    ) -> None:
        (folder.path / "memory.db").write_bytes(b"no database" * 1000)

        sent = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")

        assert sent.exit_code == exits.NOTHING_SENT
        assert "respect_suppression = false" in sent.stderr
        assert "WA_BULK_DB" in sent.stderr
        assert sandbox.messages == []
