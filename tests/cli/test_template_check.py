"""A campaign meets its template before anything is sent: in `check`, and before `send` and `resume` ask."""

from __future__ import annotations

import json
import sqlite3
import threading

import msgspec
import pytest
from click.testing import Result

from tests.cli.conftest import Folder
from tests.cli.vendor import Answer, Query, listed, listing, vendor
from wa_bulk.cli import exits, template_check
from wa_bulk.history import History
from wa_bulk.history.template_updates import template_updates
from wa_bulk.sandbox import Sandbox

CAMPAIGN = """
name = "orders"
recipients = "orders.csv"
rate = 0
[message]
to = "{phone}"
[message.body]
type = "template"
[message.body.template]
name = "NAME"
language = "LANGUAGE"
[[message.body.template.components]]
type = "body"
parameters = [{ type = "text", text = "{name}" }]
"""
ROWS = [("+4915228817386", "en"), ("+4915228817387", "xx"), ("+4915228817388", "zh_CN")]


@pytest.fixture
def hold(folder: Folder) -> Folder:
    """A folder whose campaign sends the template `code`."""
    write(folder)
    return folder


def write(folder: Folder, name: str = "code", language: str = "en") -> None:
    text = CAMPAIGN.replace("NAME", name).replace("LANGUAGE", language)
    folder.campaign.write_text(text, encoding="utf-8")


def check(folder: Folder, *arguments: str, **environment: str | None) -> Result:
    return folder.run("check", "orders.toml", *arguments, **environment)


def send(folder: Folder, *arguments: str) -> Result:
    return folder.run("send", "orders.toml", "--yes", "--log", "o.jsonl", *arguments)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "language", "told"),
    [
        ("cod", "en", "'cod' is no template of the account; did you mean 'code'?"),
        (
            "order_update",
            "en_us",
            "does not exist in 'en_us'; it does in ar, de, en, en_GB, en_US,",
        ),
        ("paused_offer", "en", "paused_offer (en) is PAUSED: Meta paused it"),
        ("order_update", "en", "components[0].parameters: has 1 value for the body; expected 2"),
    ],
)
def test_what_is_certain_stands_in_the_way(
    hold: Folder, sandbox: Sandbox, name: str, language: str, told: str
) -> None:
    write(hold, name, language)
    checked, sent = check(hold), send(hold)
    assert (checked.exit_code, sent.exit_code) == (exits.NOTHING_SENT, exits.NOTHING_SENT)
    assert told in words(checked.stdout)
    assert told in words(sent.stderr)
    assert told in words(hold.run("send", "orders.toml", "--dry-run").stdout)
    (error, *_) = json.loads(check(hold, "--json").stdout)["errors"]
    assert told in error
    assert sandbox.messages == []
    assert not (hold.path / "o.jsonl").exists()
    assert check(hold, "--offline").exit_code == exits.FINISHED


def test_rows_that_bring_a_language_that_is_not_there_are_refused(hold: Folder, sandbox: Sandbox) -> None:
    write(hold, language="{name}")
    hold.recipients(ROWS)
    assert "language is" not in check(hold, "--offline").stdout
    checked = check(hold)
    assert checked.exit_code == exits.NOT_ALL_ACCEPTED
    assert "name is 'xx', in which code does not exist" in words(checked.stdout)
    assert "expected en, zh_CN" in words(checked.stdout)
    assert "note: code is AUTHENTICATION: " in words(checked.stdout)
    sent = send(hold)
    assert sent.exit_code == exits.NOT_ALL_ACCEPTED
    assert "note: code is AUTHENTICATION: " in sent.stderr
    assert sorted(str(message.to) for message in sandbox.messages) == ["+4915228817386", "+4915228817388"]


def test_a_template_that_was_paused_meanwhile_stands_in_the_way_of_a_resume(hold: Folder) -> None:
    with Sandbox() as account:
        hold.environment["WA_BULK_BASE_URL"] = account.url
        assert send(hold, "--limit", "1").exit_code == exits.FINISHED
        with History.open(hold.environment["WA_BULK_DB"]):
            pass
        update = {"template_name": "code", "template_language": "en", "template_status": "PAUSED"}
        answers = listing(listed("code", "en", {"type": "BODY", "text": "Code {{1}}"}, status="PAUSED"))
        notify(hold, {**update, "template_status_reason": "low quality"})
        with vendor(answers) as url:
            result = hold.run("resume", "o.jsonl", "--yes", "--base-url", url)
        assert result.exit_code == exits.NOTHING_SENT
        assert "code (en) is PAUSED since 2026-11-20 10:00 UTC (low quality): " in words(result.stderr)
        assert hold.run("resume", "o.jsonl", "--yes").exit_code == exits.FINISHED
        assert len(account.messages) == 5


def notify(folder: Folder, data: dict[str, str]) -> None:
    """Put a notification of 2026-11-20 10:00 UTC into the account's memory."""
    notification = {"event": "template_update", "notification_data": data}
    with sqlite3.connect(folder.environment["WA_BULK_DB"]) as database:
        database.execute(
            "INSERT INTO callbacks (at_ms, kind, message_id, digest, body) "
            "VALUES (?, 'notification', '', 1, ?)",
            (1_795_168_800_000, msgspec.json.encode({"notification": notification})),
        )


