"""Rows that may have been accepted, and rows that failed: whether and when they are sent again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.after import all_sent_once, books, end_of, requests_by_row, statuses
from tests.chaos.balance import faults
from tests.chaos.campaign import CREDENTIALS, Campaign, Life, Moment
from tests.chaos.faults import CALM, NEVER_ANSWERING, Faults
from tests.chaos.recipients import Wanted, crowd, repeating
from tests.chaos.recorder import Recorder

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

PATIENT = ("--timeout", "600")


async def killed_with_requests_open(campaign: Campaign, requests: int) -> Life:
    """`wa-bulk send`, killed when that many requests have arrived, none of which is ever answered."""
    await campaign.server.fault(NEVER_ANSWERING)
    running = await campaign.start_send()
    await running.at_work(requests)
    running.signal(signal.SIGKILL)
    life = await running.end()
    await campaign.server.fault(CALM)
    return life


async def test_unknown_rows_outlive_any_number_of_crashes_and_withdrawals(
    tmp_path: Path, server: Recorder
) -> None:
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "100", "--concurrency", "8", *PATIENT)
    await killed_with_requests_open(campaign, 8)
    await server.go_away()
    # They are announced again and taken back: the server is unavailable, and then nobody wants them any more.
    running = await campaign.start_resume("--on-unknown", "retry")
    await running.says("the server is unavailable")
    running.signal(signal.SIGTERM)
    assert (await running.end()).exit_code == 130
    assert "withdrawn" in {entry["type"] for entry in books(campaign).stretches[-1].entries}
    # Announced again, and killed.
    running = await campaign.start_resume("--on-unknown", "retry")
    await running.says("the server is unavailable")
    running.signal(signal.SIGKILL)
    await running.end()
    await server.come_back()
    await campaign.resume(moment=Moment(0.3))
    await campaign.resume(moment=Moment(0.0, number=signal.SIGTERM))
    assert (await campaign.resume()).exit_code == 1
    assert faults(campaign) == []
    assert all(books(campaign).last_result[row]["status"] == "unknown" for row in range(1, 9))
    assert set(requests_by_row(campaign).values()) == {1}
    assert (await campaign.resume("--on-unknown", "retry")).exit_code == 0
    assert faults(campaign) == []
    assert requests_by_row(campaign)[1] == 2


async def test_what_is_still_refused_when_sent_again_stays_unknown(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(4), "--rate", "0", "--concurrency", "4", *PATIENT)
    await killed_with_requests_open(campaign, 4)
    await server.fault(Faults(refuse=1.0))
    assert (await campaign.resume("--on-unknown", "retry")).exit_code == 1
    assert faults(campaign) == []
    assert statuses(campaign) == {"unknown": 4}


async def test_a_refused_key_leaves_unknown_what_an_earlier_try_may_have_sent(
    tmp_path: Path, server: Recorder
) -> None:
    await server.accept_only(CREDENTIALS)
    await server.fault(NEVER_ANSWERING)
    options = ("--rate", "0", "--concurrency", "4", "--timeout", "1", "--on-unknown", "retry")
    campaign = Campaign(tmp_path, server, crowd(20), *options)
    running = await campaign.start_send()
    await running.at_work(4)
    await server.accept_only("another:key")
    assert (await running.end()).exit_code == 3
    assert end_of(campaign)[0] == "fatal"
    assert statuses(campaign) == {"unknown": 4}
    await server.accept_only(CREDENTIALS)
    await server.fault(CALM)
    assert (await campaign.resume()).exit_code == 1
    assert faults(campaign) == []
    assert statuses(campaign) == {"unknown": 4, "accepted": 16}


async def test_duplicates_of_rows_in_flight_are_known_after_a_crash(tmp_path: Path, server: Recorder) -> None:
    wanted: list[Wanted] = crowd(8)
    wanted += [repeating(wanted, row) for row in range(1, 9)] + crowd(40)[16:]
    campaign = Campaign(tmp_path, server, wanted, "--rate", "0", "--concurrency", "8", *PATIENT)
    await killed_with_requests_open(campaign, 8)
    assert (await campaign.resume()).exit_code == 1
    assert faults(campaign) == []
    assert statuses(campaign)["skipped"] == 8
    assert {books(campaign).last_result[row]["status"] for row in range(1, 9)} == {"unknown"}


async def test_failed_rows_are_sent_again_only_if_asked(tmp_path: Path, server: Recorder) -> None:
    await server.fault(Faults(error=0.3))
    campaign = Campaign(tmp_path, server, crowd(200), "--rate", "0", "--tries", "1")
    assert (await campaign.send()).exit_code == 1
    failed = statuses(campaign)["failed"]
    assert failed > 0
    await server.fault(CALM)
    life = await campaign.resume()
    assert life.exit_code == 1
    assert "--retry-failed" in life.stderr
    assert statuses(campaign)["failed"] == failed
    assert (await campaign.resume("--retry-failed")).exit_code == 0
    await all_sent_once(campaign)
