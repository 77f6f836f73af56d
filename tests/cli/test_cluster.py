"""`wa-bulk cluster`: a campaign through a real Redis."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import FAULTY, GOOD, Folder
from tests.cli.test_template_check import ROWS, write
from tests.cluster.redis_server import RedisServer
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox


@pytest.fixture
def cluster(folder: Folder, redis_server: RedisServer) -> Folder:
    """The campaign's folder, with a Redis."""
    folder.environment["WA_BULK_REDIS"] = redis_server.url
    return folder


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def results(log: Path) -> list[tuple[object, ...]]:
    """What a log says of each row, without what differs from one sending to the next."""
    found = [line for line in lines(log) if line["type"] == "result"]
    return sorted((line["row"], line["to"], line["status"], line.get("reason")) for line in found)


def submitted(cluster: Folder, *options: str) -> str:
    result = cluster.run("cluster", "submit", "orders.toml", *options)
    assert result.exit_code == exits.FINISHED, result.stderr
    run, end = result.stdout.split("\n")
    assert end == ""
    return run


def status(cluster: Folder, run: str) -> dict[str, Any]:
    result = cluster.run("cluster", "status", run, "--json")
    assert result.exit_code == exits.FINISHED, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_log_is_that_of_a_single_run(cluster: Folder, sandbox: Sandbox) -> None:
    cluster.recipients(FAULTY)
    run = submitted(cluster)
    assert status(cluster, run)["state"] == "active"
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    told = status(cluster, run)
    assert (told["state"], told["rows"], told["unsent"]) == ("finished", 8, 0)
    assert told["totals"] == {"accepted": 5, "rejected": 2, "failed": 0, "unknown": 0, "skipped": 1}

    log = cluster.path / "run.jsonl"
    assert cluster.run("cluster", "collect", run, "--log", log).exit_code == exits.FINISHED
    first, *_, last = lines(log)
    assert (first["type"], first["run_id"], first["source"]["rows"]) == ("run", run, 8)
    assert (last["type"], last["stopped"], last["totals"]) == ("end", None, told["totals"])
    sent = [message.to for message in sandbox.messages]
    assert sorted(sent) == sorted(phone for phone, _ in GOOD)

    single = cluster.run("send", "orders.toml", "--yes", "--again", "--log", "single.jsonl")
    assert single.exit_code == exits.NOT_ALL_ACCEPTED
    assert results(log) == results(cluster.path / "single.jsonl")
    summary = json.loads(cluster.run("report", log, "--json").stdout)
    assert summary["totals"] == told["totals"]

    again = log.read_bytes()
    assert cluster.run("cluster", "collect", run, "--log", log).exit_code == exits.FINISHED
    assert log.read_bytes() == again
    refused = cluster.run("resume", log, "--yes")
    assert refused.exit_code == exits.NOTHING_SENT
    assert f"wa-bulk cluster retry {run}" in refused.stderr


def test_several_runs_at_once(cluster: Folder) -> None:
    first = submitted(cluster)
    other = (cluster.path / "orders.toml").read_text().replace('"orders"', '"others"').replace("Hello", "Bye")
    (cluster.path / "orders.toml").write_text(other)
    second = submitted(cluster, "--limit", "3")
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    assert status(cluster, first)["totals"]["accepted"] == 5
    assert status(cluster, second)["totals"]["accepted"] == 3
    told = cluster.run("cluster", "status").stdout
    assert told.index(first) < told.index(second)
    assert "5 of 5 settled: 5 accepted" in told


def test_pause_continue_cancel(cluster: Folder, sandbox: Sandbox) -> None:
    run = submitted(cluster)
    assert cluster.run("cluster", "pause", run).exit_code == exits.FINISHED
    assert status(cluster, run)["state"] == "paused"
    worker = cluster.start("cluster", "worker", "--until-done")
    assert cluster.run("cluster", "cancel", run).exit_code == exits.FINISHED
    worker.communicate(timeout=30)
    assert worker.returncode == exits.FINISHED
    assert not sandbox.messages
    refused = cluster.run("cluster", "continue", run)
    assert refused.exit_code == exits.NOTHING_SENT
    assert f"run {run} is cancelled: it cannot be told to continue" in refused.stderr
    assert cluster.run("cluster", "collect", run, "--log", "run.jsonl").exit_code == exits.FINISHED
    end = lines(cluster.path / "run.jsonl")[-1]
    assert (end["stopped"], end["detail"]) == ("interrupted", "cancelled")

    run = submitted(cluster)  # a cancelled one may be submitted again
    cluster.run("cluster", "pause", run)
    cluster.run("cluster", "continue", run)
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    assert len(sandbox.messages) == 5