def test_the_last_word_on_a_template_is_kept(folder: Folder) -> None:
    with History.open(folder.environment["WA_BULK_DB"]) as history:
        notify(folder, {"template_name": "a", "template_language": "en", "template_status": "APPROVED"})
        (update,) = template_updates(history.inbox).values()
    assert (update.status, update.at_ms, update.reason) == ("APPROVED", 1_795_168_800_000, "")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (403, {"code": 2004, "message": "not allowed"}, "HTTP 403, code 2004: not allowed"),
        (404, "<html>", "HTTP 404"),
        (502, "<html>", "HTTP 502"),
        (200, "<html>", "the reply is not JSON"),
        (200, {"data": [], "paging": {}}, "expected a list of templates"),
        (200, [{"title": "code"}], "a template is an object with a name"),
    ],
)
def test_a_list_that_is_refused_or_unreadable_is_a_warning(
    hold: Folder, sandbox: Sandbox, status: int, body: object, told: str
) -> None:
    def answer(method: str, path: str, query: Query) -> tuple[int, object]:
        if path == "/v1/messages":
            return 200, {"message_id": "1"}
        return status, body

    with vendor(answer) as url:
        checked, sent = check(hold, "--base-url", url), send(hold, "--base-url", url)
    assert (checked.exit_code, sent.exit_code) == (exits.FINISHED, exits.FINISHED)
    for shown in (checked.stdout, sent.stderr):
        assert "not held against the account's templates" in words(shown)
        assert told in words(shown)


def test_a_list_that_is_cut_or_ignores_the_name_proves_nothing(hold: Folder) -> None:
    write(hold, "offer", "fr")
    many = [listed("offer", f"x{n:02d}") for n in range(40)]
    with vendor(listing(*many, first=20)) as url:  # asked again for this language alone, it has none
        certain = check(hold, "--base-url", url)
    assert certain.exit_code == exits.NOTHING_SENT
    assert "offer does not exist in 'fr'" in words(certain.stdout)
    for templates in (many[:20], [listed("other"), listed("another")]):  # always the same, whatever is asked
        with vendor(answering(templates)) as url:
            result = check(hold, "--base-url", url)
        assert result.exit_code == exits.FINISHED
        assert "so that this is not certain" in words(result.stdout)


def test_a_list_that_does_not_tell_the_languages_proves_nothing(hold: Folder) -> None:
    write(hold, "offer", "fr")
    for language in (None, {"code": "fr"}):
        with vendor(answering([{**listed("offer"), "language": language}])) as url:
            result = check(hold, "--base-url", url)
        assert result.exit_code == exits.FINISHED
        assert "the account does not say in which languages offer exists" in words(result.stdout)


def answering(templates: list[dict[str, object]]) -> Answer:
    return lambda *_: (200, templates)


def test_without_credentials_or_network_that_is_said(hold: Folder) -> None:
    result = check(hold, WA_BULK_DEV_KEY=None)
    assert result.exit_code == exits.FINISHED
    assert "no credentials: WA_BULK_DEV_KEY is not set (--offline leaves this out)" in words(result.stdout)
    assert "no connection" in words(check(hold, "--base-url", "http://127.0.0.1:9").stdout)
    assert "warning" not in check(hold, "--offline", WA_BULK_DEV_KEY=None).stdout


def test_a_proxy_that_cannot_be_used_is_said_before_anything_is_begun(hold: Folder) -> None:
    vendors = {"WA_BULK_BASE_URL": None, "HTTPS_PROXY": "socks5://me:hidden@p:1"}
    told = "HTTPS_PROXY is a socks5:// proxy, which wa_bulk cannot use: expected http://host:port"
    assert told in words(check(hold, **vendors).stdout)
    refused = hold.run("send", "orders.toml", "--yes", "--log", "none.jsonl", **vendors)
    assert refused.exit_code == exits.NOTHING_SENT
    assert f"{told}. To go without a proxy: NO_PROXY=wa.api.engagelab.cc" in words(refused.stderr)
    assert not (hold.path / "none.jsonl").exists()


def test_a_server_that_does_not_answer_is_not_waited_for(
    hold: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_check, "TIMEOUT_S", 0.05)

    asked_enough = threading.Event()

    def answer(*_: object) -> tuple[int, object]:
        asked_enough.wait(10)
        return 200, []

    with vendor(answer) as url:
        result = check(hold, "--base-url", url)
        asked_enough.set()
    assert result.exit_code == exits.FINISHED
    assert "no whole reply within 0.05 s" in words(result.stdout)


def test_other_messages_ask_nothing(folder: Folder) -> None:
    result = check(folder, "--base-url", "http://127.0.0.1:9")
    assert result.exit_code == exits.FINISHED
    assert "not held against" not in result.stdout


def test_a_test_message_is_held_against_the_template_too(hold: Folder, sandbox: Sandbox) -> None:
    write(hold, "paused_offer")
    paused = send(hold, "--to", "+4915228817386")
    assert paused.exit_code == exits.NOTHING_SENT
    assert "message.body.template.name: paused_offer (en) is PAUSED" in paused.stderr
    write(hold, language="{name}")
    hold.recipients(ROWS)
    absent = send(hold, "--to", "+4915228817386", "--row", "2")
    assert absent.exit_code == exits.NOTHING_SENT
    assert "name is 'xx', in which code does not exist" in absent.stderr
    assert sandbox.messages == []
    assert send(hold, "--to", "+4915228817386").exit_code == exits.FINISHED


def test_where_nothing_is_left_to_send_no_category_is_told(hold: Folder, sandbox: Sandbox) -> None:
    hold.recipients([("12", "Ada")])
    assert "to send 0 messages left out 1 rejected" in words(send(hold).stderr)
