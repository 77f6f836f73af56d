"""A notification stops the run that uses what is not to be used any more, and no other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import Json, notice
from tests.campaign.fixture import CAMPAIGN, CampaignFixture, account, changed
from wa_bulk.campaign.run.gates import notices
from wa_bulk.campaign.run.plan import plan_resume
from wa_bulk.campaign.run.run import CampaignRun, RunSummary
from wa_bulk.history import History
from wa_bulk.sandbox import Sandbox

BUSINESS = "+8613800138000"


def template(status: str, name: str = "order_update", language: str = "en") -> Json:
    return notice(
        "template_update",
        template_name=name,
        template_language=language,
        template_status=status,
        template_status_reason="LOW_QUALITY",
    )


def number(shown: str = "+86 138 0013 8000", **data: object) -> Json:
    return notice("phone_number_update", display_phone_number=shown, **data)


class Ground(CampaignFixture):
    """A campaign, sent slowly enough that a notification comes in between."""

    def __init__(self, folder: Path, campaign: str) -> None:
        super().__init__(folder, campaign)
        self.memory = folder / "memory.db"
        before = ({**told, "itime": 1} for told in (template("PAUSED"), number(quality="FLAGGED")))
        hear(self.memory, *before)

    async def send_and_hear(self, sandbox: Sandbox, *told: Json, rate: float = 40) -> RunSummary:
        with History.open(self.memory) as history:
            run = CampaignRun(self.plan(changed(rate=rate)), account(sandbox), inbox=history.inbox)
            sending = asyncio.create_task(run.execute())
            while not run.sent:
                await asyncio.sleep(0.001)
            hear(self.memory, *told)
            return await asyncio.wait_for(sending, 30)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "EVERY_S", 0.01)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("told", "says"),
    [
        (template("PAUSED"), "order_update (en) is PAUSED, LOW_QUALITY"),
        (template("DISABLED"), "order_update (en) is DISABLED"),
        (number(number_status="FLAGGED"), "the number +86 138 0013 8000 is FLAGGED"),
        (notice("whatsapp_business_update", waba_event="DISABLED_UPDATE", ban_state="DISABLE"), "DISABLE"),
    ],
)
async def test_a_run_that_uses_it_stops_and_can_be_resumed(
    tmp_path: Path, sandbox: Sandbox, told: Json, says: str
) -> None:
    ground = Ground(tmp_path, CAMPAIGN)
    ground.write_row_count(120)
    summary = await ground.send_and_hear(sandbox, told)
    assert summary.stopped == "failures"
    assert summary.detail is not None
    assert says in summary.detail
    assert "EngageLab notified" in summary.detail
    assert 0 < summary.totals.accepted < 120
    rest = await CampaignRun(plan_resume(ground.log, rate=0.0), account(sandbox)).execute()
    assert rest.totals.accepted == 120


@pytest.mark.usefixtures("often")
async def test_a_run_that_does_not_use_it_goes_on(tmp_path: Path, sandbox: Sandbox) -> None:
    ground = Ground(tmp_path, CAMPAIGN)
    ground.write_row_count(30)
    told = [
        template("PAUSED", name="another"),
        template("PAUSED", language="fr"),
        template("APPROVED"),
        template("FLAGGED"),
        number("+44 20 7946 0000", number_status="FLAGGED"),
        number(current_limit="TIER_250"),
        notice(remain_balance=1.5, balance_threshold=10),
        notice("whatsapp_business_update", waba_event="ACCOUNT_VIOLATION", violation_type="SPAM"),
        notice("something_new", text="x"),
    ]
    summary = await ground.send_and_hear(sandbox, *told, rate=60)
    assert (summary.stopped, summary.totals.accepted) == (None, 30)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("line", "with_column", "values", "told"),
    [
        ('language = "en"', 'language = "{of}"', ("en", "en_US"), template("PAUSED", language="en_US")),
        (f'from = "{BUSINESS}"', 'from = "{of}"', (BUSINESS, "+442079460000"),
         number("+44 20 7946 0000", number_status="FLAGGED")),
    ],
)  # fmt: skip
async def test_where_rows_differ_the_others_go_on(
    tmp_path: Path, sandbox: Sandbox, line: str, with_column: str, values: tuple[str, str], told: Json
) -> None:
    ground = Ground(tmp_path, CAMPAIGN.replace(line, with_column))
    rows = [(f"+4479{row:08d}", f"N{row}", values[row % 2]) for row in range(1, 61)]
    ground.write_rows(rows, "phone,name,of")
    summary = await ground.send_and_hear(sandbox, told, rate=40)
    assert summary.stopped == "failures"
    assert summary.detail is not None
    assert "EngageLab notified" in summary.detail
    accepted = {row for row, result in ground.results().items() if result["status"] == "accepted"}
    assert {row for row in range(1, 61) if row % 2 == 0} <= accepted
    assert len(accepted) < 60


async def test_a_memory_that_is_lost_during_the_run_stops_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    ground = Ground(tmp_path, CAMPAIGN)
    ground.write_row_count(5)
    with History.open(ground.memory) as history:
        run = CampaignRun(ground.plan(), account(sandbox), inbox=history.inbox)
        ground.memory.write_bytes(b"")
        summary = await run.execute()
    assert (summary.stopped, summary.totals.accepted) == (None, 5)
