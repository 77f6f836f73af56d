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


def test_as_the_phone_shows_it(folder: Folder) -> None:
    result = folder.run("preview", "orders.toml", "--row", "2", "--text")
    assert result.exit_code == exits.FINISHED
    assert result.stdout.splitlines() == [
        f"row 2, to {GOOD[1][0]} from the account's default number",
        "",
        f"Hello {GOOD[1][1]}",
    ]


TEMPLATE = """
name = "orders"
recipients = "orders.csv"
[message]
to = "{phone}"
[message.body]
type = "template"
template = { name = "order_update", language = "en", components = [{ type = "body", parameters = [
  { type = "text", text = "{name}" },
  { type = "currency", currency = { fallback_value = "$1", code = "USD", amount_1000 = 1000 } },
] }] }
"""


def test_a_template_is_shown_with_its_own_text_where_that_is_known(folder: Folder) -> None:
    folder.campaign.write_text(TEMPLATE)
    known = folder.run("preview", "orders.toml", "--text").stdout
    assert "template order_update, language en" in known
    assert f"Hello {GOOD[0][1]}, your order is on its way. Total: $1." in known

    for arguments, environment in ((["--offline"], {}), ([], {"WA_BULK_DEV_KEY": ""})):
        result = folder.run("preview", "orders.toml", "--text", *arguments, **environment)
        assert result.exit_code == exits.FINISHED
        assert "its text is not known here; these are the values that fill it" in result.stdout
        assert f"body {{{{1}}}}  {GOOD[0][1]}\nbody {{{{2}}}}  $1\n" in result.stdout
    assert "WA_BULK_DEV_KEY" in result.stderr


def test_a_row_that_would_be_refused_says_why_and_where(folder: Folder) -> None:
    folder.recipients([*GOOD, ("+4915228817391", "")])
    result = folder.run("preview", "orders.toml", "--row", "6")
    assert result.exit_code == exits.NOTHING_SENT
    assert "name is empty (row 6, line 7): fill it, or write {name|friend} (body.text.body)" in result.stderr
