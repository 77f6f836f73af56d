"""The command that begins a run anew sends no more, no faster and nowhere else than the run did."""

from __future__ import annotations

from pathlib import Path

import pytest

from wa_bulk.campaign.settings import Settings
from wa_bulk.cli import send
from wa_bulk.ledger.log_format import BASE_URL, Setting
from wa_bulk.report.send_again import send_again
from wa_bulk.send.account import BASE_URL_VARIABLE

SANDBOX = "http://127.0.0.1:8025"


def logged(base_url: str = SANDBOX, **chosen: object) -> dict[str, Setting]:
    return {**Settings(**chosen).as_log(), BASE_URL: base_url}  # type: ignore[arg-type]


def test_what_was_chosen_is_chosen_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BASE_URL_VARIABLE, raising=False)
    settings = logged(
        rate=5.0, limit=1, max_failure_share=0.25, allow_duplicates=True, gateway_errors="retry"
    )
    assert send_again("a b.toml", "people.csv", tmp_path / "l.jsonl", settings).split(" --") == [
        "wa-bulk send 'a b.toml'",
        "recipients people.csv",
        "rate 5",
        "limit 1",
        "gateway-errors retry",
        "allow-duplicates",
        "max-failure-share 0.25",
        f"base-url {SANDBOX}",
        f"log {tmp_path / 'l-2.jsonl'}",
    ]


def test_what_is_so_anyway_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE_URL_VARIABLE, SANDBOX + "/")
    file_settings = Settings(rate=0)
    of_resume = logged(rate=0.0, retry_failed=True, retry_rejected=True, on_unknown="retry-unheard")
    settings = {**of_resume, "of_a_later_version": 5}
    (tmp_path / "l-2.jsonl").touch()
    command = send_again("a.toml", None, tmp_path / "l.jsonl", settings, file_settings)
    assert command == f"wa-bulk send a.toml --log {tmp_path / 'l-3.jsonl'}"


def test_every_setting_is_an_option_of_send() -> None:
    options = {option for parameter in send.command.params for option in parameter.opts}
    settings = {*Settings().as_log(), BASE_URL} - {"retry_failed", "retry_rejected", "selections"}
    assert {"--" + name.replace("_", "-") for name in settings} <= options
