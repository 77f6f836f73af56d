"""Messages by country and category, at the prices that somebody has listed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.vendor import listed
from wa_bulk.api.account_template import read_template
from wa_bulk.campaign.costs import Cost, Rate, RatesError, by_category, priced, read_rates, sums
from wa_bulk.campaign.template_check import AccountTemplates
from wa_bulk.send.template_lookup import TemplateLookup

SAMPLE = Path(__file__).parents[2] / "docs" / "rates.sample.csv"


def rates(tmp_path: Path, *lines: str, header: str = "country,category,price,currency") -> Path:
    file = tmp_path / "rates.csv"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return file


def test_messages_are_counted_by_country_and_category() -> None:
    found = [
        read_template(listed("a", "en", category="MARKETING")),
        read_template(listed("a", "de", category="OTP")),
    ]
    account = AccountTemplates({"a": TemplateLookup("a", found, [], True)})
    destinations = {
        ("GB", ("a", "en")): 3,
        ("GB", ("a", "de")): 1,
        ("DE", ("a", "de")): 4,
        ("DE", ("a", "xx")): 1,
        ("DE", ("", "")): 2,
    }
    assert by_category(destinations, account) == [
        Cost("DE", "AUTHENTICATION", 4),
        Cost("GB", "MARKETING", 3),
        Cost("DE", "SERVICE", 2),
        Cost("DE", "", 1),
        Cost("GB", "AUTHENTICATION", 1),
    ]


def test_the_most_telling_rate_is_taken(tmp_path: Path) -> None:
    lines = "GB,utility,0.1,eur", "gb,*,0.2,EUR", "*,UTILITY,0.3,USD", "*,*,0.4,USD", "US,*,1,USD"
    countries = ("GB", "GG", "FR", "CA", "")
    both = [(country, category) for country in countries for category in ("UTILITY", "")]
    costs = priced([Cost(*one, 10) for one in both], read_rates(rates(tmp_path, *lines)))
    assert [cost.price for cost in costs] == [0.1, 0.2, 0.1, 0.2, 0.3, 0.4, 1.0, 1.0, 0.3, 0.4]
    assert sums(costs) == {"EUR": 6.0, "USD": 34.0}
    (without,) = priced([Cost("GB", "UTILITY", 2)], {("DE", "UTILITY"): Rate(Decimal(1), "USD")})
    assert (without.price, without.sum, sums([without])) == (None, None, {})


def test_cents_do_not_get_lost(tmp_path: Path) -> None:
    found = read_rates(rates(tmp_path, "*,*,0.0147,USD"))
    assert sums(priced([Cost("GB", "UTILITY", 1_000_000)], found)) == {"USD": 14700.0}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("XX,UTILITY,1,USD", "line 2, column country: 'XX' is no country"),
        ("UK,UTILITY,1,USD", 'did you mean "GB"?'),
        ('GB,UTILITY,"1,5",USD', "column price: is '1,5'; expected, say, 0.0125"),
        ("GB,UTILITY,-1,USD", "column price"),
        ("GB,UTILITY,nan,USD", "column price"),
        ("GB,UTILITY,1,$", "column currency: is '$'"),
        ("GB,,1,USD", "column category: is empty"),
        ("GB,markting,1,USD", "column category: is 'MARKTING'; did you mean 'MARKETING'"),
        ("GB,UTILITY", "column price: is ''"),
        ("GB,UTILITY,1,USD\nGB,utility,2,USD", "line 3: GB UTILITY has another price above"),
    ],
)
def test_a_rate_that_cannot_be_is_told(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(RatesError) as caught:
        read_rates(rates(tmp_path, line))
    assert words in str(caught.value)


def test_what_is_no_list_of_rates_is_told(tmp_path: Path) -> None:
    with pytest.raises(RatesError, match="has no column price; its first line must be country,"):
        read_rates(rates(tmp_path, header="country,category,preis,currency"))
    with pytest.raises(RatesError, match="has no rates"):
        read_rates(rates(tmp_path))
    (tmp_path / "rates.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RatesError, match="no CSV in UTF-8"):
        read_rates(tmp_path / "rates.csv")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_that_writes_decimals_with_a_comma(tmp_path: Path, delimiter: str) -> None:
    header, *lines = (
        delimiter.join(cells)
        for cells in (
            ("country", "category", "price", "currency"),
            ("DE", "MARKETING", "0,1131", "EUR"),
            ("FR", "*", "0.0859", "EUR"),
        )
    )
    read = read_rates(rates(tmp_path, *lines, header=header))
    assert [rate.price for rate in read.values()] == [Decimal("0.1131"), Decimal("0.0859")]
    with pytest.raises(RatesError, match=r"column price: is '1\.234,5'"):
        read_rates(rates(tmp_path, delimiter.join(("DE", "*", "1.234,5", "EUR")), header=header))


def test_the_sample_can_be_read() -> None:
    assert ("*", "UTILITY") in read_rates(SAMPLE)
