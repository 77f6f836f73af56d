"""Every way a run ends before its rows do, and how it goes on."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.balance import faults
from tests.chaos.books import Books
from tests.chaos.campaign import CREDENTIALS, Campaign, Life, Moment
from tests.chaos.faults import CALM, Faults
from tests.chaos.people import Wanted, crowd, repeating
from tests.chaos.recorder import Recorder

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

NEVER_ANSWERING = Faults(stall=1.0)
PATIENT = ("--timeout", "600")


def books(campaign: Campaign) -> Books:
    return Books(campaign.log.read_bytes())


def end_of(campaign: Campaign) -> tuple[str | None, str]:
    """Why the last process says it stopped, and its words on it."""
    end = books(campaign).end
    assert end is not None
    return end["stopped"], end.get("detail", "")


def statuses(campaign: Campaign) -> Counter[str]:
    return Counter(result["status"] for result in books(campaign).last_result.values())


def requests_by_row(campaign: Campaign) -> Counter[int]:
    return Counter(arrival.row for arrival in campaign.server.arrivals())


def never_seen_but_unknown(campaign: Campaign) -> set[int]:
    """Rows that the log does not know the fate of, though the server never saw them."""
    after = books(campaign).stretches[-1].after
    in_doubt = {row for row, state in after.items() if state in ("unknown", "open", "held")}
    return in_doubt - set(requests_by_row(campaign))


async def all_sent_once(campaign: Campaign) -> None:
    """Goes on to the end: every row accepted, and not one request more than rows."""
    life = await campaign.resume()
    assert life.exit_code == 0, life.stderr
    assert faults(campaign) == []
    assert statuses(campaign) == {"accepted": len(campaign.wanted)}
    accepted = Counter(arrival.row for arrival in campaign.server.arrivals() if arrival.accepted)
    assert set(accepted.values()) == {1}


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
    campaign = Campaign(tmp_path, server, crowd(400), "--rate", "100")
    life = await campaign.send(moment=Moment(at_s, at_work=False, number=signal.SIGTERM))
    assert life.exit_code in (130, -signal.SIGTERM)
    await all_sent_once(campaign)


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
    await server.fault(Faults(refuse=1.0))
    campaign = Campaign(tmp_path, server, crowd(400), "--rate", "0", "--concurrency", "16")
    life = await campaign.send()
    assert life.exit_code == 3
    stopped, detail = end_of(campaign)
    assert stopped == "failures"
    assert "in a row were not accepted" in detail
    assert 100 <= life.arrivals <= 100 + 16
    assert statuses(campaign) == {"rejected": life.arrivals}
    assert never_seen_but_unknown(campaign) == set()
    await server.fault(CALM)
    assert (await campaign.resume()).exit_code == 1
    assert faults(campaign) == []
    assert statuses(campaign) == {"rejected": life.arrivals, "accepted": 400 - life.arrivals}


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
    await running.says("the server is away")
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
    assert detail.startswith("the server was away for")
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
    assert end_of(campaign)[1].startswith("the server was away for")
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
    """The row that asks whether the server is back is never answered, and no other row is at hand to ask."""
    await server.go_away()
    options = ("--rate", "0", "--concurrency", "2", "--timeout", "0.5", "--tries", "1")
    campaign = Campaign(tmp_path, server, crowd(40), *options)
    running = await campaign.start_send()
    await running.says("the server is away")
    await server.fault(NEVER_ANSWERING)
    await server.come_back()
    await running.at_work(8)
    await server.fault(CALM)
    assert (await running.end()).exit_code == 1
    assert faults(campaign) == []


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
    # They are announced again and taken back: the server is away, and then nobody wants them any more.
    running = await campaign.start_resume("--on-unknown", "retry")
    await running.says("the server is away")
    running.signal(signal.SIGTERM)
    assert (await running.end()).exit_code == 130
    assert "withdrawn" in {entry["type"] for entry in books(campaign).stretches[-1].entries}
    # Announced again, and killed.
    running = await campaign.start_resume("--on-unknown", "retry")
    await running.says("the server is away")
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