def test_a_fatal_answer_stops_the_run_and_it_goes_on_when_that_is_mended(cluster: Folder) -> None:
    run = submitted(cluster)
    stopped = cluster.run("cluster", "worker", "--until-done", WA_BULK_DEV_SECRET="another-one-entirely")
    assert stopped.exit_code == exits.STOPPED_EARLY
    told = status(cluster, run)
    assert told["state"] == "stopped"
    assert "code 2001" in told["detail"]
    assert told["unsent"] == 5
    log = cluster.path / "run.jsonl"
    cluster.run("cluster", "collect", run, "--log", log)
    assert cluster.run("cluster", "continue", run).exit_code == exits.FINISHED
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    assert cluster.run("cluster", "collect", run, "--log", log, "--follow").exit_code == exits.FINISHED
    ends = [line["stopped"] for line in lines(log) if line["type"] == "end"]
    assert ends == ["fatal", None]
    assert [row[2] for row in results(log)] == ["accepted"] * 5


def test_failed_rows_are_sent_again(cluster: Folder, sandbox: Sandbox) -> None:
    campaign = cluster.campaign.read_text().replace("Hello {name}", "{name}")
    cluster.campaign.write_text(campaign)
    cluster.recipients([*GOOD[:3], ("+4915228810009", "one that fails"), *GOOD[3:]])
    server = Refusing(b'{"code":9999,"message":"not now"}')
    with server.listening() as url:
        run = submitted(cluster, "--base-url", url)
        assert cluster.run("cluster", "worker", "--until-done", WA_BULK_BASE_URL=url).exit_code == 0
    assert status(cluster, run)["totals"]["failed"] == 6
    log = cluster.path / "run.jsonl"
    cluster.run("cluster", "collect", run, "--log", log)
    told = cluster.run("cluster", "retry", run, "--failed")
    assert told.exit_code == exits.FINISHED, told.stderr
    assert f"6 rows of run {run} will be sent again" in told.stderr
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    assert status(cluster, run)["totals"]["accepted"] == 6
    assert cluster.run("cluster", "collect", run, "--log", log).exit_code == exits.FINISHED
    summary = json.loads(cluster.run("report", log, "--json").stdout)
    assert (summary["totals"]["accepted"], summary["totals"]["failed"]) == (6, 0)
    nothing = cluster.run("cluster", "retry", run)
    assert "which rows are to be sent again?" in nothing.stderr


def test_a_worker_that_is_told_to_end_hands_back_what_it_has(cluster: Folder, sandbox: Sandbox) -> None:
    cluster.recipients([(f"+44791112{number:04d}", "Ann") for number in range(400)])
    run = submitted(cluster, "--rate", "100")
    worker = cluster.start("cluster", "worker")
    while not sandbox.messages:
        assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    _, told = worker.communicate(timeout=30)
    assert worker.returncode == exits.FINISHED, told
    after = status(cluster, run)
    assert 0 < after["totals"]["accepted"] == len(sandbox.messages) < 400
    assert after["totals"]["unknown"] == 0
    cluster.run("cluster", "pause", run)


def test_suppressed_numbers_are_left_out(cluster: Folder) -> None:
    assert cluster.run("suppress", "add", GOOD[0][0]).exit_code == exits.FINISHED
    run = submitted(cluster)
    cluster.run("cluster", "worker", "--until-done")
    assert status(cluster, run)["totals"] == {
        "accepted": 4,
        "rejected": 0,
        "failed": 0,
        "unknown": 0,
        "skipped": 1,
    }


# What cannot be


