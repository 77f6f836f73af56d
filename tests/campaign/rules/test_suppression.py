"""Rows whose number is on the account's list, and a list that changes while a campaign runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.suppression import REFRESH_S, SuppressionRule
from wa_bulk.history import History
from wa_bulk.history.suppression import Suppressed


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path / "memory.db") as opened:
        yield opened


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def row(number: str) -> RenderedRow:
    return RenderedRow(number, b"{}", number=1)


def suppress(history: History, number: str, reason: str) -> None:
    history.suppression.add([Suppressed(number=number, source="user", reason=reason, at_ms=0)])


def test_a_number_on_the_list_is_skipped_in_whatever_form_it_is_written(history: History) -> None:
    suppress(history, "+52 1 55 1234 5678", "asked by phone")
    rule = SuppressionRule(history.suppression_list())
    assert rule.skip(row("+525512345678")) == "suppressed: asked by phone on 1970-01-01"
    assert rule.skip(row("+447911123456")) is None


def test_a_stop_that_comes_during_a_run_counts_for_the_rows_to_come(history: History) -> None:
    clock = Clock()
    rule = SuppressionRule(history.suppression_list(), clock=clock)
    assert not rule.refresh()
    suppress(history, "+447911123456", "wrote STOP")
    clock.now += REFRESH_S / 2
    assert not rule.refresh()
    clock.now += REFRESH_S
    assert rule.refresh()
    assert rule.skip(row("+447911123456")) == "suppressed: wrote STOP on 1970-01-01"


def test_a_memory_that_is_lost_during_a_run_costs_no_ones_stop(history: History, tmp_path: Path) -> None:
    suppress(history, "+447911123456", "wrote STOP")
    clock = Clock()
    rule = SuppressionRule(history.suppression_list(), clock=clock)
    for file in tmp_path.glob("memory.db*"):
        file.write_bytes(b"rubbish" * 10_000)
    clock.now += 2 * REFRESH_S
    assert rule.refresh()
    assert rule.skip(row("+447911123456")) == "suppressed: wrote STOP on 1970-01-01"
