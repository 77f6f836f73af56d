"""`wa-bulk callbacks --redis` on several machines, and `wa-bulk cluster collect`, which takes it all in."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from benchmarks.servers.running import free_port
from tests.callbacks.process import post, running
from tests.callbacks.rows import body, said, status
from tests.cli.conftest import GOOD, Folder
from tests.cluster.redis_server import RedisServer
from wa_bulk.cli import exits
from wa_bulk.cluster import keys
from wa_bulk.history import History
from wa_bulk.sandbox import Sandbox


@pytest.fixture
def cluster(folder: Folder, redis_server: RedisServer) -> Folder:
    """The campaign's folder, with a Redis."""
    folder.environment["WA_BULK_REDIS"] = redis_server.url
    return folder


def read(run: str, row: int) -> bytes:
    return body(status("read", message_id=f"m{row}", to=GOOD[row - 1][0], tag=f"{run}:{row}"))


def test_receivers_on_two_machines(cluster: Folder, redis_server: RedisServer, tmp_path: Path) -> None:
    """What they were told is in the memory after `collect`: for reports, and whoever wrote STOP."""
    run = cluster.run("cluster", "submit", "orders.toml").stdout.strip()
    cluster.run("cluster", "worker", "--until-done")
    elsewhere, ports = tmp_path / "elsewhere.db", (free_port(), free_port())
    with (
        running(elsewhere, ports[0], "--redis", redis_server.url) as first,
        running(elsewhere, ports[1], "--redis", WA_BULK_REDIS=redis_server.url) as second,
    ):
        assert "Nobody collects callbacks at this moment" in first.errors
        assert post(ports[0], read(run, 1)) == 200
        assert post(ports[1], read(run, 2)) == 200
        assert post(ports[1], body(said("STOP", number=GOOD[2][0]))) == 200
        for receiver in (first, second):
            receiver.process.send_signal(signal.SIGTERM)
            assert receiver.process.wait(30) == exits.FINISHED
        assert "2 callbacks, sent 0, delivered 0, read 1, failed 0, messages from people 1, STOP 1" in (
            second.errors
        )
    assert not elsewhere.exists()

    collected = cluster.run("cluster", "collect", run, "--log", "run.jsonl")
    assert collected.exit_code == exits.FINISHED, collected.stderr
    assert f"3 callbacks collected into {cluster.path / 'memory.db'}." in collected.stderr
    delivery = json.loads(cluster.run("report", "run.jsonl", "--json").stdout)["delivery"]
    assert (delivery["read"], delivery["unheard"]) == (2, 3)
    assert cluster.run("settle", "run.jsonl").exit_code == exits.FINISHED
    with History.open(cluster.path / "memory.db") as history:
        assert history.suppression_list().get(GOOD[2][0]) is not None


def test_callbacks_are_collected_until_it_is_told_to_stop(cluster: Folder, redis_server: RedisServer) -> None:
    run = "5f0c2a9d1e7b"
    collector = cluster.start("cluster", "collect", "--follow")
    with running(cluster.path / "elsewhere.db", port := free_port(), "--redis", redis_server.url):
        assert post(port, read(run, 1)) == 200
        while not heard(cluster, run):
            assert collector.poll() is None
        second = cluster.run("cluster", "collect")
        assert second.exit_code == exits.NOTHING_SENT
        assert "another process collects callbacks" in second.stderr
        told = cluster.run("cluster", "status").stdout
        assert re.search(rf"^callbacks\n  collector  \S+:{collector.pid}\n", told)
        assert post(port, read(run, 2)) == 200
        while heard(cluster, run) != [1, 2]:
            assert collector.poll() is None
    told = ended(collector)
    assert f"are collected from Redis at {redis_server.url} into {cluster.path / 'memory.db'}" in told
    assert "2 callbacks, sent 0, delivered 0, read 2, failed 0" in told
    status = cluster.run("cluster", "status").stdout
    assert "none: `wa-bulk cluster collect --follow`\n  memory     " in status
    assert f":{cluster.path / 'memory.db'}\n" in status
    moved = cluster.run("cluster", "collect", WA_BULK_DB=str(cluster.path / "other.db"))
    assert moved.exit_code == exits.FINISHED
    assert f"{cluster.path / 'memory.db'} (machine:file): those are not here" in moved.stderr


def heard(cluster: Folder, run: str) -> list[int]:
    """Rows of a run that the memory knows callbacks of."""
    file = cluster.path / "memory.db"
    if not file.exists():
        return []
    with History.open(file) as history:
        return [delivery.row for delivery in history.deliveries.of_run(run)]


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert process.returncode == exits.FINISHED, told
    return told


def test_a_stop_during_a_run_counts_for_workers_on_other_machines(
    cluster: Folder, redis_server: RedisServer, sandbox: Sandbox
) -> None:
    run = cluster.run("cluster", "submit", "orders.toml").stdout.strip()
    log = cluster.path / "run.jsonl"
    collector = cluster.start("cluster", "collect", run, "--log", log, "--follow")
    elsewhere = cluster.path / "elsewhere.db"
    with running(elsewhere, port := free_port(), "--redis", redis_server.url):
        assert post(port, body(said("STOP", number=GOOD[4][0]))) == 200
    assert cluster.run("suppress", "add", GOOD[3][0]).exit_code == exits.FINISHED
    (people,) = keys.of_suppressed("people")
    while redis_server.command("HLEN", people) != b":2\r\n":
        assert collector.poll() is None
    worker = cluster.run("cluster", "worker", "--until-done", WA_BULK_DB=str(elsewhere))
    assert worker.exit_code == exits.FINISHED
    _, told = collector.communicate(timeout=60)
    assert collector.returncode == exits.FINISHED, told
    found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    left_out = {line["row"]: line["reason"] for line in found if line.get("status") == "skipped"}
    assert sorted(left_out) == [4, 5]
    assert left_out[5].startswith("suppressed: wrote STOP on")
    assert len(sandbox.messages) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("callbacks --redis", "no Redis is named"),
        ("callbacks --redis nowhere", "is no address of Redis"),
        ("callbacks --redis redis://127.0.0.1:1/0", "cannot be reached"),
        ("callbacks --redis --keep 5d", "give it to `wa-bulk cluster collect` on the memory's machine"),
        ("callbacks --redis --adopt", "leave out --redis on the memory's machine"),
        ("callbacks --redis --stop-word !", "no word"),
        ("cluster collect --log run.jsonl", "whose log? Give RUN"),
        ("cluster collect 5f0c2a9d1e7b", "Give --log FILE"),
        ("cluster collect 5f0c2a9d1e7b --log run.jsonl --keep 5d", "--keep is about callbacks"),
    ],
)
def test_what_cannot_be_meant(folder: Folder, words: str, told: str) -> None:
    refused = folder.run(*words.split(), COLUMNS="200")
    assert refused.exit_code == exits.NOTHING_SENT
    assert told in refused.stderr
