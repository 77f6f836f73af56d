from __future__ import annotations

import fcntl
import json
from pathlib import Path

from tests.cli.conftest import GOOD, Folder
from tests.cli.test_running import REFUSED
from wa_bulk.cli import exits


def test_the_runs_are_listed_the_newest_first(folder: Folder) -> None:
    for log, limit in (("a.jsonl", ["--limit", "2"]), ("b.jsonl", ["--again"])):
        folder.run("send", "orders.toml", "--yes", "--log", log, *limit)
    newest, oldest = json.loads(folder.run("runs", "--json").stdout)

    keys = ["run_id", "name", "started", "state", "stopped", "rows", "totals", "log", "base_url"]
    assert list(newest) == keys
    assert newest["log"] == str(folder.path / "b.jsonl")
    assert (newest["name"], newest["state"], newest["stopped"]) == ("orders", "finished", None)
    assert newest["totals"] == {"accepted": 5, "rejected": 0, "failed": 0, "unknown": 0, "skipped": 0}
    assert (oldest["state"], oldest["stopped"], oldest["totals"]["accepted"]) == ("stopped", "limit", 2)
    assert oldest["started"] < newest["started"]

    shown = folder.run("runs", COLUMNS="140").stdout
    assert "stopped: --limit" in shown
    assert str(folder.path / "a.jsonl") in shown.replace("\n", "")


def test_no_run_is_no_error(folder: Folder) -> None:
    run = folder.run("runs")
    assert (run.exit_code, run.stdout) == (exits.FINISHED, "")
    assert "No run is known" in run.stderr
    assert json.loads(folder.run("runs", "--json").stdout) == []


def test_resume_finds_the_newest_run_that_is_not_finished(folder: Folder) -> None:
    folder.run("send", "orders.toml", "--yes", "--log", "a.jsonl", "--limit", "2")
    folder.run("send", "orders.toml", "--yes", "--log", "b.jsonl", "--again")
    folder.recipients([(REFUSED, "Ann"), *GOOD])
    folder.run("send", "orders.toml", "--yes", "--log", "c.jsonl", "--again", "--limit", "1")
    folder.recipients(GOOD)

    with (folder.path / "a.jsonl").open("rb") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        run = folder.run("resume", "--yes")
        assert run.exit_code == exits.NOTHING_SENT
        assert "a.jsonl: wait for it to end, or stop it" in run.stderr

    run = folder.run("resume", "--yes")
    assert run.exit_code == exits.FINISHED, run.stderr
    assert f"Going on with {folder.path / 'a.jsonl'}" in run.stderr

    run = folder.run("resume", "--yes")
    assert run.exit_code == exits.NOTHING_SENT
    assert "no run that is not finished" in run.stderr


def test_an_address_given_by_hand_has_its_own_memory(folder: Folder, tmp_path: Path) -> None:
    here = folder.environment["WA_BULK_BASE_URL"]
    elsewhere = {"WA_BULK_DB": "", "WA_BULK_BASE_URL": "", "XDG_DATA_HOME": str(tmp_path / "data")}
    sent = folder.run("send", "orders.toml", "--yes", "--limit", "2", "--base-url", here, **elsewhere)
    assert sent.exit_code == exits.FINISHED, sent.stderr
    assert json.loads(folder.run("runs", "--json", **elsewhere).stdout) == []
    assert len(json.loads(folder.run("runs", "--json", "--base-url", here, **elsewhere).stdout)) == 1
    resumed = folder.run("resume", "--yes", "--base-url", here, **elsewhere)
    assert resumed.exit_code == exits.FINISHED, resumed.stderr
