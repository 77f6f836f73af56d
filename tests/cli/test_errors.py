"""Whatever is wrong: one readable block on stderr, exit code 2, nothing sent, no traceback."""

import os
import resource
import sys
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import Folder
from wa_bulk.cli import exits
from wa_bulk.cli.problem import fitted
from wa_bulk.sandbox import Sandbox


def assert_nothing_sent(result: Result, sandbox: Sandbox, *words: str) -> None:
    assert result.exit_code == exits.NOTHING_SENT, result.output
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.stderr
    assert sandbox.messages == []


@pytest.mark.parametrize("empty", ["", " "])
def test_no_credentials(folder: Folder, sandbox: Sandbox, empty: str) -> None:
    result = folder.run("send", "orders.toml", "--yes", WA_BULK_DEV_KEY=empty, WA_BULK_DEV_SECRET=None)

    assert_nothing_sent(result, sandbox, "WA_BULK_DEV_KEY and WA_BULK_DEV_SECRET are not set", "wa-bulk demo")


def test_one_credential(folder: Folder, sandbox: Sandbox) -> None:
    result = folder.run("send", "orders.toml", "--yes", WA_BULK_DEV_SECRET=None)

    assert_nothing_sent(result, sandbox, "WA_BULK_DEV_SECRET is not set", "wa-bulk sandbox")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://wa.api.engagelab.cc", "unencrypted"),
        ("http://127.0.0.1.example.com", "unencrypted"),
        ("ftp://127.0.0.1", "no http(s) address"),
        ("https://key:hunter2-secret@wa.api.engagelab.cc", "user name or password"),
        ("wa.api.engagelab.cc", "no http(s) address"),
    ],
)
def test_an_address_that_credentials_must_not_go_to(
    folder: Folder, sandbox: Sandbox, url: str, words: str
) -> None:
    result = folder.run("send", "orders.toml", "--yes", "--base-url", url)

    assert_nothing_sent(result, sandbox, words)
    assert "hunter2" not in result.output


def test_without_a_terminal_it_needs_leave(folder: Folder, sandbox: Sandbox) -> None:
    assert_nothing_sent(folder.run("send", "orders.toml"), sandbox, "5 rows", "no terminal", "--yes")


def test_a_log_that_exists_is_refused_and_resume_named(folder: Folder, sandbox: Sandbox) -> None:
    (folder.path / "old.jsonl").write_text("precious")

    result = folder.run("send", "orders.toml", "--yes", "--log", "old.jsonl")

    assert_nothing_sent(result, sandbox, "old.jsonl", "wa-bulk resume old.jsonl")
    assert (folder.path / "old.jsonl").read_text() == "precious"


def test_a_log_that_cannot_be_written(folder: Folder, sandbox: Sandbox) -> None:
    result = folder.run("send", "orders.toml", "--yes", "--log", "nowhere/run.jsonl")

    assert_nothing_sent(result, sandbox, "nowhere/run.jsonl: there is no folder nowhere")
    assert "rate" not in result.stderr, "it is refused before anything is shown of the run"


@pytest.mark.parametrize(
    ("csv", "words"),
    [
        (b"", "empty"),
        (b"phone,name\n", "no row"),
        (b"phone,phone\n+4915228817386,Ada\n", "phone"),
        (b"phone,\x1b[31mname\n+4915228817386,Ada\n", "control characters"),
        (b"number,name\n+4915228817386,Ada\n", "phone"),
        (b"PK\x03\x04\x14\x00\x06\x00", "workbook"),
        (b"\x00\x01\x02", ""),
        (None, "orders.csv"),
    ],
)
def test_recipients_that_cannot_be_used(
    folder: Folder, sandbox: Sandbox, csv: bytes | None, words: str
) -> None:
    path = folder.path / "orders.csv"
    path.unlink()
    if csv is not None:
        path.write_bytes(csv)

    for command in ("send", "check", "preview"):
        arguments = ["--yes"] if command == "send" else []
        if command == "preview" and csv == b"phone,name\n":
            continue
        assert_nothing_sent(folder.run(command, "orders.toml", *arguments), sandbox, words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[message]", "[mesage]", "mesage"),
        ("{name}", "{nmae}", "name"),
        ('type = "text"', 'type = "txt"', "did you mean 'text'?"),
        ('type = "text"', 'typ = "text"', "is 'typ' meant?"),
        ('type = "text"', "type = 5", "type: is 5; expected template or text"),
        ('type = "text"', 'type = "{name}"', "takes no placeholder"),
        ('recipients = "orders.csv"', 'recipients = ""', "recipients"),
        ('recipients = "orders.csv"', 'recipients = "a\\u0000b"', "recipients"),
        ("rate = 0", "rate = 1" + 400 * "0", "rate"),
        ("rate = 0", "rate = nan", "rate"),
        ("rate = 0", f"rate = {'[' * 5000}", "nested too deeply"),
        ('name = "orders"', "name = ", "TOML"),
        ("rate = 0", 'rate = "fast"', "rate"),
    ],
)
def test_a_faulty_campaign(folder: Folder, sandbox: Sandbox, old: str, new: str, words: str) -> None:
    folder.campaign.write_text(folder.campaign.read_text().replace(old, new, 1))

    for command in ("send", "check", "preview"):
        arguments = ["--yes"] if command == "send" else []
        assert_nothing_sent(folder.run(command, "orders.toml", *arguments), sandbox, "orders.toml", words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["send"],
        ["send", "missing.toml", "--yes"],
        ["send", "orders.toml", "--rate", "-1"],
        ["send", "orders.toml", "--concurrency", "0"],
        ["send", "orders.toml", "--on-unknown", "guess"],
        ["resume", "missing.jsonl"],
        ["resume", "orders.csv"],
        ["report", "missing.jsonl"],
        ["report", "orders.csv"],
        ["preview", "orders.toml", "--row", "6"],
        ["demo", "--dir", "."],
        ["sandbox", "--fault", "no-such=0.1"],
        ["sandbox", "--fault", "503"],
        ["send", "orders.toml", "--yes", "--rate", "nan"],
        ["send", "orders.toml", "--yes", "--rate", "inf"],
        ["send", "orders.toml", "--yes", "--timeout", "nan"],
        ["send", "orders.toml", "--yes", "--max-failure-share", "nan"],
        ["send", "orders.toml", "--yes", "--outage-limit", "inf"],
        ["send", "orders.toml", "--yes", "--concurrency", "many"],
        ["send", "orders.toml", "--yes", "--concurrency", "10000000"],
        ["send", "orders.toml", "--yes", "--log", ""],
        ["send", "orders.toml", "--yes", "--log", "a\nb.jsonl"],
        ["send", "orders.toml", "--yes", "--recipients", "\udcff.csv"],
        ["sandbox", "--fault", "503=lots"],
        ["sandbox", "--fault", "503=nan"],
        ["sandbox", "--latency", "nan"],
        ["sandbox", "--key", ""],
        ["sandbox", "--secret", "a:b"],
        ["sandbox", "--db", "orders.csv"],
        ["sandbox", "--db", "nowhere/sandbox.db"],
        ["sandbox", "--host", "192.0.2.1", "--port", "0"],
        ["sandbox", "--callback-url", "nowhere"],
    ],
    ids=" ".join,
)
def test_wrong_usage(folder: Folder, sandbox: Sandbox, arguments: list[str]) -> None:
    assert_nothing_sent(folder.run(*arguments), sandbox)