def test_without_a_redis(folder: Folder) -> None:
    nothing = folder.run("cluster", "status")
    assert nothing.exit_code == exits.NOTHING_SENT
    assert "no Redis is named" in nothing.stderr
    away = folder.run("cluster", "submit", "orders.toml", "--redis", "redis://user:hush@127.0.0.1:1/0")
    assert away.exit_code == exits.NOTHING_SENT
    assert away.stdout == ""
    assert "Redis at redis://user:***@127.0.0.1:1/0 cannot be reached" in away.stderr
    no_url = folder.run("cluster", "status", "--redis", "localhost:6379")
    assert "is no address of Redis" in no_url.stderr
    no_database = folder.run("cluster", "status", "--redis", "redis://127.0.0.1:1/orders")
    assert "'orders' is no database: they are numbered, from 0" in no_database.stderr
    server = folder.run(
        "cluster", "status", "--redis", folder.environment["WA_BULK_BASE_URL"].replace("http", "redis")
    )
    assert "is no Redis (" in server.stderr


def test_a_redis_that_cannot_be_used(folder: Folder, tmp_path: Path) -> None:
    with RedisServer(
        tmp_path, requirepass="right", maxmemory="100mb", maxmemory_policy="allkeys-lru"
    ) as server:
        wrong = folder.run("cluster", "status", "--redis", f"redis://:wrong@127.0.0.1:{server.port}/0")
        assert wrong.exit_code == exits.NOTHING_SENT
        assert "refuses the password or the user" in wrong.stderr
        evicting = folder.run("cluster", "submit", "orders.toml", "--redis", server.url)
        assert evicting.exit_code == exits.NOTHING_SENT
        assert "drops data when its memory is full (maxmemory-policy allkeys-lru)" in evicting.stderr


def test_a_redis_that_is_too_old(folder: Folder) -> None:
    info = b"# Server\r\nredis_version:6.2.14\r\n"
    with Refusing(b"", raw=b"$%d\r\n%b\r\n" % (len(info), info)).listening() as url:
        port = url.rpartition(":")[2]
        old = folder.run("cluster", "status", "--redis", f"redis://127.0.0.1:{port}/0")
    assert old.exit_code == exits.NOTHING_SENT
    assert "is version 6.2.14: 7 or newer is needed" in old.stderr


def test_a_run_that_is_none(cluster: Folder) -> None:
    for words in (["status"], ["pause"], ["cancel"], ["retry", "--failed"], ["collect", "--log", "x.jsonl"]):
        result = cluster.run("cluster", words[0], "0123456789ab", *words[1:])
        assert result.exit_code == exits.NOTHING_SENT, words
        assert "there is no run '0123456789ab' in this Redis" in result.stderr
    assert not (cluster.path / "x.jsonl").exists()


def test_the_same_is_not_submitted_twice(cluster: Folder) -> None:
    run = submitted(cluster)
    again = cluster.run("cluster", "submit", "orders.toml")
    assert again.exit_code == exits.NOTHING_SENT
    assert again.stdout == ""
    assert f"was submitted with these recipients already, as run {run}" in again.stderr
    assert submitted(cluster, "--again") != run


def test_what_does_not_fit_its_template_is_not_submitted(cluster: Folder, sandbox: Sandbox) -> None:
    write(cluster, "paused_offer")
    refused = cluster.run("cluster", "submit", "orders.toml")
    assert (refused.exit_code, refused.stdout) == (exits.NOTHING_SENT, "")
    assert "paused_offer (en) is PAUSED" in refused.stderr
    write(cluster, language="{name}")
    cluster.recipients(ROWS)
    run = submitted(cluster)
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    totals = status(cluster, run)["totals"]
    assert (totals["accepted"], totals["rejected"]) == (2, 1)


def test_what_was_sent_already_is_not_submitted(cluster: Folder, sandbox: Sandbox) -> None:
    assert cluster.run("send", "orders.toml", "--yes", "--log", "single.jsonl").exit_code == exits.FINISHED
    refused = cluster.run("cluster", "submit", "orders.toml")
    assert (refused.exit_code, refused.stdout) == (exits.NOTHING_SENT, "")
    assert "orders was sent to these recipients already: run " in refused.stderr
    assert json.loads(cluster.run("cluster", "status", "--json").stdout) == []
    run = submitted(cluster, "--again")
    cluster.run("cluster", "worker", "--until-done")
    assert len(sandbox.messages) == 10
    assert status(cluster, run)["totals"]["accepted"] == 5


