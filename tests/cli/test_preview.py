"""`wa-bulk preview`: the exact request for one row."""

import json

from tests.cli.conftest import GOOD, Folder
from wa_bulk.cli import exits


def test_preview_prints_the_exact_request_and_nothing_else(folder: Folder) -> None:
    result = folder.run("preview", "orders.toml", "--row", "2")

    assert result.exit_code == exits.FINISHED
    assert result.stderr == ""
    request = json.loads(result.stdout)
    assert request["to"] == [GOOD[1][0]]
    assert request["body"] == {"type": "text", "text": {"body": f"Hello {GOOD[1][1]}"}}
    assert request["request_id"] == "orders-2"
