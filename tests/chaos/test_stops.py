"""Runs that are told to stop, stand still, or have nothing left to do."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.after import all_sent_once, end_of, requests_by_row, statuses
from tests.chaos.balance import faults
from tests.chaos.campaign import Campaign, Moment
from tests.chaos.faults import CALM, NEVER_ANSWERING, Faults
from tests.chaos.recipients import crowd
from tests.chaos.recorder import Recorder

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

PATIENT = ("--timeout", "600")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_one_signal_ends_a_run_once_its_requests_are_answered(
    tmp_path: Path, server: Recorder, number: signal.Signals
) -> None:
    await server.fault(Faults(latency_s=0.3))
    campaign = Campaign(tmp_path, server, crowd(200), "--rate", "100", "--concurrency", "20")
    life = await campaign.send(moment=Moment(0.5, number=number))
    assert life.exit_code == 130
    assert f"wa-bulk resume {campaign.log}" in life.stderr
    assert end_of(campaign)[0] == "interrupted"
    assert statuses(campaign) == {"accepted": life.arrivals}
    assert 0 < life.arrivals < 200
    await all_sent_once(campaign)


async def test_a_second_signal_ends_it_at_once(tmp_path: Path, server: Recorder) -> None:
    await server.fault(NEVER_ANSWERING)
    campaign = Campaign(tmp_path, server, crowd(50), "--rate", "0", "--concurrency", "8", *PATIENT)
    running = await campaign.start_send()
    await running.at_work(8)
    running.signal(signal.SIGINT)
    await running.says("finishing 8 requests")
    running.signal(signal.SIGINT)
    life = await running.end()
    assert life.exit_code == 130
    await server.fault(CALM)
    life = await campaign.resume()
    assert life.exit_code == 1
    assert faults(campaign) == []
    assert 8 <= statuses(campaign)["unknown"] <= 8 + 8  # those in flight, and those announced ahead
    assert set(requests_by_row(campaign).values()) == {1}


async def test_a_process_that_stood_still_reads_the_replies_it_missed(
    tmp_path: Path, server: Recorder
) -> None:
    campaign = Campaign(tmp_path, server, crowd(600), "--rate", "500", "--timeout", "1")
    running = await campaign.start_send()
    await running.at_work(200)
    running.signal(signal.SIGSTOP)
    await running.pass_(2.5)
    running.signal(signal.SIGCONT)
    assert (await running.end()).exit_code == 0
    await all_sent_once(campaign)


@pytest.mark.parametrize("at_s", [0.0, 0.2, 0.4])
async def test_a_signal_while_it_starts_is_heard(tmp_path: Path, server: Recorder, at_s: float) -> None:
    campaign = Campaign(tmp_path, server, crowd(150), "--rate", "100")
    life = await campaign.send(moment=Moment(at_s, at_work=False, number=signal.SIGTERM))
    assert life.exit_code in (130, -signal.SIGTERM)
    await all_sent_once(campaign)


async def test_a_limit_is_no_end(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(100), "--rate", "0")
    life = await campaign.send("--limit", "30")
    assert (life.exit_code, life.arrivals) == (0, 30)
    await all_sent_once(campaign)


async def test_a_finished_run_is_left_as_it_is(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(50), "--rate", "0")
    assert (await campaign.send()).exit_code == 0
    before = campaign.log.read_bytes()
    life = await campaign.resume()
    assert life.exit_code == 0
    assert "finished" in life.stderr
    assert campaign.log.read_bytes() == before
    await all_sent_once(campaign)


async def test_a_run_killed_before_its_last_line_is_closed_without_sending(
    tmp_path: Path, server: Recorder
) -> None:
    campaign = Campaign(tmp_path, server, crowd(50), "--rate", "0")
    await campaign.send()
    whole = campaign.log.read_bytes()
    size = whole.rindex(b"\n", 0, -1) + 1
    campaign.log.write_bytes(whole[:size])
    campaign.forget_log_after(size)
    await all_sent_once(campaign)
    assert await server.count() == 50
