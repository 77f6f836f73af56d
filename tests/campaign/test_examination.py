"""One pass over the rows: who would be sent what, and what looks like a mistake."""

import json
import re
from pathlib import Path

import msgspec
import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.fixture import CAMPAIGN, CampaignFixture
from wa_bulk.api.number_validity import number_doubt, region_of
from wa_bulk.api.one_person import current_form
from wa_bulk.campaign.examination import Examination, RowFault, examine
from wa_bulk.campaign.file import CampaignFile, load
from wa_bulk.campaign.request.blueprint import compile_campaign
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.run.row_check import LeftOut, RowCheck
from wa_bulk.campaign.sources.base import SourceRow

ROWS_MANY = 3000
MESSAGE: dict[str, object] = {"to": "{phone}", "body": {"type": "text", "text": {"body": "Hi"}}}


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


def test_a_value_that_ends_the_link_it_stands_in_within_a_text_is_warned_of(
    campaign: CampaignFixture,
) -> None:
    text = "Hello {name}: HTTPS://x.example/{code}?n={name} or {town}, {name}"
    campaign.campaign.write_text(
        'name = "x"\n[message]\nto = "{phone}"\n[message.body]\ntype = "text"\n'
        f'[message.body.text]\nbody = "{text}"\n'
    )
    rows = [
        ["+447400123456", "Ada", "A%201", "New York"],
        ["+447400123457", "Ada Ann", "A1", "York"],
        ["+447400123458", "Ada", '"A1', "York"],
    ]
    found, faults = examined(campaign, ["phone", "name", "code", "town"], rows)
    assert [(fault.row, fault.column, fault.status) for fault in faults] == [
        (2, "name", "warning"),
        (3, "code", "warning"),
    ]
    assert "is 'Ada Ann', and the link that it stands in ends at ' '" in faults[0].reason
    assert (found.ready, found.warned) == (3, 2)


def test_a_million_causes_would_not_fill_the_memory(campaign: CampaignFixture) -> None:
    rows = [[f"+44791112{row:04d}", f"{chr(0x4E00 + row)}\u00a0"] for row in range(ROWS_MANY)]
    found, faults = examined(campaign, ["phone", "name"], [["word" + name, ""] for name, _ in rows])
    assert found.rejected == len(faults) == ROWS_MANY
    assert len(found.causes) == 1
    assert found.causes[0].first_rows == [1, 2, 3]


PHONES = [
    "+44 07400 123456", "0044 7400 123457", "447400 123458", "07400123459", "+52 1 55 1234 5678",
    "(0)7400123450", "+12125550123", "212-555-0124", "+999 1234567", "7400123451", "+4974001",
    "+39 06 1234567", "4.4E+11",
]  # fmt: skip


@given(
    st.lists(
        st.sampled_from(PHONES)
        | st.from_regex(r"(\+|00)?[1-9][0-9]{5,13}", fullmatch=True)
        | st.from_regex(r"\+?(44|1|33|52|55|39) ?\(?0?\)?[0-9]{3} ?[0-9]{3}-?[0-9]{3,4}", fullmatch=True),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_called_fine_is_what_is_sent_and_what_libphonenumber_reads(cells: list[str]) -> None:
    file = CampaignFile(path=Path("c.toml"), sha256="", name="n", message=MESSAGE, country="GB")
    blueprint = compile_campaign(file, ["phone"], "r")
    rows = [SourceRow(number, number + 1, [cell]) for number, cell in enumerate(cells, 1)]
    faults: list[RowFault] = []
    examine(rows, blueprint, [DuplicateRule(len(rows))], on_fault=faults.append)
    faulty = {fault.row for fault in faults}

    run = RowCheck(blueprint, [DuplicateRule(len(rows))])
    for row in rows:
        sent = run.new(row)
        left_out = {fault.row for fault in faults if fault.status != "warning"}
        assert isinstance(sent, LeftOut) == (row.number in left_out)
        if row.number in faulty or isinstance(sent, LeftOut):
            continue
        (to,) = json.loads(sent.payload)["to"]
        assert to == sent.to
        read = {reading for reading in (_read(row.values[0], None), _read(row.values[0], "GB")) if reading}
        digits = re.sub(r"\D", "", row.values[0])
        assert to in read | {_read(f"+{digits}", None)} or current_form(to) != to


def _read(text: str, country: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


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


MEDIA: dict[str, object] = {
    "to": "{phone}",
    "body": {"type": "image", "image": {"link": "https://x.example/{file}"}},
}
BUTTON: dict[str, object] = {
    "to": "{phone}",
    "body": {
        "type": "template",
        "template": {
            "name": "n",
            "language": "en",
            "components": [
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "{file}"}],
                }
            ],
        },
    },
}


def warned(campaign: CampaignFixture, message: dict[str, object], *files: str) -> dict[str, str]:
    """Say of which of these files a message that holds them is warned of, and what."""
    file = msgspec.structs.replace(load(campaign.campaign), message=message)
    source = (SourceRow(n, n + 1, [f"+4474001234{n:02}", name]) for n, name in enumerate(files, 1))
    faults: list[RowFault] = []
    blueprint = compile_campaign(file, ["phone", "file"], "r")
    found = examine(source, blueprint, [], on_fault=faults.append)
    assert (found.ready, found.warned) == (len(files), len(faults))
    return {fault.value: fault.reason for fault in faults}


def test_a_rows_link_that_names_another_format_is_warned_of(campaign: CampaignFixture) -> None:
    assert warned(campaign, MEDIA, "a.jpg", "a.PNG", "a.gif", "photo", "a.php") == {
        "https://x.example/a.gif": "file ends in .gif, and WhatsApp takes image/jpeg, image/png as image"
    }


def test_the_end_of_a_buttons_link_may_be_a_query(campaign: CampaignFixture) -> None:
    assert warned(campaign, BUTTON, "order?id=7&x=y") == {}
