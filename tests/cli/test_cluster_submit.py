"""`wa-bulk cluster submit` takes what `wa-bulk send` takes, and workers keep to it."""

from __future__ import annotations

import json
from typing import Any, cast

import click
import openpyxl
import pytest
import redis
from click.testing import CliRunner

import wa_bulk
from tests.callbacks.memory import hear
from tests.callbacks.rows import notice
from tests.cli.conftest import GOOD, Folder
from tests.cluster.redis_server import RedisServer
from wa_bulk.cli import app, exits
from wa_bulk.cluster import keys
from wa_bulk.sandbox import FaultSettings, Sandbox

OF_SEND_ALONE = {
    "log": "collect has it",
    "dry_run": "send --dry-run tells the same",
    "to": "a test, for which send is enough",
    "row": "the same",
    "yes": "nothing is asked",
    "wait_settled_s": "a log is settled once it is collected",
}
"""Options that submit does not have, and why."""


@pytest.fixture
def cluster(folder: Folder, redis_server: RedisServer) -> Folder:
    """The campaign's folder, with a Redis."""
    folder.environment["WA_BULK_REDIS"] = redis_server.url
    return folder


def options(*path: str) -> set[str]:
    command: click.Command = app
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return {str(option.name) for option in command.params}


def collected(cluster: Folder, run: str) -> list[dict[str, Any]]:
    """What a run's log says of each row, once workers have gone through it."""
    assert cluster.run("cluster", "worker", "--until-done").exit_code == exits.FINISHED
    log = cluster.path / f"{run}.jsonl"
    assert cluster.run("cluster", "collect", run, "--log", log).exit_code == exits.FINISHED
    found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return sorted((line for line in found if line["type"] == "result"), key=lambda line: int(line["row"]))


def test_it_has_the_options_of_a_single_run() -> None:
    own = options("cluster", "submit") - {"url"}
    assert own == options("send") - OF_SEND_ALONE.keys()


def test_workers_keep_to_the_settings(cluster: Folder, sandbox: Sandbox) -> None:
    sandbox.set_faults(FaultSettings(shares={"500": 1}))
    cluster.recipients([*GOOD, ("+4915228810", "Ann")])
    words = "--leave-out-doubtful --tries 2 --on-unknown retry --gateway-errors retry --timeout 9"
    run = cluster.run("cluster", "submit", "orders.toml", *words.split()).stdout.strip()
    rows = collected(cluster, run)
    sandbox.set_faults(FaultSettings())
    assert [(row["status"], row["attempts"]) for row in rows] == [("failed", 2)] * 5 + [("skipped", 0)]
    settings = json.loads((cluster.path / f"{run}.jsonl").read_text().splitlines()[0])["settings"]
    assert (settings["on_unknown"], settings["gateway_errors"], settings["timeout"]) == ("retry", "retry", 9)


@pytest.mark.parametrize(
    "key",
    ['start = "2030-01-01T09:00:00Z"', "unique_per_24h = 250", 'window = { from = "09:00", to = "20:00" }'],
)
def test_rules_that_no_run_keeps_yet_are_refused_as_by_send(cluster: Folder, key: str) -> None:
    cluster.campaign.write_text(f"{key}\n{cluster.campaign.read_text()}")
    refused = cluster.run("cluster", "submit", "orders.toml")
    assert (refused.exit_code, refused.stdout) == (exits.NOTHING_SENT, "")
    assert f"unknown key '{key.split()[0]}': no run keeps to it yet, so leave it out" in refused.stderr
    assert cluster.run("send", "orders.toml", "--yes").stderr == refused.stderr


def test_recipients_from_standard_input(cluster: Folder) -> None:
    """They are kept for `retry`, unless nothing was submitted."""
    table = "phone,name\n" + "".join(f"{phone},{name}\n" for phone, name in GOOD)
    words = ["cluster", "submit", "orders.toml", "--recipients", "-", "--encoding", "cp1252"]

    def submit() -> tuple[int, str]:
        result = CliRunner().invoke(app, words, env=cluster.environment, input=table.encode("cp1252"))
        return result.exit_code, result.stdout.strip()

    code, run = submit()
    assert code == exits.FINISHED
    kept = [path.name for path in cluster.path.glob("*.recipients")]
    assert kept == [f"orders-{run}.jsonl.recipients"]
    assert submit() == (exits.NOTHING_SENT, "")
    assert [path.name for path in cluster.path.glob("*.recipients")] == kept
    assert [row["to"] for row in collected(cluster, run)] == [phone for phone, _ in GOOD]
    retried = cluster.run("cluster", "retry", run, "--failed")
    assert f"0 rows of run {run} will be sent again" in retried.stderr


