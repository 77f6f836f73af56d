"""What a hostile file, server, terminal or operating system may do: no traceback, no lie, nothing lost."""

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.cli.conftest import GOOD, Folder
from tests.cli.test_running import ANSWERED_AFTER_1_5_S, arrivals, last, lines, totals
from wa_bulk.campaign.settings import Settings
from wa_bulk.cli import exits, progress
from wa_bulk.sandbox import Sandbox

SEND = ("send", "orders.toml", "--yes", "--log", "run.jsonl")
ESCAPE = "\x1b]0;pwned\x07\x1b[31m"


def shell(folder: Folder, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `script`, in which `wa-bulk` is this one, in the folder."""
    return subprocess.run(
        ["sh", "-c", script.replace("wa-bulk", f"'{sys.executable}' -m wa_bulk")],
        cwd=folder.path,
        env={**os.environ, **folder.environment, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


SOAK = pytest.mark.soak  # more of a kind whose members differ little, each a process or two


class TestStreams:
    """A run is not to end, nor its log to suffer, for the sake of who watches it."""

    @pytest.mark.parametrize(
        "closed", ["<&- >&- 2>&-", *(pytest.param(way, marks=SOAK) for way in ("<&-", ">&-", "2>&-"))]
    )
    def test_closed_from_the_start(self, folder: Folder, sandbox: Sandbox, closed: str) -> None:
        ended = shell(folder, f"wa-bulk {' '.join(SEND)} {closed}")

        assert ended.returncode == exits.FINISHED, ended.stderr
        assert [line["type"] for line in lines(folder.path / "run.jsonl")] == [
            "run",
            "intent",
            *5 * ["result"],
            "end",
        ]
        assert len(sandbox.messages) == 5

    @pytest.mark.parametrize(
        ("lost", "unbuffered"),
        [
            ("2>/dev/full", ""),
            (">/dev/full 2>&1", "1"),
            pytest.param("2>/dev/full", "1", marks=SOAK),
            pytest.param(">/dev/full 2>&1", "", marks=SOAK),
        ],
    )
    def test_nowhere_to_write_the_progress(self, folder: Folder, lost: str, unbuffered: str) -> None:
        ended = shell(folder, f"wa-bulk {' '.join(SEND)} {lost}", PYTHONUNBUFFERED=unbuffered)

        assert ended.returncode == exits.FINISHED
        assert totals(folder, "run.jsonl") == {"accepted": 5}

    def test_a_reader_of_the_progress_who_goes_away(self, folder: Folder) -> None:
        ended = shell(folder, f"{{ wa-bulk {' '.join(SEND)} 2>&1; echo $? >code; }} | true")

        assert ended.stderr == ""
        assert (folder.path / "code").read_text() == "0\n"
        assert totals(folder, "run.jsonl") == {"accepted": 5}

    def test_without_a_terminal_and_without_a_stdin_it_does_not_ask(
        self, folder: Folder, sandbox: Sandbox
    ) -> None:
        ended = shell(folder, "wa-bulk send orders.toml <&-")

        assert ended.returncode == exits.NOTHING_SENT
        assert "no terminal to ask on" in ended.stderr
        assert sandbox.messages == []

    @pytest.mark.parametrize(
        "command",
        [
            "check orders.toml --json",
            *(
                pytest.param(command, marks=SOAK)
                for command in ("check orders.toml", "report run.jsonl --csv -", "--help")
            ),
        ],
    )
    def test_nowhere_to_write_the_data(self, folder: Folder, command: str) -> None:
        assert folder.run(*SEND).exit_code == exits.FINISHED

        for ends in (f"wa-bulk {command} >/dev/full", f"{{ wa-bulk {command}; echo $? >code; }} | true"):
            ended = shell(folder, ends, PYTHONUNBUFFERED="")
            assert "Traceback" not in ended.stderr
            assert "Exception ignored" not in ended.stderr
            if "full" in ends:
                assert ended.returncode == exits.NOTHING_SENT
                assert "No space left on device" in ended.stderr
            else:
                assert ended.stderr == ""
                assert (folder.path / "code").read_text() in {"0\n", "2\n"}


IGNORING = ["sh", "-c", 'trap "" HUP INT; exec "$@"', "sh"]


class TestSignals:
    def test_a_terminal_that_closes_drains_what_is_in_flight_however_often_it_says_so(
        self, folder: Folder, sandbox: Sandbox
    ) -> None:
        folder.recipients([(ANSWERED_AFTER_1_5_S, "Slow"), *GOOD])
        with arrivals(sandbox) as arrived:
            process = folder.start(*SEND, "--concurrency", "1")
            assert next(arrived) == ANSWERED_AFTER_1_5_S
            process.send_signal(signal.SIGHUP)
            assert process.stderr is not None
            assert any("finishing 1 request in flight" in line for line in process.stderr)
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=30)

        assert process.returncode == exits.INTERRUPTED
        assert last(folder.path / "run.jsonl")["stopped"] == "interrupted"
        assert totals(folder, "run.jsonl") == {"accepted": 1}

    def test_a_signal_that_was_ignored_before_stays_ignored(self, folder: Folder, sandbox: Sandbox) -> None:
        folder.recipients([(ANSWERED_AFTER_1_5_S, "Slow"), *GOOD])
        with arrivals(sandbox) as arrived:
            process = subprocess.Popen(
                [*IGNORING, sys.executable, "-m", "wa_bulk", *SEND, "--concurrency", "1"],
                cwd=folder.path,
                env={**os.environ, **folder.environment},
                stderr=subprocess.PIPE,
            )
            assert next(arrived) == ANSWERED_AFTER_1_5_S
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)

        assert process.returncode == exits.FINISHED
        assert totals(folder, "run.jsonl") == {"accepted": 6}


@pytest.fixture
def hostile_server() -> Iterator[str]:
    """The address of a server that refuses every key, in words meant for the terminal, secret and all."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            authorization = b""
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"authorization":
                    authorization = value.strip()
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            message = f"{ESCAPE}no, {authorization.decode()}\nError: gone"
            body = json.dumps({"code": 2001, "message": message}).encode()
            head = f"HTTP/1.1 401 Unauthorized\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_servers_words_neither_steer_the_terminal_nor_tell_the_secret(
    folder: Folder, hostile_server: str
) -> None:
    stopped = folder.run(*SEND, "--base-url", hostile_server)
    report = folder.run("report", "run.jsonl")

    assert stopped.exit_code == exits.STOPPED_EARLY
    for shown in (stopped.stderr, report.stdout):
        assert "\x1b" not in shown
        assert "no, Basic ***" in shown
    assert "c2FuZGJveDpzYW5kYm94" not in (folder.path / "run.jsonl").read_text()


