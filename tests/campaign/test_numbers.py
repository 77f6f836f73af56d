"""Numbers in a campaign: what `check` calls fine is what is sent, to whom the file says, once a person."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.fixture import CAMPAIGN, CampaignFixture, arrivals
from wa_bulk.campaign.check import check, preview
from wa_bulk.campaign.file import CampaignError, load
from wa_bulk.campaign.request.blueprint import compile_campaign
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources import SourceRow, open_source
from wa_bulk.sandbox import Sandbox

CELLS = {
    "+447911123456": "+447911123456",
    "+44 07911 123457": "+447911123457",
    "+44 (0)7911 123458": "+447911123458",
    "07911 123459": "+447911123459",
    "7911123460": "+447911123460",
    "447911123461": "+447911123461",
    "0033 6 12 34 56 78": "+33612345678",
    "+39 06 1234567": "+39061234567",
    "\u200b+49 0151\u200d23456789": "+4915123456789",
    "+52 1 55 1234 5678": "+5215512345678",
    "-85298765370": None,
    "(479) 555-1234": None,
    "+49 30 1234567/8123": None,
    "+49 30 1234567 x136": None,
    "+4479111234567": None,
}


@pytest.fixture
def british(campaign: CampaignFixture) -> CampaignFixture:
    campaign.campaign.write_text('country = "GB"\n' + CAMPAIGN)
    return campaign


async def test_what_check_calls_fine_is_what_is_sent(british: CampaignFixture, sandbox: Sandbox) -> None:
    british.write_rows((cell, "Ada") for cell in CELLS)
    expected = [number for number in CELLS.values() if number is not None]
    report = check(british.campaign)
    await british.send(sandbox)
    assert (report.ready, report.doubtful) == (len(expected), 0)
    assert arrivals(sandbox) == dict.fromkeys(expected, 1)
    refused = {row for row, (_, number) in enumerate(CELLS.items(), 1) if number is None}
    assert {fault.row for fault in report.faults} == refused
    assert {row for row, result in british.results().items() if result["status"] == "rejected"} == refused


def test_a_number_nobody_can_have_is_doubtful_and_would_be_sent(campaign: CampaignFixture) -> None:
    campaign.write_rows([("+99900000012", "Ada"), ("+10165550147", "Bo"), ("+447911123456", "Cy")])
    report = check(campaign.campaign)
    assert (report.ready, report.doubtful) == (3, 2)
    assert [(fault.row, fault.status) for fault in report.faults] == [(1, "warning"), (2, "warning")]


def test_without_a_country_a_national_number_is_refused_with_the_way_out(campaign: CampaignFixture) -> None:
    campaign.write_rows([("(479) 555-1234", "Ada"), ("07911 123456", "Bo"), ("447911123456", "Cy")])
    report = check(campaign.campaign)
    assert (report.ready, report.rejected) == (1, 2)
    assert all('country = "US"' in fault.reason for fault in report.faults)


AMERICAN = ["4795551234", "2125550147", "4155550123", "3125550188", "6465550199", "7735550111"]


async def test_bare_numbers_that_could_be_one_countrys_own_are_not_guessed_at(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_rows((cell, "Ada") for cell in [*AMERICAN, "+447911123456", "0033612345678"])
    report = check(campaign.campaign)
    assert (report.ready, report.rejected) == (2, len(AMERICAN))
    assert all('country = "US"' in fault.reason for fault in report.faults)
    assert "most such numbers of the file could be numbers within US" in report.faults[0].reason
    await campaign.send(sandbox)
    assert arrivals(sandbox) == {"+447911123456": 1, "+33612345678": 1}


def test_bare_numbers_that_can_only_be_international_are_read(campaign: CampaignFixture) -> None:
    numbers = ["447911123456", "447911123457", "33612345678", "4915123456789", "5511987654321"]
    campaign.write_rows((cell, "Ada") for cell in numbers)
    assert check(campaign.campaign).ready == len(numbers)


def test_a_country_ends_the_question(campaign: CampaignFixture) -> None:
    campaign.write_rows((cell, "Ada") for cell in AMERICAN[1:4])
    assert check(campaign.campaign, settings=Settings(country="US")).ready == 3


def test_a_file_of_numbers_with_country_codes_is_not_read_once_more(campaign: CampaignFixture) -> None:
    campaign.write_rows([("+447911123456", "Ada"), ("0033612345678", "Bo")])
    source = open_source(campaign.recipients)

    def rows() -> Iterator[SourceRow]:
        raise AssertionError("nothing was to be asked")

    blueprint = compile_campaign(load(campaign.campaign), source.header, "run", rows)
    assert [blueprint.render(row.number, row.values).to for row in source.rows()] == [
        "+447911123456",
        "+33612345678",
    ]


async def test_one_person_is_written_to_once_as_the_first_row_has_it(
    campaign: CampaignFixture, sandbox: Sandbox
) -> None:
    campaign.write_rows(
        [
            ("+5215512345678", "Ada"),
            ("+525512345678", "Ada"),
            ("+541123456789", "Bo"),
            ("+5491123456789", "Bo"),
            ("+551187654321", "Cy"),
            ("+5511987654321", "Cy"),
            ("+22997123456", "Di"),
            ("+2290197123456", "Di"),
            ("+44 07911 123456", "Eve"),
            ("+447911123456", "Eve"),
        ]
    )
    await campaign.send(sandbox)
    sent = ["+5215512345678", "+541123456789", "+551187654321", "+22997123456", "+447911123456"]
    assert arrivals(sandbox) == dict.fromkeys(sent, 1)
    reasons = {row: result.get("reason") for row, result in campaign.results().items()}
    assert all(reasons[row] == f"duplicate of row {row - 1}" for row in (2, 4, 6, 8, 10))


def test_the_country_is_for_the_sending_number_too(campaign: CampaignFixture) -> None:
    campaign.write_rows([("07911 123456", "Ada")])
    campaign.campaign.write_text('country = "gb"\n' + CAMPAIGN.replace("+8613800138000", "07911 123457"))
    assert load(campaign.campaign).country == "GB"
    message = json.loads(preview(campaign.campaign, 1))
    assert (message["from"], message["to"]) == ("+447911123457", ["+447911123456"])


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ('"UK"', "country = 'UK' is no country; expected its two letters (ISO 3166); did you mean \"GB\"?"),
        ('"+44"', 'did you mean "GB"?'),
        ('""', "country = '' is no country"),
        ("44", "country = 44: expected the two letters of a country"),
    ],
)
def test_a_country_that_is_none_is_said(tmp_path: Path, country: str, expected: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"country = {country}\n" + CAMPAIGN)
    with pytest.raises(CampaignError) as refusal:
        load(file)
    assert expected in str(refusal.value)
