"""A server that refuses, errs, goes away or tells us to slow down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.after import all_sent_once, end_of, never_seen_but_unknown, statuses
from tests.chaos.balance import faults
from tests.chaos.campaign import CREDENTIALS, Campaign
from tests.chaos.faults import CALM, NEVER_ANSWERING, Faults
from tests.chaos.recipients import crowd
from tests.chaos.recorder import Recorder

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


async def test_a_refused_key_stops_it_at_once_with_the_rest_untouched(
    tmp_path: Path, server: Recorder
) -> None:
    await server.accept_only(CREDENTIALS)
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "0", "--concurrency", "16")
    running = await campaign.start_send()
    await running.at_work(100)
    await server.accept_only("another:key")
    life = await running.end()
    assert life.exit_code == 3
    stopped, detail = end_of(campaign)
    assert stopped == "fatal"
    assert "2001" in detail
    assert detail in life.stderr
    assert set(statuses(campaign)) == {"accepted"}
    refused = [arrival for arrival in server.arrivals() if arrival.kind == "unauthorised"]
    assert 0 < len(refused) <= 16
    assert never_seen_but_unknown(campaign) == set()
    campaign.environment["WA_BULK_DEV_KEY"], campaign.environment["WA_BULK_DEV_SECRET"] = "another", "key"
    await all_sent_once(campaign)


async def test_the_guard_stops_a_run_that_is_refused_row_after_row(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(800), "--rate", "300", "--concurrency", "16")
    running = await campaign.start_send()
    await running.at_work(20)
    await server.fault(Faults(refuse=1.0))
    life = await running.end()
    assert life.exit_code == 3
    stopped, detail = end_of(campaign)
    assert stopped == "failures"
    assert "in a row were not accepted" in detail
    rejected = statuses(campaign)["rejected"]
    assert 100 <= rejected <= 100 + 16
    assert never_seen_but_unknown(campaign) == set()
    await server.fault(CALM)
    assert (await campaign.resume()).exit_code == 1
    assert faults(campaign) == []
    assert statuses(campaign) == {"rejected": rejected, "accepted": 800 - rejected}


async def test_a_campaign_that_is_refused_as_a_whole_writes_nobody_off(
    tmp_path: Path, server: Recorder
) -> None:
    await server.fault(Faults(refuse=1.0))
    campaign = Campaign(tmp_path, server, crowd(400), "--rate", "0", "--concurrency", "16")
    life = await campaign.send()
    assert life.exit_code == 3
    stopped, detail = end_of(campaign)
    assert stopped == "fatal"
    assert "None of them is written off" in detail
    assert 20 <= life.arrivals <= 20 + 16
    assert "wa-bulk send" in life.stderr
    await server.fault(CALM)
    assert (await campaign.resume()).exit_code == 0
    assert statuses(campaign) == {"accepted": 400}


async def test_the_guard_can_be_turned_off(tmp_path: Path, server: Recorder) -> None:
    await server.fault(Faults(refuse=1.0))
    off = ("--max-failures-in-a-row", "0", "--max-failure-share", "0")
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "0", *off)
    assert (await campaign.send()).exit_code == 1
    assert faults(campaign) == []
    assert statuses(campaign) == {"rejected": 300}


async def test_a_run_waits_for_a_server_that_refuses_connections(tmp_path: Path, server: Recorder) -> None:
    await server.go_away()
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "0", "--tries", "1")
    running = await campaign.start_send()
    await running.says("the server is unavailable")
    await server.come_back()
    assert (await running.end()).exit_code == 0
    await all_sent_once(campaign)


async def test_a_server_that_stays_away_stops_it_and_writes_no_row_off(
    tmp_path: Path, server: Recorder
) -> None:
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "100", "--tries", "1", "--outage-limit", "3")
    running = await campaign.start_send()
    await running.at_work(50)
    await server.go_away()
    life = await running.end()
    assert life.exit_code == 3
    stopped, detail = end_of(campaign)
    assert stopped == "failures"
    assert detail.startswith("the server was unavailable for")
    assert set(statuses(campaign)) <= {"accepted", "unknown"}  # unknown: reset while they were on the wire
    assert never_seen_but_unknown(campaign) == set()
    await server.come_back()
    assert (await campaign.resume("--on-unknown", "retry")).exit_code == 0
    assert faults(campaign) == []


async def test_a_server_that_answers_with_errors_alone_is_away_too(tmp_path: Path, server: Recorder) -> None:
    await server.fault(Faults(error=1.0))
    options = ("--rate", "0", "--tries", "1", "--outage-limit", "3", "--concurrency", "32")
    campaign = Campaign(tmp_path, server, crowd(300), *options)
    life = await campaign.send()
    assert life.exit_code == 3
    assert end_of(campaign)[1].startswith("the server was unavailable for")
    assert set(statuses(campaign)) == {"failed"}
    assert statuses(campaign)["failed"] < 10
    assert never_seen_but_unknown(campaign) == set()
    await server.fault(CALM)
    assert (await campaign.resume("--retry-failed")).exit_code == 0
    await all_sent_once(campaign)


async def test_an_unpaced_run_outlives_being_told_to_slow_down(tmp_path: Path, server: Recorder) -> None:
    await server.fault(Faults(too_fast=0.3))
    campaign = Campaign(tmp_path, server, crowd(60), "--rate", "0", "--concurrency", "8", "--tries", "20")
    assert (await campaign.send()).exit_code == 0
    await all_sent_once(campaign)


async def test_a_server_that_comes_back_only_to_stall_is_not_waited_for_in_vain(
    tmp_path: Path, server: Recorder
) -> None:
    """The rows that find out whether the server is back are never answered: others go to find out."""
    await server.go_away()
    options = ("--rate", "0", "--concurrency", "2", "--timeout", "0.5", "--tries", "1")
    campaign = Campaign(tmp_path, server, crowd(40), *options)
    running = await campaign.start_send()
    await running.says("the server is unavailable")
    await server.fault(NEVER_ANSWERING)
    await server.come_back()
    await running.at_work(3)
    await server.fault(CALM)
    assert (await running.end()).exit_code == 1
    assert faults(campaign) == []
