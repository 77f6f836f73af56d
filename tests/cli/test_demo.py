"""The demo, run as a newcomer runs it."""

import json
import re
import signal
import subprocess
import sys
import urllib.request

from tests.cli.conftest import Folder
from wa_bulk.cli import exits


def test_the_demo_runs_adds_up_and_leaves_its_files(folder: Folder) -> None:
    """With --stay, so that the inbox can be looked at, and without any account."""
    process = folder.start("demo", "--stay", WA_BULK_DEV_KEY="", WA_BULK_DEV_SECRET="", WA_BULK_BASE_URL="")
    assert process.stderr is not None
    assert process.stdout is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if match := re.search(r"The inbox is at (http\S+)", line):
            break
    assert match is not None
    address = match[1]
    assert told[0].startswith(f"The inbox: {address} ")
    assert re.search(r"order-updates: \d rows settled as accepted", "".join(told))
    with urllib.request.urlopen(address, timeout=10) as page:
        assert b"<html" in page.read()
    with urllib.request.urlopen(f"{address}sandbox/stats", timeout=10) as stats:
        arrived = json.loads(stats.read())["messages"]
    snippet = re.search(r"^from wa_bulk import .*?\n\n.*?\n\n", "".join(told), re.DOTALL | re.MULTILINE)
    assert snippet is not None
    pasted = subprocess.run(
        [sys.executable, "-m", "asyncio"],
        input=snippet[0],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "message_id=" in pasted.stdout, pasted.stderr
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    assert process.returncode == exits.FINISHED, err
    rows = {
        name: [int(number.replace(",", "").replace("·", "0")) for number in numbers]
        for name, *numbers in (
            line.split() for line in out.splitlines() if re.match(r"\S+(\s+[\d,·]+){6}$", line)
        )
    }
    assert set(rows) == {
        "order-updates", "audio", "document", "image", "sticker", "text", "video", "all"
    }  # fmt: skip
    assert all(sum(numbers[:-1]) == numbers[-1] for numbers in rows.values())
    everything = rows.pop("all")
    assert everything == [sum(column) for column in zip(*rows.values(), strict=True)]
    assert everything[-1] >= 1000
    assert all(number > 0 for number in everything), "every status has something to show"
    assert arrived >= everything[0]

    made = folder.path / "wa-bulk-demo"
    report = json.loads(folder.run("report", made / "order-updates.jsonl", "--json").stdout)
    assert [*report["totals"].values(), report["rows"]] == rows["order-updates"]
    assert report["delivery"]["unheard"] == 0
    assert 0 < report["delivery"]["read"] < report["delivery"]["delivered"] < report["totals"]["accepted"]
    assert re.search(r"^delivered +[\d,]+ ", out, re.MULTILINE)
    assert (made / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    for name in ("order-updates.toml", "orders.csv", "order-updates.jsonl", "report.html"):
        assert f"  {name} " in out
        assert (made / name).exists()
    assert [line for line in out.splitlines() if len(line) > 80] == []
    assert out.splitlines()[-1] == "The report:  wa-bulk-demo/report.html"