def test_a_sheet_of_a_workbook(cluster: Folder, sandbox: Sandbox) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("People").append(["phone", "name"])
    workbook["People"].append(GOOD[0])
    workbook.save(cluster.path / "people.xlsx")
    words = ("--recipients", "people.xlsx", "--sheet", "People")
    run = cluster.run("cluster", "submit", "orders.toml", *words).stdout.strip()
    assert [row["to"] for row in collected(cluster, run)] == [GOOD[0][0]]
    assert cluster.run("cluster", "retry", run, "--unknown").exit_code == exits.FINISHED


@pytest.mark.parametrize("here", ["worker", "collect"])
def test_what_is_notified_stops_the_run(cluster: Folder, sandbox: Sandbox, here: str) -> None:
    """Whichever of the two is on the machine that has the account's memory."""
    number, elsewhere = "+8613800138000", str(cluster.path / "elsewhere.db")
    campaign = cluster.campaign.read_text().replace("[message]", f'[message]\nfrom = "{number}"')
    cluster.campaign.write_text(campaign)
    cluster.recipients([(f"+44791112{row:04d}", "Ann") for row in range(400)])
    run = cluster.run("cluster", "submit", "orders.toml", "--rate", "5").stdout.strip()
    commands = {
        "worker": ("cluster", "worker", "--until-done"),
        "collect": ("cluster", "collect", run, "--log", "run.jsonl", "--follow"),
    }
    started = [
        cluster.start(*words, **({} if name == here else {"WA_BULK_DB": elsewhere}))
        for name, words in commands.items()
    ]
    while len(sandbox.messages) < 10:
        assert started[0].poll() is None
    hear(
        cluster.path / "memory.db",
        notice("phone_number_update", display_phone_number=number, quality="FLAGGED"),
    )
    told = [process.communicate(timeout=60)[1] for process in started]
    assert started[0].returncode == exits.STOPPED_EARLY, told
    status = json.loads(cluster.run("cluster", "status", run, "--json").stdout)
    assert status["state"] == "stopped"
    assert status["detail"].startswith(f"EngageLab notified: the number {number} is FLAGGED")
    assert status["unsent"] > 0


def test_runs_of_other_versions_are_left_to_these(cluster: Folder, redis_server: RedisServer) -> None:
    """A worker takes no part in what it does not know all of, and would not keep to."""
    run = cluster.run("cluster", "submit", "orders.toml").stdout.strip()
    (key,) = keys.of_run(run, "run")
    with redis.Redis.from_url(redis_server.url) as server:
        facts = cast(dict[bytes, bytes], server.hgetall(key))
        said = json.loads(facts[b"description"])
        settings, campaign = said["settings"], said["campaign"]
        newer: dict[str, dict[str, Any]] = {
            "it keeps its books differently": {"format": 2},
            "it says pauses": {"settings": {**settings, "pauses": 3}},
            "it says shape": {"shape": "round"},
            "Invalid enum value 'guess'": {"settings": {**settings, "on_unknown": "guess"}},
        }
        for number, changed in enumerate([*newer.values(), {"campaign": f"pauses = 3\n{campaign}"}]):
            other = f"{number:012}"
            description = json.dumps({**said, **changed, "run_id": other, "version": "9.0"})
            server.hset(keys.of_run(other, "run")[0], mapping={**facts, b"description": description})
            server.zadd(keys.RUNS, {other: number})
    listed = cluster.run("cluster", "status")
    assert listed.exit_code == exits.FINISHED
    assert f"{run}  orders, active" in listed.stdout
    for number, words in enumerate(newer):
        told = (
            f"run {number:012} was submitted by wa-bulk 9.0, which this one ({wa_bulk.__version__}) does not"
        )
        assert f"{told} understand: {words}" in listed.stderr
        assert words in cluster.run("cluster", "status", f"{number:012}").stderr
    worker = cluster.start("cluster", "worker")
    try:
        while json.loads(cluster.run("cluster", "status", run, "--json").stdout)["state"] != "finished":
            assert worker.poll() is None
    finally:
        worker.terminate()
        _, told = worker.communicate(timeout=30)
    assert "unknown key 'pauses'" in told
    assert told.count("Use that version for this run") == len(newer) + 1
