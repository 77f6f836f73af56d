"""Campaigns from CSV to log against the sandbox: what is sent, what is written, how it is resumed."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.campaign.fixture import CAMPAIGN, CampaignFixture, account, arrivals, changed, magic, number
from wa_bulk.campaign.run.plan import plan_resume
from wa_bulk.campaign.run.run import CampaignRun
from wa_bulk.ledger.log_format import LogError
from wa_bulk.sandbox import FaultSettings, Sandbox


async def test_every_row_is_sent_once_and_the_books_balance(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(300)
    summary = await campaign.send(sandbox)
    assert summary.stopped is None
    assert msgspec.structs.asdict(summary.totals) == {
        "accepted": 300,
        "rejected": 0,
        "failed": 0,
        "unknown": 0,
        "skipped": 0,
    }
    assert arrivals(sandbox) == {number(row): 1 for row in range(1, 301)}
    results = campaign.results()
    assert sorted(results) == list(range(1, 301))
    assert {m.message_id for m in sandbox.messages} == {r["message_id"] for r in results.values()}
    lines = campaign.lines()
    assert (lines[0]["type"], lines[-1]["type"]) == ("run", "end")
    assert lines[-1]["stopped"] is None
    assert campaign.log.stat().st_mode & 0o777 == 0o600


async def test_no_result_stands_before_its_intent_nor_intents_far_ahead(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(400)
    settings = changed(rate=2000, concurrency=16)
    await campaign.send(sandbox, settings)
    intended: set[int] = set()
    most_open = 0
    for line in campaign.lines():
        if line["type"] == "intent":
            first, last = line["rows"]
            intended |= set(range(first, last + 1))
        elif line["type"] == "result":
            assert line["row"] in intended
            intended.remove(line["row"])
        most_open = max(most_open, len(intended))
    assert most_open <= settings.concurrency + settings.rate * 0.05


async def test_each_row_gets_the_status_it_deserves(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    rows = {
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
    campaign.write_rows([(phone, name) for phone, (_, name) in rows.items()])
    await campaign.send(sandbox)
    results = campaign.results()
    assert {row: result["status"] for row, result in results.items()} == dict(
        enumerate((status for status, _ in rows.values()), 1)
    )
    assert "spreadsheet" in results[2]["reason"]
    assert results[2]["to"] == "4.47912E+11"
    assert "name is empty" in results[3]["reason"]
    assert results[4]["reason"] == "duplicate of row 1"
    assert results[5]["code"] == 3002
    assert results[6]["http_status"] == 500
    assert sum(campaign.statuses().values()) == len(rows)


async def test_a_ragged_row_is_rejected_and_the_rest_goes_on(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.recipients.write_text(f"phone,name\n{number(1)},a,b\n{number(2)}\n{number(3)},c\n")
    await campaign.send(sandbox)
    assert [campaign.results()[row]["status"] for row in (1, 2, 3)] == ["rejected", "rejected", "accepted"]


async def test_a_number_belongs_to_the_first_row_that_can_be_sent(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_rows([(number(1), ""), (number(1), "b"), (number(1), "c")])
    await campaign.send(sandbox)
    assert [campaign.results()[row]["status"] for row in (1, 2, 3)] == ["rejected", "accepted", "skipped"]
    assert campaign.results()[3]["reason"] == "duplicate of row 2"


async def test_duplicates_are_sent_where_they_are_allowed(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_rows([(number(1), "a")] * 3)
    await campaign.send(sandbox, changed(allow_duplicates=True))
    assert arrivals(sandbox) == {number(1): 3}


async def test_the_first_rows_and_then_the_rest(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_rows([*((number(row), "n") for row in range(1, 31)), (number(2), "again")])
    first = await campaign.send(sandbox, changed(limit=10))
    assert first.totals.accepted == 10
    rest = await campaign.resume(sandbox)
    assert (rest.totals.accepted, rest.totals.skipped) == (30, 1)
    assert set(arrivals(sandbox).values()) == {1}
    assert {line["run_id"] for line in campaign.lines()} == {campaign.lines()[0]["run_id"]}


async def test_a_finished_run_has_nothing_left(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_row_count(5)
    await campaign.send(sandbox)
    plan = plan_resume(campaign.log)
    assert plan.is_finished
    plan.release()


async def test_failed_rows_are_sent_again_when_asked(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_row_count(20)
    sandbox.set_faults(FaultSettings(shares={"500": 0.4}, seed=3))
    before = await campaign.send(sandbox)
    assert before.totals.failed > 0
    sandbox.set_faults(FaultSettings())
    after = await campaign.resume(sandbox, retry_failed=True)
    assert (after.totals.accepted, after.totals.failed) == (20, 0)
    assert set(arrivals(sandbox).values()) == {1}


async def test_unknown_rows_are_held_until_the_user_says_otherwise(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(20)
    sandbox.set_faults(FaultSettings(shares={"reset-after": 0.4}, seed=3))
    before = await campaign.send(sandbox)
    assert before.totals.unknown > 0
    sandbox.set_faults(FaultSettings())
    plan = plan_resume(campaign.log)
    assert plan.is_finished
    plan.release()
    after = await campaign.resume(sandbox, on_unknown="retry")
    assert (after.totals.accepted, after.totals.unknown) == (20, 0)
    assert arrivals(sandbox).total() == 20 + before.totals.unknown


async def test_an_unknown_row_that_then_fails_stays_unknown(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(3)
    sandbox.set_faults(FaultSettings(shares={"reset-after": 1}))
    await campaign.send(sandbox)
    sandbox.set_faults(FaultSettings(shares={"500": 1}))
    after = await campaign.resume(sandbox, on_unknown="retry")
    assert (after.totals.unknown, after.totals.failed) == (3, 0)


async def test_unknown_rows_are_sent_again_at_once_where_the_user_said_so(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_row_count(20)
    sandbox.set_faults(FaultSettings(shares={"reset-after": 0.3}, seed=3))
    summary = await campaign.send(sandbox, changed(on_unknown="retry", tries=9))
    assert summary.totals.accepted == 20
    assert arrivals(sandbox).total() > 20
    assert arrivals(sandbox).total() == sum(result["attempts"] for result in campaign.results().values())


async def test_a_row_that_may_have_been_taken_never_ends_as_refused(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_rows([(magic(12), "a")])
    summary = await campaign.send(sandbox, changed(on_unknown="retry", tries=3))
    assert summary.totals.unknown == 1
    assert campaign.results()[1]["attempts"] == 3


async def test_each_sending_number_goes_at_its_own_rate(tmp_path: Path, sandbox: Sandbox) -> None:
    """One after the other at 1/s, these would take as many seconds as there are."""
    campaign = CampaignFixture(tmp_path, CAMPAIGN.replace('"+8613800138000"', '"{line}"'))
    campaign.write_rows(
        [(number(row), "a", f"+86138001380{row:02d}") for row in range(30)], "phone,name,line"
    )
    summary = await asyncio.wait_for(campaign.send(sandbox, changed(rate=1, concurrency=64)), 15)
    assert summary.totals.accepted == 30


async def test_rows_of_which_the_log_says_nothing_are_sent(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    """Even where the log does not say how many rows there are."""
    campaign.write_row_count(20)
    await campaign.send(sandbox, changed(limit=5))
    run, *rest = campaign.log.read_text().splitlines()
    campaign.log.write_text("\n".join([run.replace(',"rows":20', ""), *rest]) + "\n")
    plan = plan_resume(campaign.log)
    assert plan.past is not None
    assert plan.past.run.source.rows is None
    assert (await CampaignRun(plan, account(sandbox)).execute()).totals.accepted == 20


async def test_another_campaign_file_is_refused(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_row_count(3)
    await campaign.send(sandbox, changed(limit=1))
    campaign.campaign.write_text(CAMPAIGN.replace("$1", "$2"))
    with pytest.raises(LogError, match="not the campaign file this run began with"):
        plan_resume(campaign.log)


async def test_a_log_that_exists_is_not_begun_anew(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_row_count(3)
    await campaign.send(sandbox)
    with pytest.raises(LogError, match="wa-bulk resume"):
        campaign.plan()


async def test_two_resumes_of_one_log_do_not_meet(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    campaign.write_row_count(3)
    await campaign.send(sandbox, changed(limit=1))
    plan = plan_resume(campaign.log)
    with pytest.raises(LogError, match="is writing to"):
        plan_resume(campaign.log)
    plan.release()
