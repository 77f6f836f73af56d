"""`wa-bulk check --rates`: where the messages go, and what they cost."""

from __future__ import annotations

import json
import sqlite3

import msgspec

from tests.cli.conftest import Folder
from tests.cli.test_template_check import check, words, write
from wa_bulk.cli import exits
from wa_bulk.history import History
from wa_bulk.history.cost_estimates import cost_estimates
from wa_bulk.history.database import now_ms

RATES = "country,category,price,currency\nDE,AUTHENTICATION,0.05,USD\n*,SERVICE,0,USD\n"


def test_what_a_campaign_costs(folder: Folder) -> None:
    (folder.path / "rates.csv").write_text(RATES, encoding="utf-8")
    write(folder)
    folder.recipients([("+4915228817386", "1"), ("+4915228817387", "2"), ("+33612345678", "3")])
    shown = words(check(folder).stdout)
    assert "DE AUTHENTICATION 2 FR AUTHENTICATION 1" in shown
    assert "costs" not in shown
    shown = words(check(folder, "--rates", "rates.csv").stdout)
    assert "DE AUTHENTICATION 2 at 0.05 0.10 USD" in shown
    assert "costs 0.10 USD by these rates; 1 message left out, for want of a rate" in shown
    assert "EngageLab's own" not in shown
    found = json.loads(check(folder, "--rates", "rates.csv", "--json").stdout)
    assert found["cost_sums"] == {"USD": 0.1}
    assert found["costs"][0] == {
        "country": "DE",
        "category": "AUTHENTICATION",
        "messages": 2,
        "price": 0.05,
        "sum": 0.1,
        "currency": "USD",
    }
    offline = words(check(folder, "--rates", "rates.csv", "--offline").stdout)
    assert "DE category not known 2" in offline
    assert "costs not known: there is no rate for any of these" in offline


def test_beside_it_stands_what_engagelab_estimated(folder: Folder) -> None:
    (folder.path / "rates.csv").write_text(RATES, encoding="utf-8")
    write(folder)
    with History.open(folder.environment["WA_BULK_DB"]) as history:
        notices = [
            (now_ms(), {"event": "delivery_estimate_cost", "notification_data": {"estimated_cost": 731}}),
            (now_ms(), {"event": "delivery_estimate_cost", "notification_data": {"estimated_cost": 269}}),
            (now_ms(), {"event": "delivery_estimate_cost", "notification_data": {"estimated_cost": "much"}}),
            (now_ms(), {"event": "insufficient_balance", "notification_data": {}}),
            (1, {"event": "delivery_estimate_cost", "notification_data": {"estimated_cost": 9}}),
        ]
        with sqlite3.connect(folder.environment["WA_BULK_DB"]) as database:
            for digest, (at_ms, notification) in enumerate(notices):
                database.execute(
                    "INSERT INTO callbacks (at_ms, kind, message_id, digest, body) "
                    "VALUES (?, 'notification', '', ?, ?)",
                    (at_ms, digest, msgspec.json.encode({"notification": notification})),
                )
        found = cost_estimates(history.inbox, now_ms=now_ms())
        assert found is not None
        assert (found.count, round(found.mean_usd, 6)) == (2, 0.05)
    shown = words(check(folder, "--rates", "rates.csv").stdout)
    assert "EngageLab's own estimates (2 notifications of the last 30 days): 0.0500 USD on average" in shown
    assert "these rates: 0.0500 USD a message on average" in shown


def test_rates_that_cannot_be_used_are_told(folder: Folder) -> None:
    result = check(folder, "--rates", "orders.csv")
    assert result.exit_code == exits.NOTHING_SENT
    assert "orders.csv: has no column country" in result.stderr
    assert check(folder, "--rates", "nothing.csv").exit_code == exits.NOTHING_SENT
