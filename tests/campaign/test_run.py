"""Campaigns from CSV to log against the sandbox: what is sent, what is written, how it is resumed."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import trustme

from tests.campaign.stage import CAMPAIGN, FAST, Stage, account, arrivals, magic, number
from wa_bulk.campaign import outage
from wa_bulk.campaign.log import LogError
from wa_bulk.campaign.plan import plan_resume
from wa_bulk.campaign.run import CampaignRun
from wa_bulk.campaign.settings import Settings
from wa_bulk.sandbox import FaultSettings, Latency, Sandbox
from wa_bulk.send.account import Account


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def changed(**changes: object) -> Settings:
    return msgspec.structs.replace(FAST, **changes)


async def test_every_row_is_sent_once_and_the_books_balance(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(300)
    summary = await stage.send(sandbox)
    assert summary.stopped is None
    assert msgspec.structs.asdict(summary.totals) == {
        "accepted": 300,
        "rejected": 0,
        "failed": 0,
        "unknown": 0,
        "skipped": 0,
    }
    assert arrivals(sandbox) == {number(row): 1 for row in range(1, 301)}
    results = stage.results()
    assert sorted(results) == list(range(1, 301))
    assert {m.message_id for m in sandbox.messages} == {r["message_id"] for r in results.values()}
    lines = stage.lines()
    assert (lines[0]["type"], lines[-1]["type"]) == ("run", "end")
    assert lines[-1]["stopped"] is None
    assert stage.log.stat().st_mode & 0o777 == 0o600


async def test_no_result_stands_before_its_intent_nor_intents_far_ahead(
    stage: Stage, sandbox: Sandbox
) -> None:
    stage.crowd(400)
    settings = changed(rate=2000, concurrency=16)
    await stage.send(sandbox, settings)
    intended: set[int] = set()
    most_open = 0
    for line in stage.lines():
        if line["type"] == "intent":
            first, last = line["rows"]
            intended |= set(range(first, last + 1))
        elif line["type"] == "result":
            assert line["row"] in intended
            intended.remove(line["row"])
        most_open = max(most_open, len(intended))
    assert most_open <= settings.concurrency + settings.rate * 0.05


async def test_each_row_gets_the_status_it_deserves(stage: Stage, sandbox: Sandbox) -> None:
    cast = {
        number(1): ("accepted", "Zoë"),
        "4.47912E+11": ("rejected", "Excel"),
        number(3): ("rejected", ""),
        number(1).removeprefix("+"): ("skipped", "again"),
        magic(3002): ("rejected", "refused"),
        magic(1000): ("failed", "fails"),
        magic(12): ("unknown", "reset after"),
        magic(17): ("unknown", "not understood"),
        number(9): ("accepted", "x"),
    }
    stage.cast([(phone, name) for phone, (_, name) in cast.items()])
    await stage.send(sandbox)
    results = stage.results()
    assert {row: result["status"] for row, result in results.items()} == dict(
        enumerate((status for status, _ in cast.values()), 1)
    )
    assert "spreadsheet" in results[2]["reason"]
    assert results[2]["to"] == "4.47912E+11"
    assert "column name" in results[3]["reason"]
    assert results[4]["reason"] == "duplicate of row 1"
    assert results[5]["code"] == 3002
    assert results[6]["http_status"] == 500
    assert sum(stage.statuses().values()) == len(cast)


async def test_a_ragged_row_is_rejected_and_the_rest_goes_on(stage: Stage, sandbox: Sandbox) -> None:
    stage.people.write_text(f"phone,name\n{number(1)},a,b\n{number(2)}\n{number(3)},c\n")
    await stage.send(sandbox)
    assert [stage.results()[row]["status"] for row in (1, 2, 3)] == ["rejected", "rejected", "accepted"]


async def test_a_number_belongs_to_the_first_row_that_can_be_sent(stage: Stage, sandbox: Sandbox) -> None:
    stage.cast([(number(1), ""), (number(1), "b"), (number(1), "c")])
    await stage.send(sandbox)
    assert [stage.results()[row]["status"] for row in (1, 2, 3)] == ["rejected", "accepted", "skipped"]
    assert stage.results()[3]["reason"] == "duplicate of row 2"


async def test_duplicates_are_sent_where_they_are_allowed(stage: Stage, sandbox: Sandbox) -> None:
    stage.cast([(number(1), "a")] * 3)
    await stage.send(sandbox, changed(allow_duplicates=True))
    assert arrivals(sandbox) == {number(1): 3}


async def test_the_first_rows_and_then_the_rest(stage: Stage, sandbox: Sandbox) -> None:
    stage.cast([*((number(row), "n") for row in range(1, 31)), (number(2), "again")])
    first = await stage.send(sandbox, changed(limit=10))
    assert first.totals.accepted == 10
    rest = await stage.resume(sandbox)
    assert (rest.totals.accepted, rest.totals.skipped) == (30, 1)
    assert set(arrivals(sandbox).values()) == {1}
    assert {line["run_id"] for line in stage.lines()} == {stage.lines()[0]["run_id"]}


async def test_a_finished_run_has_nothing_left(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(5)
    await stage.send(sandbox)
    plan = plan_resume(stage.log)
    assert plan.is_finished
    plan.release()


async def test_failed_rows_are_sent_again_when_asked(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(20)
    sandbox.set_faults(FaultSettings(shares={"500": 0.4}, seed=3))
    before = await stage.send(sandbox)
    assert before.totals.failed > 0
    sandbox.set_faults(FaultSettings())
    after = await stage.resume(sandbox, retry_failed=True)
    assert (after.totals.accepted, after.totals.failed) == (20, 0)
    assert set(arrivals(sandbox).values()) == {1}


async def test_unknown_rows_are_held_until_the_user_says_otherwise(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(20)
    sandbox.set_faults(FaultSettings(shares={"reset-after": 0.4}, seed=3))
    before = await stage.send(sandbox)
    assert before.totals.unknown > 0
    sandbox.set_faults(FaultSettings())
    plan = plan_resume(stage.log)
    assert plan.is_finished
    plan.release()
    after = await stage.resume(sandbox, on_unknown="retry")
    assert (after.totals.accepted, after.totals.unknown) == (20, 0)
    assert arrivals(sandbox).total() == 20 + before.totals.unknown


async def test_an_unknown_row_that_then_fails_stays_unknown(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(3)
    sandbox.set_faults(FaultSettings(shares={"reset-after": 1}))
    await stage.send(sandbox)
    sandbox.set_faults(FaultSettings(shares={"500": 1}))
    after = await stage.resume(sandbox, on_unknown="retry")
    assert (after.totals.unknown, after.totals.failed) == (3, 0)


async def test_unknown_rows_are_sent_again_at_once_where_the_user_said_so(
    stage: Stage, sandbox: Sandbox
) -> None:
    stage.crowd(20)
    sandbox.set_faults(FaultSettings(shares={"reset-after": 0.3}, seed=3))
    summary = await stage.send(sandbox, changed(on_unknown="retry", tries=9))
    assert summary.totals.accepted == 20
    assert arrivals(sandbox).total() > 20
    assert arrivals(sandbox).total() == sum(result["attempts"] for result in stage.results().values())


async def test_a_row_that_may_have_been_taken_never_ends_as_refused(stage: Stage, sandbox: Sandbox) -> None:
    stage.cast([(magic(12), "a")])
    summary = await stage.send(sandbox, changed(on_unknown="retry", tries=3))
    assert summary.totals.unknown == 1
    assert stage.results()[1]["attempts"] == 3


async def test_a_wrong_key_stops_at_once_and_leaves_every_row_to_send(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(100)
    wrong = Account("sandbox", "wrong-secret", sandbox.url)
    summary = await CampaignRun(stage.plan(), wrong).execute()
    assert summary.stopped == "fatal"
    assert "2001" in (summary.detail or "")
    assert sum(msgspec.structs.asdict(summary.totals).values()) == 0
    assert stage.results() == {}
    done = await stage.resume(sandbox)
    assert done.totals.accepted == 100
    assert set(arrivals(sandbox).values()) == {1}


async def test_each_sending_number_goes_at_its_own_rate(tmp_path: Path, sandbox: Sandbox) -> None:
    """One after the other at 1/s, these would take as many seconds as there are."""
    stage = Stage(tmp_path, CAMPAIGN.replace('"+8613800138000"', '"{line}"'))
    stage.cast([(number(row), "a", f"+86138001380{row:02d}") for row in range(30)], "phone,name,line")
    summary = await asyncio.wait_for(stage.send(sandbox, changed(rate=1, concurrency=64)), 15)
    assert summary.totals.accepted == 30


async def test_rows_of_which_the_log_says_nothing_are_sent(stage: Stage, sandbox: Sandbox) -> None:
    """Even where the log does not say how many rows there are."""
    stage.crowd(20)
    await stage.send(sandbox, changed(limit=5))
    run, *rest = stage.log.read_text().splitlines()
    stage.log.write_text("\n".join([run.replace(',"rows":20', ""), *rest]) + "\n")
    plan = plan_resume(stage.log)
    assert plan.ledger.run is not None
    assert plan.ledger.run.source.rows is None
    assert (await CampaignRun(plan, account(sandbox)).execute()).totals.accepted == 20


async def test_a_log_of_rows_that_cannot_have_been_sent_stops_the_run(stage: Stage, sandbox: Sandbox) -> None:
    stage.cast([(number(1), "a"), ("nobody", "b"), (number(3), "c", "d")])
    await stage.send(sandbox, changed(limit=1))
    run_id = json.loads(stage.log.read_text().splitlines()[0])["run_id"]
    for row in (2, 3):
        with stage.log.open("a") as log:
            log.write(f'{{"type":"intent","run_id":"{run_id}","rows":[{row},{row}]}}\n')
        summary = await stage.resume(sandbox)
        assert summary.stopped == "fatal"
        assert f"row {row if row == 2 else 2} was to be sent, but it cannot be" in (summary.detail or "")


async def test_a_server_that_cannot_prove_who_it_is_stops_at_once(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(100)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        stranger = Account("sandbox", "sandbox", f"https://127.0.0.1:{port}")
        summary = await asyncio.wait_for(CampaignRun(stage.plan(), stranger).execute(), 10)
    assert summary.stopped == "fatal"
    assert "the certificate of 127.0.0.1 cannot be verified" in (summary.detail or "")
    assert stage.results() == {}
    done = await stage.resume(sandbox)
    assert done.totals.accepted == 100


async def test_a_template_missing_for_every_row_stops_the_run(tmp_path: Path, sandbox: Sandbox) -> None:
    stage = Stage(tmp_path, CAMPAIGN.replace("order_update", "no_such_template"))
    stage.crowd(50)
    summary = await stage.send(sandbox)
    assert summary.stopped == "fatal"
    assert "4001" in (summary.detail or "")


async def test_a_template_missing_for_some_rows_rejects_those(tmp_path: Path, sandbox: Sandbox) -> None:
    stage = Stage(tmp_path, CAMPAIGN.replace('"en"', '"{language}"'))
    stage.cast(
        [(number(1), "a", "en"), (number(2), "b", "sw"), (number(3), "c", "fr")], "phone,name,language"
    )
    summary = await stage.send(sandbox)
    assert summary.stopped is None
    assert [stage.results()[row]["status"] for row in (1, 2, 3)] == ["accepted", "rejected", "accepted"]


async def test_a_run_of_refusals_trips_the_guard(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(300)
    sandbox.set_faults(FaultSettings(shares={"3002": 1}))
    summary = await stage.send(sandbox, changed(max_failures_in_a_row=20))
    assert summary.stopped == "failures"
    assert 20 <= summary.totals.rejected <= 20 + FAST.concurrency
    assert summary.totals.unknown == summary.totals.failed == 0
    sandbox.set_faults(FaultSettings())
    done = await stage.resume(sandbox)
    assert done.totals.accepted == 300 - summary.totals.rejected


async def test_a_server_that_was_never_there_writes_no_row_off(stage: Stage) -> None:
    stage.crowd(50)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = Account("k", "s", f"http://127.0.0.1:{closed.getsockname()[1]}")
        summary = await CampaignRun(stage.plan(changed(outage_limit=0.05)), nowhere).execute()
    assert summary.stopped == "failures"
    assert "the server was away" in (summary.detail or "")
    assert stage.results() == {}
    async with Sandbox() as sandbox:
        assert (await stage.resume(sandbox)).totals.accepted == 50


async def test_a_server_that_comes_back_gets_every_row_once(
    stage: Stage, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "FIRST_WAIT_S", 0.05)
    stage.crowd(200)
    sandbox.set_faults(FaultSettings(outage="503", outage_s=0.5))
    summary = await stage.send(sandbox)
    assert summary.stopped is None
    assert summary.totals.failed < outage.SUSPICION
    assert summary.totals.accepted == 200 - summary.totals.failed
    assert set(arrivals(sandbox).values()) == {1}


async def test_interrupting_awaits_what_is_in_flight_and_nothing_else(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(400)
    sandbox.set_faults(FaultSettings(latency=Latency(ms=20)))
    run = CampaignRun(stage.plan(), account(sandbox))
    running = asyncio.create_task(run.execute())
    while run.progress.sent < 50:
        await asyncio.sleep(0)
    run.interrupt()
    summary = await running
    assert summary.stopped == "interrupted"
    assert summary.totals.unknown == 0
    assert len(sandbox.messages) == summary.totals.accepted < 400
    assert stage.lines()[-1]["stopped"] == "interrupted"
    assert (await stage.resume(sandbox)).totals.accepted == 400
    assert set(arrivals(sandbox).values()) == {1}


async def test_interrupting_does_not_wait_for_rows_between_tries(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(30)
    sandbox.set_faults(FaultSettings(shares={"429": 1}, retry_after_s=3600))
    run = CampaignRun(stage.plan(changed(tries=5)), account(sandbox))
    running = asyncio.create_task(run.execute())
    while not run.in_flight:
        await asyncio.sleep(0)
    run.interrupt()
    assert (await running).stopped == "interrupted"
    assert stage.results() == {}


async def test_cancelling_ends_a_run_like_an_interruption(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(400)
    run = CampaignRun(stage.plan(), account(sandbox))
    running = asyncio.create_task(run.execute())
    while run.progress.sent < 50:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await stage.resume(sandbox)).totals.accepted == 400
    assert set(arrivals(sandbox).values()) == {1}


async def test_recipients_that_change_under_the_run_stop_it(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(2000)
    original = stage.people.read_bytes()
    run = CampaignRun(stage.plan(), account(sandbox))
    running = asyncio.create_task(run.execute())
    while run.progress.sent < 50:
        await asyncio.sleep(0)
    stage.people.write_bytes(original.replace(b"N1\n", b"M1\n"))
    summary = await running
    assert summary.stopped == "fatal"
    assert "changed" in (summary.detail or "")
    with pytest.raises(LogError, match="not the file of recipients this run began with"):
        plan_resume(stage.log)
    stage.people.write_bytes(original)
    assert (await stage.resume(sandbox)).totals.accepted == 2000
    assert set(arrivals(sandbox).values()) == {1}


async def test_another_campaign_file_is_refused(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(3)
    await stage.send(sandbox, changed(limit=1))
    stage.campaign.write_text(CAMPAIGN.replace("$1", "$2"))
    with pytest.raises(LogError, match="not the campaign file this run began with"):
        plan_resume(stage.log)


async def test_a_log_that_exists_is_not_begun_anew(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(3)
    await stage.send(sandbox)
    with pytest.raises(LogError, match="wa-bulk resume"):
        stage.plan()


async def test_two_resumes_of_one_log_do_not_meet(stage: Stage, sandbox: Sandbox) -> None:
    stage.crowd(3)
    await stage.send(sandbox, changed(limit=1))
    plan = plan_resume(stage.log)
    with pytest.raises(LogError, match="is writing to"):
        plan_resume(stage.log)
    plan.release()


async def test_numbers_a_key_may_not_use_stop_only_their_own_rows(tmp_path: Path) -> None:
    stage = Stage(tmp_path, CAMPAIGN.replace('"+8613800138000"', '"{line}"'))
    lines = ("+8613800138000", "+8613800138001")
    stage.cast([(number(row), "n", lines[row % 2]) for row in range(1, 41)], "phone,name,line")
    async with Sandbox() as sandbox:
        await _allow_only(sandbox, lines[0])
        summary = await stage.send(sandbox, changed(max_failures_in_a_row=0, max_failure_share=0))
    assert summary.stopped is None
    assert (summary.totals.accepted, summary.totals.rejected) == (20, 20)


async def _allow_only(sandbox: Sandbox, line: str) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        key = {"key": sandbox.key, "secret": sandbox.secret, "numbers": [line]}
        async with session.post(f"{sandbox.url}/sandbox/keys", json=key) as reply:
            assert reply.status < 300, await reply.text()