def test_a_csvs_values_do_not_steer_the_terminal(folder: Folder) -> None:
    folder.recipients([*GOOD, (f"{ESCAPE}+4915228817386", "Ann"), ("+4915228817385", "A\u202eB" * 2000)])

    for command in (["check", "orders.toml"], [*SEND], ["report", "run.jsonl"]):
        assert "\x1b" not in folder.run(*command).output


class TestReport:
    def test_never_overwrites_what_cannot_be_made_again(self, folder: Folder) -> None:
        folder.run(*SEND)
        (folder.path / "link.csv").symlink_to("orders.csv")
        for name in ("orders.csv", "run.jsonl", "memory.db"):
            (folder.path / f"hard-{name}").hardlink_to(folder.path / name)
        (folder.path / "newer.jsonl").write_text('{"type":"run","format":99}\n')
        files = {path.name: path.read_bytes() for path in folder.path.iterdir()}

        for option in ("--csv", "--html"):
            for name in (
                "run.jsonl", "./orders.toml", "orders.csv", "link.csv", "hard-orders.csv", "hard-run.jsonl",
                "newer.jsonl", "memory.db", "hard-memory.db",
            ):  # fmt: skip
                for command in (("report", "run.jsonl"), ("check", "orders.toml", "--offline")):
                    if command[0] == "check" and option == "--html":
                        continue
                    result = folder.run(*command, option, name)
                    assert result.exit_code == exits.NOTHING_SENT, (command, name)
                    assert "must not be overwritten" in result.stderr

        assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == files

    def test_is_not_written_over_another(self, folder: Folder) -> None:
        folder.run(*SEND)
        result = folder.run("report", "run.jsonl", "--csv", "out", "--html", "./out")
        assert result.exit_code == exits.NOTHING_SENT
        assert "named for two reports" in result.stderr

    def test_of_a_check_never_overwrites_what_it_reads(self, folder: Folder) -> None:
        other, rates = folder.path / "other.csv", folder.path / "rates.csv"
        other.write_text("phone,name\n+447911123456,Ada\n")
        rates.write_text("country,category,price,currency\n*,*,0.01,EUR\n")
        for name, option in (("other.csv", "--recipients"), ("rates.csv", "--rates")):
            before = (folder.path / name).read_bytes()
            result = folder.run("check", "orders.toml", "--offline", option, name, "--csv", name)
            assert result.exit_code == exits.NOTHING_SENT
            assert "must not be overwritten" in result.stderr
            assert (folder.path / name).read_bytes() == before

    def test_that_fails_leaves_what_was_there(self, folder: Folder) -> None:
        (folder.path / "rows.csv").write_text("precious")

        for log in ("orders.csv", "missing.jsonl"):
            for written in ("rows.csv", "new.csv"):
                assert folder.run("report", log, "--csv", written).exit_code == exits.NOTHING_SENT

        assert (folder.path / "rows.csv").read_text() == "precious"
        assert not (folder.path / "new.csv").exists()

    def test_is_written_again_over_an_earlier_one(self, folder: Folder) -> None:
        folder.run(*SEND)
        for _ in range(2):
            assert folder.run("report", "run.jsonl", "--csv", "rows.csv").exit_code == exits.FINISHED
        assert len((folder.path / "rows.csv").read_text().splitlines()) == 6

    def test_goes_to_a_pipe_too(self, folder: Folder) -> None:
        folder.run(*SEND)
        ended = shell(folder, "wa-bulk report run.jsonl --csv /dev/stdout | wc -l")
        assert ended.stdout.strip() == "6"


