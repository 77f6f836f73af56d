"""`wa-bulk report`: on the terminal, as JSON, as a page and as a table."""

import csv
import io
import json
import stat

import pytest

from tests.cli.conftest import FAULTY, GOOD, Folder
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox


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
    assert [int(row["row"]) for row in table] == list(range(1, 9))

    both = folder.run("report", "run.jsonl", "--html", "page.html", "--csv", "rows.csv")
    assert both.stdout == ""
    assert both.stderr == "wrote rows.csv: 8 rows\nwrote page.html\n"
    assert (folder.path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len((folder.path / "rows.csv").read_text(encoding="utf-8").splitlines()) == 9


def faulty_run(folder: Folder) -> None:
    """A run of `FAULTY` with the log run.jsonl."""
    folder.recipients(FAULTY)
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")


def test_rows_are_mended_and_sent_again(folder: Folder, sandbox: Sandbox) -> None:
    faulty_run(folder)
    sandbox.clear()

    made = folder.run("report", "run.jsonl", "--rows", "rejected", "--csv", "fix.csv")
    assert (made.exit_code, made.stdout) == (exits.FINISHED, "")
    assert made.stderr == "wrote fix.csv: 2 rows, rejected\n"
    fix = folder.path / "fix.csv"
    header, first, second = fix.read_text(encoding="utf-8").splitlines()
    assert header == "phone,name,status,reason"
    assert first.startswith("4.47912E+11,Ann,rejected,")
    assert second.startswith('+4915228817999,,rejected,"name is empty')
    assert folder.run("report", "run.jsonl", "--rows", "rejected", "--csv", "-").stdout == fix.read_text(
        encoding="utf-8"
    )

    fix.write_text(
        fix.read_text(encoding="utf-8").replace("4.47912E+11", "+447911123456").replace("999,,", "999,Eve,"),
        encoding="utf-8",
    )
    again = folder.run("send", "orders.toml", "--recipients", "fix.csv", "--yes")
    assert again.exit_code == exits.FINISHED, again.stderr
    assert {message.to for message in sandbox.messages} == {"+447911123456", "+4915228817999"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "rejected"], "--csv FILE"),
        (["--rows", "reject", "--csv", "-"], "expected accepted, rejected"),
        (["--rows", "rejected", "--csv", "-", "--mask"], "cannot be sent again"),
    ],
)
def test_rows_need_statuses_and_a_file(folder: Folder, arguments: list[str], words: str) -> None:
    faulty_run(folder)
    refused = folder.run("report", "run.jsonl", *arguments)

    assert refused.exit_code == exits.NOTHING_SENT
    assert words in " ".join(refused.stderr.split())
    assert refused.stdout == ""


def test_rows_of_a_source_that_was_changed_are_refused_before_anything_is_written(folder: Folder) -> None:
    faulty_run(folder)
    (folder.path / "fix.csv").write_text("precious")
    folder.recipients(GOOD)
    refused = folder.run("report", "run.jsonl", "--rows", "rejected", "--csv", "fix.csv")

    assert refused.exit_code == exits.NOTHING_SENT
    assert "Put the original back" in refused.stderr
    assert (folder.path / "fix.csv").read_text() == "precious"


def test_what_it_writes_is_its_owners_alone(folder: Folder) -> None:
    faulty_run(folder)
    (folder.path / "rows.csv").write_text("old")
    (folder.path / "rows.csv").chmod(0o644)
    (folder.path / "link.html").symlink_to("page.html")
    folder.run("report", "run.jsonl", "--html", "link.html", "--csv", "rows.csv")
    folder.run("report", "run.jsonl", "--rows", "rejected", "--csv", "fix.csv")

    for name in ("rows.csv", "page.html", "fix.csv", "run.jsonl"):
        assert stat.S_IMODE((folder.path / name).stat().st_mode) == 0o600, name
    assert (folder.path / "link.html").is_symlink()
    assert not list(folder.path.glob(".wa-bulk-*"))


def test_another_runs_log_and_a_copy_of_the_recipients_are_not_overwritten(folder: Folder) -> None:
    faulty_run(folder)
    (folder.path / "copy.csv").write_bytes((folder.path / "orders.csv").read_bytes())
    (folder.path / "other.jsonl").write_bytes((folder.path / "run.jsonl").read_bytes())

    for name in ("copy.csv", "other.jsonl"):
        before = (folder.path / name).read_bytes()
        assert folder.run("report", "run.jsonl", "--csv", name).exit_code == exits.NOTHING_SENT
        assert (folder.path / name).read_bytes() == before


def test_with_a_mask_no_number_is_in_any_output(folder: Folder) -> None:
    faulty_run(folder)
    shown = folder.run("report", "run.jsonl", "--mask").stdout
    shown += folder.run("report", "run.jsonl", "--mask", "--json").stdout
    shown += folder.run("report", "run.jsonl", "--mask", "--csv", "-").stdout
    shown += folder.run("report", "run.jsonl", "--mask", "--html", "-").stdout

    assert "+**********386" in shown
    assert "15228817" not in shown


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


def test_the_log_says_what_the_campaign_sends(folder: Folder) -> None:
    folder.campaign.write_text(folder.campaign.read_text().replace('name = "orders"', 'name = "Spring sale"'))
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
    shown = folder.run("report", "run.jsonl").stdout

    assert shown.startswith("Spring sale  finished\n")
    assert "message  text" in shown
    assert "(a sandbox)" in shown
