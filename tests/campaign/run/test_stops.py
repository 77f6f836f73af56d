"""What ends a campaign against the sandbox before its rows do, or only seems to, and what is left of it."""

import asyncio
import json
import socket
import ssl
from pathlib import Path

import msgspec
import pytest
import trustme

from tests.campaign.fixture import CAMPAIGN, FAST, CampaignFixture, account, arrivals, changed, magic, number
from wa_bulk.campaign.run.gates import outage
from wa_bulk.campaign.run.plan import plan_resume
from wa_bulk.campaign.run.pool import FAILED_ROWS_MAX
from wa_bulk.campaign.run.run import CampaignRun
from wa_bulk.ledger.log_format import LogError
from wa_bulk.sandbox import FaultSettings, Latency, Sandbox
from wa_bulk.send.account import Account


async def test_a_wrong_key_stops_at_once_and_leaves_every_row_to_send(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(100)
    wrong = Account("sandbox", "wrong-secret", sandbox.url)
    summary = await CampaignRun(campaign.plan(), wrong).execute()
    assert summary.stopped == "fatal"
    assert "2001" in (summary.detail or "")
    assert sum(msgspec.structs.asdict(summary.totals).values()) == 0
    assert campaign.results() == {}
    done = await campaign.resume(sandbox)
    assert done.totals.accepted == 100
    assert set(arrivals(sandbox).values()) == {1}


async def test_rows_with_a_past_that_cannot_be_rendered_are_in_doubt(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_rows([(number(1), "a"), ("nobody", "b"), (number(3), "c", "d")])
    await campaign.send(sandbox, changed(limit=1))
    run_id = json.loads(campaign.log.read_text().splitlines()[0])["run_id"]
    with campaign.log.open("a") as log:
        log.write(f'{{"type":"intent","run_id":"{run_id}","rows":[2,3]}}\n')
    summary = await campaign.resume(sandbox)
    assert summary.stopped is None
    assert (summary.totals.accepted, summary.totals.unknown) == (1, 2)
    again = await campaign.resume(sandbox, on_unknown="retry")
    assert (again.totals.accepted, again.totals.unknown) == (1, 2)


async def test_a_server_that_cannot_prove_who_it_is_stops_at_once(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(100)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        stranger = Account("sandbox", "sandbox", f"https://127.0.0.1:{port}")
        summary = await asyncio.wait_for(CampaignRun(campaign.plan(), stranger).execute(), 10)
    assert summary.stopped == "fatal"
    assert "the certificate of 127.0.0.1 cannot be verified" in (summary.detail or "")
    assert campaign.results() == {}
    done = await campaign.resume(sandbox)
    assert done.totals.accepted == 100


async def test_a_template_missing_for_every_row_stops_the_run(tmp_path: Path, sandbox: Sandbox) -> None:
    campaign = CampaignFixture(tmp_path, CAMPAIGN.replace("order_update", "no_such_template"))
    campaign.write_row_count(50)
    summary = await campaign.send(sandbox)
    assert summary.stopped == "fatal"
    assert "4001" in (summary.detail or "")


async def test_a_template_missing_for_some_rows_rejects_those(tmp_path: Path, sandbox: Sandbox) -> None:
    campaign = CampaignFixture(tmp_path, CAMPAIGN.replace('"en"', '"{language}"'))
    campaign.write_rows(
        [(number(1), "a", "en"), (number(2), "b", "sw"), (number(3), "c", "fr")], "phone,name,language"
    )
    summary = await campaign.send(sandbox)
    assert summary.stopped is None
    assert [campaign.results()[row]["status"] for row in (1, 2, 3)] == ["accepted", "rejected", "accepted"]


async def test_a_run_of_refusals_trips_the_guard(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_rows([(number(row) if row < 20 else magic(3002), "n") for row in range(1, 300)])
    settings = changed(max_failures_in_a_row=20, allow_duplicates=True)
    summary = await campaign.send(sandbox, settings)
    assert summary.stopped == "failures"
    assert 20 <= summary.totals.rejected <= 20 + FAST.concurrency
    assert summary.totals.unknown == summary.totals.failed == 0


async def test_a_server_that_was_never_there_writes_no_row_off(campaign: CampaignFixture) -> None:
    campaign.write_row_count(50)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = Account("k", "s", f"http://127.0.0.1:{closed.getsockname()[1]}")
        summary = await CampaignRun(campaign.plan(changed(outage_limit=0.05)), nowhere).execute()
    assert summary.stopped == "failures"
    assert "the server was unavailable" in (summary.detail or "")
    assert campaign.results() == {}
    async with Sandbox() as sandbox:
        assert (await campaign.resume(sandbox)).totals.accepted == 50


async def test_a_server_that_comes_back_gets_every_row_once(
    campaign: CampaignFixture, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "PROBE_WAITS_S", (0.0, 0.05))
    campaign.write_row_count(200)
    sandbox.set_faults(FaultSettings(outage="503", outage_s=0.5))
    summary = await campaign.send(sandbox)
    assert summary.stopped is None
    assert summary.totals.failed < FAILED_ROWS_MAX
    assert summary.totals.accepted == 200 - summary.totals.failed
    assert set(arrivals(sandbox).values()) == {1}


async def test_interrupting_awaits_what_is_in_flight_and_nothing_else(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(400)
    sandbox.set_faults(FaultSettings(latency=Latency(ms=20)))
    run = CampaignRun(campaign.plan(), account(sandbox))
    running = asyncio.create_task(run.execute())
    while run.sent < 50:
        await asyncio.sleep(0)
    run.interrupt()
    summary = await running
    assert summary.stopped == "interrupted"
    assert summary.totals.unknown == 0
    assert len(sandbox.messages) == summary.totals.accepted < 400
    assert campaign.lines()[-1]["stopped"] == "interrupted"
    assert (await campaign.resume(sandbox)).totals.accepted == 400
    assert set(arrivals(sandbox).values()) == {1}


async def test_interrupting_does_not_wait_for_rows_between_tries(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(30)
    sandbox.set_faults(FaultSettings(shares={"429": 1}, retry_after_s=3600))
    run = CampaignRun(campaign.plan(changed(tries=5)), account(sandbox))
    running = asyncio.create_task(run.execute())
    while not run.in_flight:
        await asyncio.sleep(0)
    run.interrupt()
    assert (await running).stopped == "interrupted"
    assert campaign.results() == {}


async def test_cancelling_ends_a_run_like_an_interruption(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(400)
    run = CampaignRun(campaign.plan(), account(sandbox))
    running = asyncio.create_task(run.execute())
    while run.sent < 50:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await campaign.resume(sandbox)).totals.accepted == 400
    assert set(arrivals(sandbox).values()) == {1}


async def test_recipients_that_change_under_the_run_stop_it(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(2000)
    original = campaign.recipients.read_bytes()
    run = CampaignRun(campaign.plan(), account(sandbox))
    running = asyncio.create_task(run.execute())
    while run.sent < 50:
        await asyncio.sleep(0)
    campaign.recipients.write_bytes(original.replace(b"N1\n", b"M1\n"))
    summary = await running
    assert summary.stopped == "fatal"
    assert "changed" in (summary.detail or "")
    with pytest.raises(LogError, match="not the file of recipients this run began with"):
        plan_resume(campaign.log)
    campaign.recipients.write_bytes(original)
    assert (await campaign.resume(sandbox)).totals.accepted == 2000
    assert set(arrivals(sandbox).values()) == {1}


async def test_numbers_a_key_may_not_use_stop_only_their_own_rows(tmp_path: Path) -> None:
    campaign = CampaignFixture(tmp_path, CAMPAIGN.replace('"+8613800138000"', '"{line}"'))
    lines = ("+8613800138000", "+8613800138001")
    campaign.write_rows([(number(row), "n", lines[row % 2]) for row in range(1, 41)], "phone,name,line")
    async with Sandbox() as sandbox:
        await _allow_only(sandbox, lines[0])
        summary = await campaign.send(sandbox, changed(max_failures_in_a_row=0, max_failure_share=0))
    assert summary.stopped is None
    assert (summary.totals.accepted, summary.totals.failed) == (20, 20)


async def _allow_only(sandbox: Sandbox, line: str) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        key = {"key": sandbox.key, "secret": sandbox.secret, "numbers": [line]}
        async with session.post(f"{sandbox.url}/sandbox/keys", json=key) as reply:
            assert reply.status < 300, await reply.text()
