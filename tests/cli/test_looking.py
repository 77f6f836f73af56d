"""Looking without sending: check, preview, a dry run; and the report afterwards."""

import csv
import io
import json

import pytest

from tests.cli.conftest import GOOD, Folder
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox

FAULTY = [*GOOD, ("4.47912E+11", "Ann"), GOOD[0], ("+4915228817999", "")]


def test_preview_prints_the_exact_request_and_nothing_else(folder: Folder) -> None:
    result = folder.run("preview", "orders.toml", "--row", "2")

    assert result.exit_code == exits.FINISHED
    assert result.stderr == ""
    request = json.loads(result.stdout)
    assert request["to"] == [GOOD[1][0]]
    assert request["body"] == {"type": "text", "text": {"body": f"Hello {GOOD[1][1]}"}}
    assert request["request_id"] == "orders-2"


@pytest.mark.parametrize("arguments", [["check", "orders.toml"], ["send", "orders.toml", "--dry-run"]])
def test_every_row_is_looked_at_and_nothing_sent(
    folder: Folder, sandbox: Sandbox, arguments: list[str]
) -> None:
    assert folder.run(*arguments).exit_code == exits.FINISHED
    folder.recipients(FAULTY)

    result = folder.run(*arguments)

    assert result.exit_code == exits.NOT_ALL_ACCEPTED
    for words in ("ready", "5", "row 6, line 7", "spreadsheet", "duplicate of row 1", "name is empty"):
        assert words in result.stdout
    assert sandbox.messages == []
    assert list(folder.path.glob("*.jsonl")) == []


def test_a_dry_run_needs_no_credentials(folder: Folder) -> None:
    assert folder.run("send", "orders.toml", "--dry-run", WA_BULK_DEV_KEY=None).exit_code == exits.FINISHED


def test_a_dry_run_heeds_limit_and_duplicates(folder: Folder) -> None:
    folder.recipients(FAULTY)

    assert "rejected" not in folder.run("send", "orders.toml", "--dry-run", "--limit", "5").stdout
    assert "skipped" not in folder.run("send", "orders.toml", "--dry-run", "--allow-duplicates").stdout


def test_check_as_json_holds_every_fault(folder: Folder) -> None:
    folder.recipients(FAULTY)

    result = folder.run("check", "orders.toml", "--json")

    found = json.loads(result.stdout)
    assert (found["rows"], found["ready"], found["rejected"], found["skipped"]) == (8, 5, 2, 1)
    faults = [fault for fault in found["faults"] if fault["status"] != "warning"]
    assert [(fault["row"], fault["line"]) for fault in faults] == [(6, 7), (7, 8), (8, 9)]


def test_the_report_in_all_its_forms(folder: Folder) -> None:
    folder.recipients(FAULTY)
    assert (
        folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl").exit_code == exits.NOT_ALL_ACCEPTED
    )

    shown = folder.run("report", "run.jsonl")
    assert shown.exit_code == exits.FINISHED
    assert "finished" in shown.stdout
    assert shown.stderr == ""

    summary = json.loads(folder.run("report", "run.jsonl", "--json").stdout)
    assert summary["totals"] == {"accepted": 5, "rejected": 2, "failed": 0, "unknown": 0, "skipped": 1}

    table = list(csv.DictReader(io.StringIO(folder.run("report", "run.jsonl", "--csv", "-").stdout)))
    assert sorted(int(row["row"]) for row in table) == list(range(1, 9))

    both = folder.run("report", "run.jsonl", "--html", "page.html", "--csv", "rows.csv")
    assert both.output == ""
    assert (folder.path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len((folder.path / "rows.csv").read_text(encoding="utf-8").splitlines()) == 9


def test_the_keys_of_the_summary_are_kept(folder: Folder) -> None:
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")

    assert list(json.loads(folder.run("report", "run.jsonl", "--json").stdout)) == [
        "log",
        "run_id",
        "campaign",
        "state",
        "detail",
        "pid",
        "source",
        "rows",
        "totals",
        "in_flight",
        "not_sent",
        "started",
        "ended",
        "active_s",
        "rate",
        "requests",
        "latency_ms",
        "stretches",
        "causes",
        "unknown_rows",
        "throughput",
        "damage",
        "damaged_lines",
    ]


def test_the_numbers_that_misbehave_are_listed(folder: Folder) -> None:
    result = folder.run("sandbox", "--numbers")

    assert result.exit_code == exits.FINISHED
    assert "+99900000012  reset-after" in result.stdout