class TestLog:
    @pytest.mark.parametrize(
        ("old", "new", "commands"),
        [
            ('"concurrency":64', '"concurrency":"many"', ["resume"]),
            ('"concurrency":64', '"concurrency":-1', ["resume"]),
            ('"rate":0.0', '"rate":-1', ["resume"]),
            ('"at":"2', '"at":"once, 2', ["report"]),
            ('"row":1,', '"row":99,', ["resume", "report"]),
            ('"to":"+', '"to":"nobody ', ["resume"]),
            ('"to":"+', '"to":"+999999999', ["resume"]),
        ],
    )
    def test_that_somebody_edited(
        self, folder: Folder, sandbox: Sandbox, old: str, new: str, commands: list[str]
    ) -> None:
        folder.run(*SEND, "--limit", "2")
        sandbox.clear()
        log = folder.path / "run.jsonl"
        log.write_text(log.read_text().replace(old, new))
        before = log.read_bytes()

        for command in commands:
            result = folder.run(command, "run.jsonl", *(["--yes"] if command == "resume" else []))
            assert result.exit_code == exits.NOTHING_SENT, result.output
            assert "damaged" in result.stderr
        assert log.read_bytes() == before
        assert sandbox.messages == []

    def test_that_is_a_pipe(self, folder: Folder) -> None:
        os.mkfifo(folder.path / "pipe")
        assert "it is a pipe" in folder.run("resume", "pipe", "--yes").stderr
        assert folder.run("send", "orders.toml", "--yes", "--log", "pipe").exit_code == exits.NOTHING_SENT

    def test_has_a_name_that_fits_whatever_the_campaigns(self, folder: Folder) -> None:
        folder.campaign.write_text(
            folder.campaign.read_text().replace('"orders"', f'"../{97 * "字"}"'), encoding="utf-8"
        )
        assert folder.run("send", "orders.toml", "--yes").exit_code == exits.FINISHED
        (log,) = folder.path.glob("*.jsonl")
        assert log.name.startswith("字字字")

    def test_has_the_form_that_is_promised(self, folder: Folder) -> None:
        folder.recipients([*GOOD, ("nobody", "Bob"), GOOD[0]])
        folder.run(*SEND, "--concurrency", "2")

        log = lines(folder.path / "run.jsonl")
        assert (folder.path / "run.jsonl").stat().st_mode & 0o777 == 0o600
        assert {line["run_id"] for line in log} == {log[0]["run_id"]}
        run, *between, end = log
        assert run.keys() >= {"type", "run_id", "campaign", "at", "source", "campaign_sha256", "settings"}
        assert (run["type"], end["type"], end["stopped"]) == ("run", "end", None)
        assert end["totals"] == {"accepted": 5, "rejected": 1, "failed": 0, "unknown": 0, "skipped": 1}
        intended: set[object] = set()
        results: dict[object, dict[str, object]] = {}
        for line in between:
            if line["type"] == "intent":
                assert isinstance(line["rows"], list)
                first, last_row = line["rows"]
                intended.update(range(first, last_row + 1))
            else:
                assert line["type"] == "result"
                assert line.keys() >= {"row", "to", "status", "at", "attempts"}
                assert line["row"] not in results
                assert line["status"] != "accepted" or line["row"] in intended
                results[line["row"]] = line
        assert results.keys() == set(range(1, 8))
        assert results[1]["message_id"]
        assert results[7]["reason"] == "duplicate of row 1"


