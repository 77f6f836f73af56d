"""Deliberate mistakes, put into the package, that the simulation has to find: it is worth what it finds."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulation.search import replay
from wa_bulk.campaign.run.gates.outage import OutageGate
from wa_bulk.campaign.run.pool import Pool
from wa_bulk.ledger import row_states
from wa_bulk.ledger.journal import Journal
from wa_bulk.send import verdict
from wa_bulk.send.dispatcher import Dispatcher
from wa_bulk.send.pacing import window
from wa_bulk.send.pacing.sender_queue import SenderQueue
from wa_bulk.send.redaction import Redaction
from wa_bulk.send.transport import MaybeSent, NotSent

SEEDS_MAX = 1000


def first_fault(*, about: str) -> int | None:
    """Find the first seed with a fault that has these words."""
    for seed in range(SEEDS_MAX):
        if any(about in fault for fault in replay(seed).faults):
            return seed
    return None


def test_an_intent_that_is_not_synced_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    append = Journal._append_in_thread

    def without_sync(self: Journal, data: bytes, sync: bool) -> asyncio.Future[None]:
        return append(self, data, False)

    monkeypatch.setattr(Journal, "_append_in_thread", without_sync)
    assert first_fault(about="before its intent was on the disk") is not None


def test_a_lost_reply_that_is_taken_for_a_refusal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verdict.BY_ERROR, MaybeSent, verdict.BY_ERROR[NotSent])
    assert first_fault(about="which proves nothing") is not None


def test_a_row_that_was_cut_off_and_counts_as_never_sent_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = bytes(code & 0x7F for code in range(256))
    monkeypatch.setattr(row_states, "_CUT_OFF", forgotten)
    assert first_fault(about="was sent while the log said") is not None


def test_a_window_of_less_than_a_second_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MARGIN", 0.98)
    assert first_fault(about="messages left from") is not None


def test_a_gate_that_does_not_close_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OutageGate, "troubled", lambda *_, **__: None)
    assert first_fault(about="rows in doubt; at most") is not None


def test_a_pace_that_does_not_slow_down_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SenderQueue, "slow_down", lambda self, retry_after=None: None)
    assert first_fault(about="was too fast") is not None


def test_a_row_in_doubt_that_probes_before_others_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pool, "_is_last_resort", lambda self: True)
    assert first_fault(about="probed while") is not None


def test_the_reply_to_another_request_taken_for_its_own_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dispatcher, "_is_foreign", lambda self, echo, envelope, reply: False)
    assert first_fault(about="the server took it as") is not None


def test_a_secret_in_the_log_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redaction, "of_words", lambda self, text: text)
    assert first_fault(about="the secret is in the log") is not None
