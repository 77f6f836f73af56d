import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_public_names import modules_after
from wa_bulk.api.number_plan import COUNTRIES, has_e164_shape, plan_of
from wa_bulk.api.number_plan_data import PLANS
from wa_bulk.api.number_validity import country_of, is_mobile_within, is_valid, number_doubt, read_national
from wa_bulk.api.one_person import current_form

NUMBERS = [
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for country in COUNTRIES
    for kind in phonenumbers.PhoneNumberType.values()
    if (number := phonenumbers.example_number_for_type(country, kind)) is not None
]


def is_valid_for_libphonenumber(number: str) -> bool:
    parsed = phonenumbers.parse(number)
    as_it_is = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
    return as_it_is and phonenumbers.is_valid_number(parsed)


@given(st.sampled_from(NUMBERS), st.integers(0, 9), st.from_regex(r"[0-9]{0,9}", fullmatch=True))
def test_validity_is_what_libphonenumber_says(number: str, last: int, digits: str) -> None:
    """Of numbers near valid ones, where the patterns part what they take from what they do not."""
    number = number[: max(len(number) - last, 4)] + digits
    if not has_e164_shape(number):
        return
    parsed = phonenumbers.parse(number)
    if phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) != number:
        return
    expected = is_valid_for_libphonenumber(number) or is_valid_for_libphonenumber(current_form(number))
    assert is_valid(number) is expected
    assert (number_doubt(number) is None) is expected


@pytest.mark.parametrize(
    ("number", "doubt"),
    [
        ("+99900000012", "begins with no known country code"),
        ("+447011123456", None),
        ("+10165550147", "not a number of US's numbering plan"),
        ("+80012345678", None),
        ("+8001234567", "not a number of +800's numbering plan"),
        ("+5215512345678", None),
        ("+521551234567", "not a number of MX"),
    ],
)
def test_a_doubt_is_told_in_words(number: str, doubt: str | None) -> None:
    found = number_doubt(number)
    assert found is None if doubt is None else doubt in (found or "")


@given(st.sampled_from(sorted(COUNTRIES)), st.from_regex(r"[0-9]{5,13}", fullmatch=True))
def test_a_national_number_is_read_as_libphonenumber_reads_it(country: str, digits: str) -> None:
    read = read_national(digits, country)
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        assert read is None
        return
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert read == (number if is_valid(number) else None)


def test_mobile_numbers_are_told_with_and_without_their_trunk_prefix() -> None:
    british = plan_of("44")
    assert british is not None
    assert is_mobile_within("7911123456", british), "of Guernsey, whose numbers are dialled as Britain's"
    assert is_mobile_within("07400123456", british)
    assert not is_mobile_within("02079460958", british)
    assert not is_mobile_within("007400123456", british)


def test_every_country_code_has_its_patterns() -> None:
    assert not any(is_valid(f"+{code}") for code in PLANS)


def test_reading_a_plain_number_does_not_import_phonenumbers() -> None:
    assert "phonenumbers" in sys.modules, "else this would prove nothing"
    modules = modules_after("from wa_bulk.api import e164; e164('+447911123456'); e164('+44 7911 123456')")
    assert "wa_bulk.api.number_plan_data" in modules
    assert "phonenumbers" not in modules


def test_the_country_is_what_libphonenumber_says() -> None:
    for number in NUMBERS:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
        assert country_of(number) == (None if region == "001" else region), number


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+447912345678", "GB"),
        ("+447911123456", "GG"),
        ("+447797712345", "JE"),
        ("+12125550123", "US"),
        ("+16475550123", "CA"),
        ("+77012345678", "KZ"),
        ("+12125550", "US"),
        ("+79161234567", "RU"),
        ("+5511912345678", "BR"),
        ("+80012345678", None),
        ("+99900000012", None),
        ("US.13491208655302", None),
        ("", None),
    ],
)
def test_the_country_of_a_number(number: str, country: str | None) -> None:
    assert country_of(number) == country
