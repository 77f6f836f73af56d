"""One pass over the rows: who would be sent what, and what looks like a mistake."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.fixture import CAMPAIGN, CampaignFixture
from wa_bulk.api.number_validity import number_doubt, region_of
from wa_bulk.campaign.examination import Examination, RowFault, examine
from wa_bulk.campaign.file import load
from wa_bulk.campaign.request.blueprint import compile_campaign
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.sources.base import SourceRow

ROWS_MANY = 3000


def examined(
    campaign: CampaignFixture, header: list[str], rows: list[list[str]]
) -> tuple[Examination, list[RowFault]]:
    blueprint = compile_campaign(load(campaign.campaign), header, "r")
    faults: list[RowFault] = []
    source = (SourceRow(number, number + 1, values) for number, values in enumerate(rows, 1))
    return examine(source, blueprint, [DuplicateRule(len(rows))], on_fault=faults.append), faults


def test_recipients_templates_and_senders_are_counted(campaign: CampaignFixture) -> None:
    text = CAMPAIGN.replace('"en"', '"{language}"').replace('"+8613800138000"', '"{line}"')
    campaign.campaign.write_text(text)
    rows = [
        ["+447400123456", "Ada", "en", "+8613800138000"],
        ["+447911123456", "Bo", "en", "+8613800138000"],
        ["+12125550123", "Cy", "fr", "+8613800138001"],
        ["+14165550123", "Di", "es_419", "+8613800138001"],
        ["+99900000000", "Eve", "en_UK", "+8613800138001"],
        ["nobody", "Fay", "en", "+8613800138001"],
        ["+447400123456", "Ada", "en", "+8613800138000"],
    ]
    found, faults = examined(campaign, ["phone", "name", "language", "line"], rows)
    assert (found.rows, found.ready, found.rejected, found.skipped) == (7, 5, 1, 1)
    assert found.countries == {"GB": 1, "GG": 1, "US": 1, "CA": 1, "": 1}
    assert found.templates == {
        ("order_update", "en"): 2, ("order_update", "fr"): 1, ("order_update", "es_419"): 1,
        ("order_update", "en_UK"): 1,
    }  # fmt: skip
    assert found.senders == {"+8613800138000": 2, "+8613800138001": 3}
    assert found.first is not None
    assert found.first.to == "+447400123456"
    assert (found.doubtful, found.warned) == (1, 2)
    unknown = [fault for fault in faults if fault.column == "language"]
    assert [(fault.row, fault.line, fault.value) for fault in unknown] == [(4, 5, "es_419"), (5, 6, "en_UK")]
    assert unknown[1].reason == (
        "language is 'en_UK', which is not among the language codes Meta lists; did you mean 'en_GB'?"
    )


def test_a_million_causes_would_not_fill_the_memory(campaign: CampaignFixture) -> None:
    rows = [[f"+44791112{row:04d}", f"{chr(0x4E00 + row)}\u00a0"] for row in range(ROWS_MANY)]
    found, faults = examined(campaign, ["phone", "name"], [["word" + name, ""] for name, _ in rows])
    assert found.rejected == len(faults) == ROWS_MANY
    assert len(found.causes) == 1
    assert found.causes[0].first_rows == [1, 2, 3]


@given(st.integers(1, 999), st.integers(10**5, 10**11))
def test_the_country_is_the_one_that_libphonenumber_says(code: int, rest: int) -> None:
    number = f"+{code}{rest}"
    region = region_of(number)
    assert (region is None) == (number_doubt(number) is not None)
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return
    if region is not None and phonenumbers.is_valid_number(parsed):
        assert phonenumbers.region_code_for_number(parsed) == region