def test_a_port_that_is_taken(folder: Folder, sandbox: Sandbox) -> None:
    port = sandbox.url.rpartition(":")[2]

    result = folder.run("sandbox", "--port", port)

    assert result.exit_code == exits.NOTHING_SENT
    assert f"port {port}" in result.stderr
    assert "--port 0" in result.stderr


def test_debug_shows_the_traceback_wherever_it_stands(folder: Folder) -> None:
    for arguments in (["--debug", "report", "missing.jsonl"], ["report", "missing.jsonl", "--debug"]):
        result = folder.run(*arguments)
        assert result.exit_code == exits.NOTHING_SENT
        assert "Traceback (most recent call last)" in result.stderr
        assert "wa_bulk.ledger.log_format.LogError: " in result.stderr
        assert result.stderr.endswith("Error: cannot open the log missing.jsonl: No such file or directory\n")


def test_a_report_that_cannot_be_written(folder: Folder) -> None:
    assert folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl").exit_code == 0

    result = folder.run("report", "run.jsonl", "--html", os.fspath(Path("nowhere") / "page.html"))

    assert result.exit_code == exits.NOTHING_SENT
    assert "nowhere" in result.stderr


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("503=2", "'503=2': 2 is no share of the requests, from 0 to 1; expected NAME=SHARE, as in 503=0.05"),
        ("503", "'503': there is no =SHARE"),
    ],
)
def test_a_share_of_faults_that_is_none(folder: Folder, fault: str, words: str) -> None:
    assert words in folder.run("sandbox", "--fault", fault).stderr


def test_a_long_message_is_broken_between_words_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the log cannot be read, and so: " + "word " * 20 + "`wa-bulk resume run.jsonl` goes on"
    assert fitted(text, 7) == text

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    lines = fitted(text, 7).split("\n")
    assert " ".join(map(str.strip, lines)) == text
    assert len(lines[0]) <= 33
    assert all(len(line) <= 40 for line in lines)
    assert any("`wa-bulk resume run.jsonl`" in line for line in lines)
    for copied in (f"Go on:  wa-bulk resume {'x' * 50}", f"4 | name = {'x ' * 50}", f"{' ' * 60}^"):
        assert fitted(copied, 2) == copied


def test_a_log_of_more_rows_than_its_source_can_have_costs_no_memory(
    folder: Folder, sandbox: Sandbox
) -> None:
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "2")
    log = folder.path / "run.jsonl"
    text = log.read_text()

    log.write_text(text.replace('"rows":5}', '"rows":999999999}'))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    folder.run("report", "run.jsonl")
    folder.run("resume", "run.jsonl", "--yes")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 200_000  # KB

    log.write_text(text.replace('"rows":5}', f'"rows":{10**18}}}'))
    for command in (["report", "run.jsonl"], ["resume", "run.jsonl", "--yes"]):
        result = folder.run(*command)
        assert result.exit_code == exits.NOTHING_SENT
        assert "line 1: is damaged" in result.stderr


def test_a_line_of_hundreds_of_megabytes_is_told_without_reading_it_whole(folder: Folder) -> None:
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
    log = folder.path / "run.jsonl"
    first, *rest = log.read_bytes().splitlines(keepends=True)
    with log.open("wb") as file:
        file.write(first)
        file.truncate(200_000_000)
        file.seek(200_000_000)
        file.writelines([b"\n", *rest])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    shown = folder.run("report", "run.jsonl").stdout
    refused = folder.run("resume", "run.jsonl", "--yes")

    assert "line 2: is longer than 16 MiB" in shown
    assert "line 2" in refused.stderr
    assert refused.exit_code == exits.NOTHING_SENT
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 100_000  # KB
