"""Recipients in whatever file they come: through check, preview, send and resume."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.campaign.sources.tables import WRITERS, write_xlsx
from tests.cli.conftest import GOOD, Folder
from tests.cli.test_running import lines, totals
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox

SEND = ("send", "orders.toml", "--yes", "--log", "run.jsonl")
ROWS = [("phone", "name"), *GOOD]


def recipients(sandbox: Sandbox) -> list[str]:
    return sorted(message.to for message in sandbox.messages)


def texts(sandbox: Sandbox) -> list[object]:
    bodies = [message.body["text"] for message in sandbox.messages]
    return sorted(body["body"] for body in bodies if isinstance(body, dict))


def with_keys(folder: Folder, *keys: str) -> None:
    """Put keys at the top of the campaign."""
    folder.campaign.write_text(
        "\n".join([*keys, folder.campaign.read_text(encoding="utf-8")]), encoding="utf-8"
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_a_run_goes_on_with_any_kind_of_file(folder: Folder, sandbox: Sandbox, kind: str) -> None:
    name = f"orders.{kind}"
    WRITERS[kind](folder.path / name, ROWS)
    with_keys(folder)
    checked = folder.run("check", "orders.toml", "--recipients", name, "--offline", "--json")
    assert json.loads(checked.stdout)["ready"] == len(GOOD)
    previewed = folder.run("preview", "orders.toml", "--recipients", name, "--row", "2")
    assert json.loads(previewed.stdout)["to"] == [GOOD[1][0]]

    assert folder.run(*SEND, "--recipients", name, "--limit", "2").exit_code == exits.FINISHED
    assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.FINISHED
    assert recipients(sandbox) == [number for number, _ in GOOD]

    with (folder.path / name).open("ab") as file:
        file.write(b"\n")
    refused = folder.run("resume", "run.jsonl", "--yes")
    assert refused.exit_code == exits.NOTHING_SENT
    assert len(sandbox.messages) == len(GOOD)


def test_what_is_left_of_a_sheet_is_mended_and_sent_again(folder: Folder, sandbox: Sandbox) -> None:
    write_xlsx(folder.path / "orders.xlsx", [*ROWS, (-85298765370, "Zoé")], sheet="Kunden", others=["Old"])
    with_keys(folder, 'sheet = "Kunden"', 'encoding = "cp1252"', 'delimiter = ";"')
    sent = folder.run(*SEND, "--recipients", "orders.xlsx")
    assert sent.exit_code == exits.NOT_ALL_ACCEPTED, sent.stderr
    folder.run("report", "run.jsonl", "--rows", "rejected", "--csv", "fix.csv")
    fix = folder.path / "fix.csv"
    fix.write_bytes(fix.read_bytes().replace(b"-852", b"+852"))

    given = ("orders.toml", "--recipients", "fix.csv")
    assert json.loads(folder.run("check", *given, "--offline", "--json").stdout)["ready"] == 1
    again = folder.run("send", *given, "--yes", "--log", "again.jsonl")
    assert again.exit_code == exits.FINISHED, again.stderr
    assert "+85298765370" in recipients(sandbox)
    assert any("Zoé" in str(text) for text in texts(sandbox))
    again = folder.run("report", "again.jsonl", "--rows", "accepted", "--csv", "-")
    assert "+85298765370;Zo" in again.stdout


def test_letters_that_the_campaigns_encoding_lacks_are_not_lost(folder: Folder) -> None:
    write_xlsx(folder.path / "orders.xlsx", [("phone", "name"), ("nobody", "Олег"), *GOOD])
    with_keys(folder, 'encoding = "cp1252"')
    folder.run(*SEND, "--recipients", "orders.xlsx")
    made = folder.run("report", "run.jsonl", "--rows", "rejected", "--csv", "fix.csv")
    assert made.exit_code == exits.NOTHING_SENT
    assert "fix.csv: cannot be written: cp1252, the campaign's encoding, has no 'О'" in made.stderr
    assert not (folder.path / "fix.csv").exists()


def test_recipients_named_under_the_message_are_told_where_they_belong(folder: Folder) -> None:
    text = folder.campaign.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("recipients"))
    moved = text.replace(line, "").replace("[message]\n", f"[message]\n{line}\n")
    folder.campaign.write_text(moved, encoding="utf-8")
    assert "'recipients'; it belongs at the top of the file" in folder.run("check", "orders.toml").stderr


def test_which_sheet_is_said(folder: Folder) -> None:
    write_xlsx(folder.path / "orders.xlsx", ROWS, others=["Old"])
    shown = folder.run("check", "orders.toml", "--recipients", "orders.xlsx", "--offline").stdout
    assert "orders.xlsx, sheet 'People', the first of 2" in " ".join(shown.split())
    asked = folder.run("send", "orders.toml", "--recipients", "orders.xlsx").stderr
    assert "5 rows of orders.xlsx, sheet 'People', the first of 2" in " ".join(asked.split())
    chosen = folder.run("check", "orders.toml", "--recipients", "orders.xlsx", "--sheet", "Old")
    assert "unknown column 'phone'" in chosen.stderr


def test_the_options_decide_over_the_campaign_and_stay_in_the_log(folder: Folder, sandbox: Sandbox) -> None:
    with_keys(folder, 'country = "FR"', 'encoding = "utf-8"', 'delimiter = ";"')
    (folder.path / "orders.csv").write_bytes(
        "phone:name\n07911 123456:Zoë;x\n07911 123457:Bo\n".encode("cp1252")
    )
    options = ("--country", "gb", "--encoding", "windows-1252", "--delimiter", ":")
    for command in ("check", "preview"):
        assert folder.run(command, "orders.toml", *options).exit_code == exits.FINISHED

    assert folder.run(*SEND, *options, "--limit", "1").exit_code == exits.FINISHED
    settings = lines(folder.path / "run.jsonl")[0]["settings"]
    assert isinstance(settings, dict)
    assert (settings["country"], settings["encoding"], settings["delimiter"]) == ("GB", "cp1252", ":")
    assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.FINISHED
    assert recipients(sandbox) == ["+447911123456", "+447911123457"]
    assert texts(sandbox) == ["Hello Bo", "Hello Zoë;x"]


def test_the_campaigns_own_words_are_kept_too(folder: Folder, sandbox: Sandbox) -> None:
    with_keys(folder, 'country = "GB"', 'encoding = "Windows-1252"', 'delimiter = "tab"')
    (folder.path / "orders.csv").write_bytes("phone\tname\n07911 123456\tZoë, x\n".encode("cp1252"))
    assert folder.run(*SEND).exit_code == exits.FINISHED
    assert recipients(sandbox) == ["+447911123456"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--country", "UK", 'did you mean "GB"?'),
        ("--encoding", "cp1225", "is no encoding of text; did you mean 'cp125"),
        ("--delimiter", "ab", "is no delimiter; expected one character"),
        ("--sheet", "People", "is no workbook, and has no sheet 'People'"),
    ],
)
def test_what_names_nothing_is_refused(folder: Folder, option: str, value: str, words: str) -> None:
    refused = folder.run(*SEND, option, value)
    assert refused.exit_code == exits.NOTHING_SENT
    assert words in " ".join(refused.stderr.split())
    key = option.removeprefix("--")
    with_keys(folder, f'{key} = "{value}"')
    assert words in " ".join(folder.run("check", "orders.toml").stderr.split())


def test_a_sheet_is_asked_in_vain_of_another_csv_too(folder: Folder, sandbox: Sandbox) -> None:
    with_keys(folder, 'sheet = "People"')
    (folder.path / "other.csv").write_text("phone,name\n+447911123456,Ada\n")
    for command in (SEND, ("check", "orders.toml"), ("preview", "orders.toml")):
        refused = folder.run(*command, "--recipients", "other.csv", "--sheet", "Old")
        assert refused.exit_code == exits.NOTHING_SENT
        assert "other.csv: is no workbook, and has no sheet 'Old': leave --sheet out" in " ".join(
            refused.stderr.split()
        )
    # The campaign's own is its workbook's.
    assert folder.run(*SEND, "--recipients", "other.csv").exit_code == exits.FINISHED
    assert texts(sandbox) == ["Hello Ada"]


def test_a_guess_at_the_encoding_is_shown_with_what_to_type(folder: Folder, sandbox: Sandbox) -> None:
    (folder.path / "orders.csv").write_bytes("phone,name\n+447911123456,José\n".encode("cp1252"))
    refused = folder.run(*SEND)
    assert refused.exit_code == exits.NOTHING_SENT
    assert "It looks like Windows-1252 (Western Europe): 'José'? Then use --encoding cp1252" in refused.stderr
    assert folder.run(*SEND, "--encoding", "cp1252").exit_code == exits.FINISHED
    assert texts(sandbox) == ["Hello José"]


class TestStandardInput:
    def test_of_a_process_is_read(self, folder: Folder, sandbox: Sandbox) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", "wa_bulk", *SEND, "--recipients", "-"],
            cwd=folder.path,
            env={**os.environ, **folder.environment},
            input=(folder.path / "orders.csv").read_bytes(),
            capture_output=True,
            check=False,
        )
        assert ended.returncode == exits.FINISHED, ended.stderr
        assert recipients(sandbox) == [number for number, _ in GOOD]

    @pytest.mark.parametrize("kind", ["csv", "csv.gz", "xlsx"])
    def test_is_kept_beside_the_log_so_that_the_run_can_go_on(
        self, folder: Folder, sandbox: Sandbox, kind: str
    ) -> None:
        WRITERS[kind](folder.path / "given", ROWS)
        data = (folder.path / "given").read_bytes()
        (folder.path / "given").unlink()
        ended = folder.feed(data, *SEND, "--recipients", "-", "--limit", "2")
        assert ended.exit_code == exits.FINISHED, ended.stderr
        kept = folder.path / "run.jsonl.recipients"
        assert kept.read_bytes() == data
        assert kept.stat().st_mode & 0o777 == 0o600
        assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.FINISHED
        assert recipients(sandbox) == [number for number, _ in GOOD]

    @pytest.mark.parametrize(
        ("data", "options", "words"),
        [
            (b"", ("--yes",), "standard input is empty"),
            (b"phone\n1\n", ("--yes",), "unknown column 'name'"),
            (b"phone,name\n+447911123456,Ada\n", (), "there is no terminal to ask on"),
        ],
    )
    def test_is_not_kept_where_nothing_is_sent(
        self, folder: Folder, data: bytes, options: tuple[str, ...], words: str
    ) -> None:
        command = ("send", "orders.toml", "--log", "run.jsonl", "--recipients", "-", *options)
        ended = folder.feed(data, *command)
        assert ended.exit_code == exits.NOTHING_SENT
        assert words in ended.stderr
        assert not list(folder.path.glob("run.jsonl*"))

    def test_is_checked_and_previewed_too(self, folder: Folder) -> None:
        data = b"phone,name\n+447911123456,Ada\n"
        checked = folder.feed(data, "check", "orders.toml", "--recipients", "-", "--json")
        assert json.loads(checked.stdout)["ready"] == 1
        assert json.loads(checked.stdout)["recipients"] == "-"
        previewed = folder.feed(data, "preview", "orders.toml", "--recipients", "-")
        assert json.loads(previewed.stdout)["to"] == ["+447911123456"]


def test_a_pipe_in_place_of_any_file_is_said_at_once(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe")
    for command in (
        ("send", "pipe", "--yes", "--log", "run.jsonl"),
        (*SEND, "--recipients", "pipe"),
        ("send", "orders.toml", "--yes", "--log", "pipe"),
        ("check", "pipe"),
        ("check", "orders.toml", "--recipients", "pipe"),
        ("resume", "pipe", "--yes"),
        ("report", "pipe"),
    ):
        refused = folder.run(*command)
        assert refused.exit_code == exits.NOTHING_SENT, command
        assert "pipe" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (folder.path / "run.jsonl").exists()


def test_a_sheet_that_ends_in_a_million_rows_of_commas(folder: Folder) -> None:
    rows = "".join(f"{number},{name},,,\n" for number, name in ROWS)
    (folder.path / "orders.csv").write_text(rows + ",,,,\n" * 1_048_565, encoding="utf-8")
    assert folder.run(*SEND).exit_code == exits.FINISHED
    assert totals(folder, "run.jsonl") == {"accepted": 5}
    assert (folder.path / "run.jsonl").stat().st_size < 10_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's books of memory")
def test_a_very_long_line_is_read_in_pieces(folder: Folder) -> None:
    packed = io.BytesIO()
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(b"phone,note,name\n+447911123456,")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b",Ada\n+447911123457,y,Bo\n")
    (folder.path / "orders.csv.gz").write_bytes(packed.getvalue())
    script = (
        "import sys; from wa_bulk.cli import main\n"
        "try: main()\n"
        "finally: print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0], file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "check", "orders.toml", "--recipients", "orders.csv.gz", "--json"],
        cwd=folder.path,
        env={**os.environ, **folder.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(ended.stdout)["ready"] == 2
    assert int(ended.stderr.split()[-1]) < 100_000  # KiB


def test_an_archive_is_not_taken_for_a_table(folder: Folder) -> None:
    with zipfile.ZipFile(folder.path / "orders.zip", "w") as archive:
        archive.write(folder.path / "orders.csv")
    refused = folder.run("check", "orders.toml", "--recipients", Path("orders.zip"))
    assert "is a zip archive, no CSV and no workbook: unpack it first" in " ".join(refused.stderr.split())
