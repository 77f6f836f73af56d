"""`wa-bulk report`: on the terminal, as JSON, as a page and as a table."""

import csv
import io
import json

from tests.cli.conftest import FAULTY, Folder
from wa_bulk.cli import exits


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