def test_a_wide_csv_is_not_listed_whole(folder: Folder) -> None:
    names = [f"column {n}" for n in range(5000)]
    (folder.path / "orders.csv").write_text(
        f"tel,{','.join(names)}\n+4915228817386,{','.join(names)}\n", encoding="utf-8"
    )
    result = folder.run("check", "orders.toml")

    assert result.exit_code == exits.NOTHING_SENT
    assert "the CSV has: tel, column 0, " in result.stderr
    assert "and 4,981 more" in result.stderr


def test_a_row_of_the_wrong_width_is_told_with_its_line(folder: Folder) -> None:
    (folder.path / "orders.csv").write_text(
        'phone,name\n+4915228817386,Ada\n+4915228817387,"B\nB",C\n+4915228817388\n', encoding="utf-8"
    )
    shown = folder.run("check", "orders.toml").stdout

    assert "rejected  has 3 values, but the header names 2 columns (row 2, line" in shown
    assert "rejected  has 1 value, but the header names 2 columns (row 3, line" in shown


def test_a_long_check_without_a_terminal_says_how_far_it_is(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.run("check", "orders.toml").stderr == ""

    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    result = folder.run("check", "orders.toml", "--json")

    assert result.stderr.splitlines()[0] == "checking: 5 of 5 rows"
    assert json.loads(result.stdout)["ready"] == 5


def test_what_limit_left_out_is_offered(folder: Folder) -> None:
    assert "wa-bulk resume run.jsonl" in folder.run(*SEND, "--limit", "4").stderr
    assert "1 row was left out by --limit" in folder.run("report", "run.jsonl").stdout


def test_a_demo_without_room_says_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.path / "sample").write_text("a file where a folder is wanted")
    result = folder.run("demo", "--dir", "sample/inside")

    assert result.exit_code == exits.NOTHING_SENT
    assert "sample" in result.stderr


def test_the_settings_of_a_log_are_those_of_the_command_line() -> None:
    assert Settings().as_log().keys() == set(Settings.__struct_fields__)
