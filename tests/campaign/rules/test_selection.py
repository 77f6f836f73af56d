from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.fixture import CampaignFixture, account, changed, number
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.rules.selection import Kind, SelectionRule
from wa_bulk.campaign.rules.suppression import SuppressionRule
from wa_bulk.campaign.run.plan import plan_resume, prepare
from wa_bulk.campaign.run.row_check import LeftOut, RowCheck
from wa_bulk.campaign.run.run import CampaignRun
from wa_bulk.history import History, Suppressed
from wa_bulk.history.number_map import NumberMap, key_of
from wa_bulk.ledger.log_format import LogError
from wa_bulk.sandbox import Sandbox


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path / "memory.db") as opened:
        yield opened


def rule(kind: Kind, named: str, *rows: int) -> SelectionRule:
    """Return a rule about the numbers of these rows."""
    numbers = NumberMap(len(rows) + 1)
    for row in rows:
        numbers.raise_to(key_of(number(row)), 2)
    numbers.raise_to(key_of(number(99)), 1)
    return SelectionRule(kind, named, numbers, frozenset({2}))


@pytest.mark.parametrize(
    ("kind", "of_row_1", "of_row_2"),
    [
        ("only", None, "not in a.jsonl:read"),
        ("except", "in a.jsonl:read", None),
        ("exclude", "in a.jsonl:read", None),
    ],
)
def test_the_reason_names_the_selection(kind: Kind, of_row_1: str | None, of_row_2: str | None) -> None:
    selection = rule(kind, "a.jsonl:read", 1)
    reasons = [selection.skip(RenderedRow(number(row), b"{}", number=row)) for row in (1, 2)]
    assert reasons == [of_row_1, of_row_2]


def test_people_are_selected_by_either_of_their_numbers() -> None:
    numbers = NumberMap(1)
    numbers.raise_to(key_of("+5215512345678"), 1)
    selection = SelectionRule("except", "a.csv", numbers, frozenset({1}))
    assert selection.skip(RenderedRow("+525512345678", b"{}", number=1)) == "in a.csv"


def test_a_selection_is_asked_before_suppression_and_that_before_duplicates(
    campaign: CampaignFixture, history: History
) -> None:
    rows = [1, 2, 1, 3, 3]
    campaign.write_rows([(number(row), "N") for row in rows])
    history.suppression.add(
        Suppressed(number=number(row), source="user", reason="rang", at_ms=0) for row in (2, 3)
    )
    plan = prepare(
        campaign.campaign, log=campaign.log, selections=[rule("only", "a", 1, 2), rule("except", "b", 2)]
    )
    plan.suppress(SuppressionRule(history.suppression_list()))
    assert [type(one) for one in plan.rules] == [SelectionRule, SelectionRule, SuppressionRule, DuplicateRule]
    check = RowCheck(plan.blueprint, plan.rules)
    reasons = [
        left_out.reason if isinstance(left_out := check.new(row), LeftOut) else None
        for row in plan.source.rows()
    ]
    assert reasons == [None, "in b", "duplicate of row 1", "not in a", "not in a"]


# A run with selections goes on with what it began with


async def begun(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    """Send the first of six rows, of which three are selected."""
    campaign.write_row_count(6)
    plan = prepare(
        campaign.campaign,
        log=campaign.log,
        settings=changed(limit=1),
        selections=[rule("only", "a:read", 1, 2, 3, 4), rule("except", "b", 4)],
    )
    await CampaignRun(plan, account(sandbox)).execute()


async def test_a_resume_keeps_to_the_selections(campaign: CampaignFixture, sandbox: Sandbox) -> None:
    await begun(campaign, sandbox)
    (only, without) = sorted(campaign.log.parent.glob("news.jsonl.*"), reverse=True)
    assert (only.name, without.name) == ("news.jsonl.only-1.txt", "news.jsonl.except-2.txt")
    assert sorted(only.read_text().split()) == [number(row) for row in (1, 2, 3, 4)]
    assert without.read_text() == number(4) + "\n"
    assert only.stat().st_mode & 0o777 == 0o600

    await campaign.resume(sandbox)
    assert sorted(message.to or "" for message in sandbox.messages) == [number(row) for row in (1, 2, 3)]
    assert {row: result.get("reason") for row, result in campaign.results().items()} == {
        1: None,
        2: None,
        3: None,
        4: "in b",
        5: "not in a:read",
        6: "not in a:read",
    }


@pytest.mark.parametrize("change", ["gone", "longer", "shorter", "other", "no text"])
async def test_a_selection_that_is_not_what_it_was_is_refused(
    campaign: CampaignFixture, sandbox: Sandbox, change: str
) -> None:
    await begun(campaign, sandbox)
    file = campaign.log.with_name("news.jsonl.only-1.txt")
    before = file.read_text()
    match change:
        case "gone":
            file.unlink()
        case "longer":
            file.write_text(before + number(5) + "\n")
        case "shorter":
            file.write_text(before[: before.rindex("+")])
        case "other":
            file.write_text(before.replace("4\n", "5\n"))
        case _:
            file.write_bytes(b"\xff\xfe")
    with pytest.raises(LogError, match=r"only-1\.txt: is missing, or .* the people that --only a:read"):
        plan_resume(campaign.log)
