"""`wa-bulk check` and a dry run: every row is looked at, and nothing is sent."""

import asyncio
import json

import pytest
from click.testing import Result

from tests.cli.conftest import FAULTY, Folder
from tests.media import files
from tests.media.campaigns import IMAGE
from tests.media.web_server import media_server
from wa_bulk.cli import exits
from wa_bulk.sandbox import Sandbox


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


async def test_media_is_looked_at_where_it_lies(folder: Folder) -> None:
    async with media_server() as server:
        link = server.put("/a.jpg", files.webp(), "image/jpeg")
        folder.campaign.write_text(IMAGE % link, encoding="utf-8")

        async def check(*options: str) -> Result:
            return await asyncio.to_thread(folder.run, "check", "orders.toml", *options)

        looked = await check("--media-private", "--json")
        media = json.loads(looked.stdout)["media"]
        assert (looked.exit_code, media["links"], media["problems"]) == (exits.NOT_ALL_ACCEPTED, 1, 1)
        shown = (await check("--media-private")).stdout
        assert "every row" in shown
        assert "image/webp by its content" in " ".join(shown.split())
        listed = (await check("--media-private", "--csv", "-")).stdout.splitlines()
        assert listed[1].startswith(f",,,{link},image is image/webp by its content")
        assert listed[1].endswith(",problem")
        refused = " ".join((await check()).stdout.split())
        assert "leads to this machine (127.0.0.1), which WhatsApp cannot reach" in refused
        assert (await check("--offline")).exit_code == exits.FINISHED
        assert (await check("--offline", "--media")).exit_code == exits.NOTHING_SENT
