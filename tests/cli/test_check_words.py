"""What `check` says of the rows: a cause a line, column first, with row and line; and all in a table."""

import csv
import json

import pytest

from tests.cli.conftest import GOOD, Folder
from wa_bulk.campaign.examination import FaultCause
from wa_bulk.cli import exits
from wa_bulk.cli.findings import in_words
from wa_bulk.sandbox import Sandbox

ROWS = [
    *GOOD,
    ("+4915228817391", "#N/A"),
    ("+4915228817392", "NULL"),
    ("+4915228817393", "NULL"),
    ("+4915228817394", "FranÃ§ois"),
    ("4.47912E+11", "Ann"),
    ("4.57912E+11", "Ann"),
    GOOD[0],
    ("+4915228817999", "\u200b"),
    ("+99900000000", "Bob"),
]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("columns", ["80", "140"])
def test_causes_are_told_with_rows_and_lines(folder: Folder, columns: str) -> None:
    folder.recipients(ROWS)
    result = folder.run("check", "orders.toml", COLUMNS=columns)

    assert result.exit_code == exits.NOT_ALL_ACCEPTED
    assert max(map(len, result.stdout.splitlines())) <= int(columns)
    assert "\x1b" not in result.stdout
    for expected in (
        "ready 10 would be sent",
        "doubtful 1 of the ready ones have a number that nobody can have",
        "warnings 4 of the ready ones have a value that looks like a mistake",
        "body.type: text messages reach only people who wrote to the sending number within the last 24 hours",
        "2 rejected phone … was turned into a rounded figure by a spreadsheet and has lost digits (rows 10",
        "(rows 10 and 11, from line 11): format the column as text",
        "1 rejected name is empty but for U+200B (row 13, line 14): fill it, or write {name|friend} (body",
        "1 skipped duplicate of row 1 (row 12, line 13)",
        "2 warning name is 'NULL', which stands for no value (rows 7 and 8, from line 8)",
        "1 warning name is '#N/A', an error that a spreadsheet shows in place of a value (row 6, line 7)",
        "1 warning name is 'FranÃ§ois', read in the wrong encoding (row 9, line 10); probably 'François'",
        "1 warning phone +99900000000 begins with no known country code (row 14, line 15)",
    ):
        assert expected in words(result.stdout)


def test_every_row_is_in_the_table(folder: Folder) -> None:
    folder.recipients([*ROWS, ("+4915228817395", '=HYPERLINK("x")')])
    result = folder.run("check", "orders.toml", "--csv", "wrong.csv")

    assert "wrote wrong.csv: 10 problems" in result.stderr
    with (folder.path / "wrong.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["row", "line", "column", "value", "problem", "status"]
    assert [line["row"] for line in found] == ["6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]
    assert found[0] == {
        "row": "6",
        "line": "7",
        "column": "name",
        "value": "#N/A",
        "problem": "name is '#N/A', an error that a spreadsheet shows in place of a value",
        "status": "warning",
    }
    assert found[4]["value"] == "'4.47912E+11", "a spreadsheet does not alter it again"
    assert found[-1]["value"].startswith("'=HYPERLINK")


def test_the_table_may_be_all_that_goes_to_stdout(folder: Folder) -> None:
    folder.recipients(ROWS)
    result = folder.run("check", "orders.toml", "--csv", "-")
    assert result.stdout.splitlines()[0] == "row,line,column,value,problem,status"
    assert len(result.stdout.splitlines()) == 10
    assert folder.run("check", "orders.toml", "--csv", "-", "--json").exit_code == exits.NOTHING_SENT


@pytest.mark.parametrize("name", ["orders.csv", "orders.toml"])
def test_what_is_checked_is_not_overwritten(folder: Folder, name: str) -> None:
    before = (folder.path / name).read_bytes()
    result = folder.run("check", "orders.toml", "--csv", name, "--recipients", "orders.csv")
    assert result.exit_code == exits.NOTHING_SENT
    assert (folder.path / name).read_bytes() == before


def test_json_counts_by_cause_too(folder: Folder) -> None:
    folder.recipients(ROWS)
    found = json.loads(folder.run("check", "orders.toml", "--json").stdout)
    assert (found["ready"], found["rejected"], found["skipped"]) == (10, 3, 1)
    assert (found["doubtful"], found["warned"]) == (1, 4)
    (empty,) = [
        cause for cause in found["causes"] if cause["column"] == "name" and cause["status"] == "rejected"
    ]
    assert (empty["rows"], empty["first_rows"], empty["first_line"]) == (1, [13], 14)
    assert sum(cause["rows"] for cause in found["causes"]) == len(found["faults"]) == 9


@pytest.mark.parametrize("arguments", [["check", "orders.toml"], ["send", "orders.toml", "--dry-run"]])
def test_suppressed_numbers_are_skipped(folder: Folder, arguments: list[str]) -> None:
    folder.run("suppress", "add", GOOD[1][0])
    found = words(folder.run(*arguments).stdout)
    assert "ready 4 would be sent" in found
    assert "1 skipped suppressed (row 2, line 3): " in found

    folder.campaign.write_text("respect_suppression = false\n" + folder.campaign.read_text())
    assert "ready 5 would be sent" in words(folder.run(*arguments).stdout)


def test_a_memory_that_cannot_be_read_is_said(folder: Folder) -> None:
    (folder.path / "memory.db").write_bytes(
        b"not a database, but longer than its head of a hundred bytes" * 9
    )
    result = folder.run("check", "orders.toml")
    assert result.exit_code == exits.NOTHING_SENT
    assert "respect_suppression = false" in result.stderr


def test_doubtful_numbers_are_left_out_on_request(folder: Folder, sandbox: Sandbox) -> None:
    folder.recipients([*GOOD, ("+99900000000", "Bob"), ("+10165550147", "Eve")])
    result = folder.run("send", "orders.toml", "--yes", "--leave-out-doubtful", "--log", "run.jsonl")

    assert result.exit_code == exits.FINISHED, result.stderr
    assert len(sandbox.messages) == len(GOOD)
    lines = [json.loads(line) for line in (folder.path / "run.jsonl").read_text().splitlines()]
    reasons = {line["row"]: line["reason"] for line in lines if line.get("status") == "skipped"}
    assert reasons == {
        6: "doubtful: +99900000000 begins with no known country code",
        7: "doubtful: +10165550147 is not a number of US's numbering plan; no one can be reached there",
    }


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("duplicate of row 7", "duplicate of row 7 (row 9, line 10)"),
        ("name is 'a: b; c', odd: mend it", "name is 'a: b; c', odd (row 9, line 10): mend it"),
        ("it's so; mend it", "it's so (row 9, line 10); mend it"),
        ("the link https://x.example: is odd", "the link https://x.example (row 9, line 10): is odd"),
    ],
)
def test_the_place_stands_behind_the_trouble(reason: str, expected: str) -> None:
    assert in_words(FaultCause("rejected", reason, "name", 1, [9], 10)) == expected