def test_the_memory_knows_of_a_run_in_the_cluster(cluster: Folder, redis_server: RedisServer) -> None:
    def known() -> dict[str, Any]:
        (found,) = json.loads(cluster.run("runs", "--json").stdout)
        return {name: found[name] for name in ("run_id", "state", "stopped", "log")}

    run = submitted(cluster)
    assert known() == {"run_id": run, "state": "running", "stopped": None, "log": None}
    assert f"not collected yet: wa-bulk cluster status {run}" in cluster.run("runs").stdout
    single = cluster.run("send", "orders.toml", "--yes", "--log", "single.jsonl")
    assert single.exit_code == exits.NOTHING_SENT
    assert "orders was sent to these recipients already" in single.stderr
    assert f"How it is:  wa-bulk cluster status {run}" in single.stderr
    nothing = cluster.run("resume", "--yes")
    assert "no run that is not finished" in nothing.stderr

    log = str(cluster.path / "run.jsonl")
    nothing = cluster.run("cluster", "collect", run, "--log", log)
    assert nothing.exit_code == exits.FINISHED, nothing.stderr
    assert known()["state"] == "running"
    cluster.run("cluster", "worker", "--until-done")
    all_of_it = cluster.run("cluster", "collect", run, "--log", log)
    assert all_of_it.exit_code == exits.FINISHED, all_of_it.stderr
    assert known() == {"run_id": run, "state": "finished", "stopped": None, "log": log}
    redis_server.command("FLUSHALL")
    lost = cluster.run("cluster", "submit", "orders.toml")
    assert "5 accepted of 5 rows" in lost.stderr
    assert lost.exit_code == exits.NOTHING_SENT


def test_what_was_cancelled_unsent_may_be_sent(cluster: Folder) -> None:
    run = submitted(cluster)
    cluster.run("cluster", "cancel", run)
    assert [run["state"] for run in json.loads(cluster.run("runs", "--json").stdout)] == ["stopped"]
    assert submitted(cluster) != run


def test_who_is_selected(cluster: Folder, sandbox: Sandbox) -> None:
    (cluster.path / "some.txt").write_text("\n".join(phone for phone, _ in GOOD[:3]) + "\n")
    (cluster.path / "staff.csv").write_text(f"phone\n{GOOD[0][0]}\n")
    options = ("--only", "some.txt", "--exclude", "staff.csv")
    run = submitted(cluster, *options)
    assert "was submitted with these recipients already" in (
        cluster.run("cluster", "submit", "orders.toml", *options).stderr
    )
    cluster.run("cluster", "worker", "--until-done")
    assert sorted(message.to for message in sandbox.messages) == [phone for phone, _ in GOOD[1:3]]
    assert status(cluster, run)["totals"]["skipped"] == 3
    cluster.run("cluster", "collect", run, "--log", "run.jsonl")
    cluster.run("cluster", "retry", run, "--failed")
    rest = submitted(cluster, "--except", "run.jsonl")
    cluster.run("cluster", "worker", "--until-done")
    assert status(cluster, rest)["totals"]["accepted"] == 3
    assert len(sandbox.messages) == 5


def test_a_run_has_one_log(cluster: Folder) -> None:
    run = submitted(cluster)
    cluster.run("cluster", "worker", "--until-done")
    assert cluster.run("cluster", "collect", run, "--log", "run.jsonl").exit_code == exits.FINISHED
    other = cluster.run("cluster", "collect", run, "--log", "other.jsonl")
    assert other.exit_code == exits.NOTHING_SENT
    assert f"were collected into {cluster.path / 'run.jsonl'} and are in no other place" in other.stderr
    cluster.run("send", "orders.toml", "--yes", "--again", "--log", "single.jsonl")
    foreign = cluster.run("cluster", "collect", run, "--log", "single.jsonl")
    assert "is the log of run" in foreign.stderr


def test_recipients_that_changed_are_not_sent_again(cluster: Folder) -> None:
    run = submitted(cluster)
    cluster.run("cluster", "worker", "--until-done")
    cluster.recipients(GOOD[:3])
    refused = cluster.run("cluster", "retry", run, "--unknown")
    assert refused.exit_code == exits.NOTHING_SENT
    assert f"is not the file that run {run} was submitted with" in refused.stderr


class Refusing:
    """A server that answers every request alike."""

    def __init__(self, body: bytes, *, raw: bytes | None = None) -> None:
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._reply = head + body if raw is None else raw
        self._speaks_redis = raw is not None

    @contextmanager
    def listening(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
            server.shutdown(socket.SHUT_RDWR)

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            while data := connection.recv(1 << 16):
                connection.sendall(self._reply * (data.count(b"*") if self._speaks_redis else 1))
