import re
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from wa_bulk.api import e164
from wa_bulk.api.number_plan import COUNTRIES, has_e164_shape
from wa_bulk.api.number_plan_data import PLANS
from wa_bulk.api.number_validity import number_doubt
from wa_bulk.api.phone_number import NoCountryError


def examples() -> Iterator[tuple[str, str, str]]:
    """A valid number of every kind in every country: country, E.164 form, and the form used in it."""
    for country in COUNTRIES:
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(country, kind)
            if number is not None and phonenumbers.is_valid_number_for_region(number, country):
                number_in_full = phonenumbers.format_number(number, PhoneNumberFormat.E164)
                if has_e164_shape(number_in_full):
                    within = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
                    yield country, number_in_full, within


EXAMPLES = list(examples())
PLACES = st.floats(0, 1, exclude_max=True)
UNSEEN = st.text(st.characters(categories=["Cf"]) | st.sampled_from("\ufe0f\u034f"), min_size=1, max_size=3)
OTHER_DIGITS = ("０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९")
DIGITS = [str.maketrans("0123456789", digits) for digits in OTHER_DIGITS]
DASHES = ["-", "\u2011", "\u2013", "\u2212", "\uff0d"]
MARKS = st.sampled_from([" ", "\u00a0", "\u202f", "\t", *DASHES])


def test_every_country_has_an_example() -> None:
    assert {country for country, _, _ in EXAMPLES} == set(COUNTRIES)


def read_by_libphonenumber(text: str, country: str | None = None) -> str:
    return str(phonenumbers.format_number(phonenumbers.parse(text, country), PhoneNumberFormat.E164))


@pytest.mark.parametrize(
    "written",
    [
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        " +86 138 0013 8000 ",
        "+86-138-0013-8000",
        "+86 (138) 0013.8000",
        "(+86) 138 0013 8000",
        "00 86 138 0013 8000",
        "86 138 0013 8000",
        "'+8613800138000",
        "8613800138000.0",
        "8613800138000.00",
        "\u202a+86\u00a0138 0013\u20118000\u202c",
        "\ufeff8613800138000",
        "+86 (0)138 0013 8000",
        "86 (0) 138 0013 8000",
        "+86 0138 0013 8000",
        "＋８６ １３８ ００１３ ８０００",
        "٨٦١٣٨٠٠١٣٨٠٠٠",
        "+86 138/00138000",
    ],
)
def test_one_form_for_all(written: str) -> None:
    assert e164(written) == "+8613800138000"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+44 07911 123456", "+447911123456"),
        ("+33 06 12 34 56 78", "+33612345678"),
        ("+49 0151 23456789", "+4915123456789"),
        ("+7 8 912 345 67 89", "+79123456789"),
        ("+36 06 20 123 4567", "+36201234567"),
        ("+54 11 15 2345 6789", "+5491123456789"),
        ("+39 06 1234567", "+39061234567"),
        ("+39 (0)6 1234567", "+39061234567"),
        ("+1 1 212 555 0147", "+12125550147"),
    ],
)
def test_a_trunk_prefix_after_the_country_code_is_read_as_libphonenumber_does(
    written: str, number: str
) -> None:
    assert e164(written) == number == read_by_libphonenumber(written)
    assert number_doubt(number) is None


@pytest.mark.parametrize(
    "written",
    ["+44 0123456", "+44 (0)123456", "+33 06 12 34", "+49 0", "+7 8 112 345 67 89", "+34 0612345678"],
)
def test_with_a_trunk_prefix_what_is_not_valid_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(written))):
        e164(written)


def test_a_zero_in_brackets_that_changes_whose_number_it_is_is_refused() -> None:
    with pytest.raises(ValueError, match=r"with and without the \(0\), which IT does not use"):
        e164("+39 (0)55 8507 2523")


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("7911123456", "GB", "+447911123456"),
        ("07911 123456", "GB", "+447911123456"),
        ("(07911) 123456", "GB", "+447911123456"),
        ("(0)7911 123456", "GB", "+447911123456"),
        ("447911123456", "GB", "+447911123456"),
        ("4407911123456", "GB", "+447911123456"),
        ("7911123456", "gb", "+447911123456"),
        ("+33612345678", "GB", "+33612345678"),
        ("0033612345678", "GB", "+33612345678"),
        ("33612345678", "GB", "+33612345678"),
        ("(479) 555-1234", "US", "+14795551234"),
        ("479-555-1234", "US", "+14795551234"),
        ("1 479 555 1234", "US", "+14795551234"),
        ("011 44 7911 123456", "US", "+447911123456"),
        ("4795551234", "NO", "+4795551234"),
        ("95551234", "NO", "+4795551234"),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("06 1234567", "IT", "+39061234567"),
        ("347 123 4567", "IT", "+393471234567"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("0171/1234567", "DE", "+491711234567"),
        ("0812-9876-5432", "ID", "+6281298765432"),
        ("06.12.34.56.78", "FR", "+33612345678"),
    ],
)
def test_with_a_country_its_own_way_to_write_is_understood(written: str, country: str, number: str) -> None:
    assert e164(written, country) == number


@pytest.mark.parametrize(
    "written",
    [
        "(479) 555-1234", "479-555-1234", "479 555 1234", "479.555.1234", "501-555-1234", "690 234 567",
        "07911 123456", "07911123456", "(0)7911 123456", "(44) 7911 123456", "0171/1234567", "612 34 56 78",
    ],
)  # fmt: skip
def test_what_is_written_like_a_national_number_needs_a_country(written: str) -> None:
    with pytest.raises(NoCountryError, match="written like a national number"):
        e164(written)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("4155551234", "is no valid number of CH (+4155551234)"),
        ("89123456789", "begins with no country code"),
        ("99900000012", "begins with no country code (+99900000012)"),
        ("4407911123456", "is no valid number of GB"),
    ],
)
def test_bare_digits_must_be_a_valid_number(written: str, why: str) -> None:
    with pytest.raises(NoCountryError, match=re.escape(why)):
        e164(written)


def test_digits_that_are_valid_at_home_and_abroad_are_refused() -> None:
    with pytest.raises(ValueError, match=r"may be \+14795551234 \(US\) or \+4795551234"):
        e164("4795551234", "US")


def test_a_national_way_to_write_is_never_read_as_a_number_from_abroad() -> None:
    assert e164("4795551234", "FR") == "+4795551234"
    with pytest.raises(ValueError, match="no valid number within FR"):
        e164("(479) 555-1234", "FR")


def test_what_is_no_number_of_the_country_nor_of_another_is_refused() -> None:
    with pytest.raises(ValueError, match="no valid number within GB, nor one with a country code"):
        e164("7911", "GB")


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(ValueError, match=r"'UK' is no country; .* did you mean \"GB\""):
        e164("07911 123456", "UK")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("123456", "too short (6 digits)"),
        ("+447911", "too short (6 digits)"),
        ("1234567890123456", "too long (16 digits; at most 15)"),
        ("+4479111234567", "has 11 digits after +44, where GB has 7, 9 or 10"),
        ("+3361234567", "has 8 digits after +33, where FR has 9"),
        ("+07911123456", "no country code"),
        ("000447911123456", "no country code"),
    ],
)
def test_impossible_lengths_are_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        e164(written)


def test_a_long_run_of_digits_is_refused_without_trying_all_ways_to_part_it() -> None:
    with pytest.raises(ValueError, match="has more than 100 characters"):
        e164("+" + "1" * 99_999 + "x")


@pytest.mark.parametrize("written", ["+99900000012", "0099900000012", "+999 0000-0012"])
def test_a_country_code_that_no_country_has_is_doubtful_but_read(written: str) -> None:
    assert e164(written) == "+99900000012"
    assert number_doubt("+99900000012") is not None


@pytest.mark.parametrize(
    "written",
    ["+52 1 55 1234 5678", "5215512345678", "+54 11 2345 6789", "+55 11 8765 4321", "551187654321",
     "+229 97 12 34 56", "22997123456", "+229 01 97 12 34 56"],
)  # fmt: skip
def test_older_forms_that_whatsapp_knows_are_sent_as_they_are(written: str) -> None:
    number = e164(written)
    assert number == "+" + re.sub("[^0-9]", "", written)
    assert number_doubt(number) is None


@given(st.sampled_from(EXAMPLES))
def test_valid_numbers_of_every_country_are_read_in_every_form(example: tuple[str, str, str]) -> None:
    country, number, within = example
    assert e164(number) == e164("00" + number[1:]) == number == read_by_libphonenumber(number)
    assert e164(number[1:]) == number
    assert number_doubt(number) is None
    try:
        read = e164(within, country)
    except ValueError:
        return
    assert read == read_by_libphonenumber(within, country)


def test_nearly_all_national_forms_are_read() -> None:
    """The others are written with letters or a `*`, or hold a carrier code that libphonenumber drops."""
    refused = [example for example in EXAMPLES if not _is_read(example[2], example[0])]
    assert len(refused) < len(EXAMPLES) / 100, refused


def _is_read(text: str, country: str) -> bool:
    try:
        return bool(e164(text, country))
    except ValueError:
        return False


@given(
    example=st.sampled_from(EXAMPLES),
    prefix=st.sampled_from(["+", "00", "＋"]),
    marks=st.lists(st.tuples(PLACES, MARKS | UNSEEN), max_size=8),
    digits=st.sampled_from([{}, *DIGITS]),
)
def test_marks_and_what_cannot_be_seen_mean_nothing(
    example: tuple[str, str, str],
    prefix: str,
    marks: list[tuple[float, str]],
    digits: dict[int, str],
) -> None:
    _, number, _ = example
    written = number[1:]
    for place, mark in marks:
        at = 1 + int(place * (len(written) - 1))
        written = written[:at] + mark + written[at:]
    assert e164((prefix + written).translate(digits)) == number


@given(st.sampled_from(sorted(PLANS)), st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_what_is_read_is_what_libphonenumber_reads_and_finds_possible(code: str, national: str) -> None:
    """Of any digits; the older forms that WhatsApp knows aside, which libphonenumber no longer has."""
    written = f"+{code}{national}"
    try:
        number = e164(written)
    except ValueError:
        return
    parsed = phonenumbers.parse(written)
    assert number == phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if not number.startswith(("+521", "+229")):
        assert (
            phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
        )


@given(st.sampled_from(sorted(COUNTRIES)), st.from_regex(r"[0-9]{5,13}", fullmatch=True))
def test_bare_digits_within_a_country_are_what_libphonenumber_reads(country: str, digits: str) -> None:
    try:
        number = e164(digits, country)
    except ValueError:
        return
    if digits.startswith("00"):  # always international: an unassigned country code is doubtful, not refused
        assert number == "+" + digits[2:]
        return
    assert number_doubt(number) is None
    if number != "+" + digits:
        assert number == read_by_libphonenumber(digits, country)


@given(st.text() | st.text("+0123456789 -./()xX,;\u200b\u2212"), st.none() | st.sampled_from(["GB", "US"]))
def test_whatever_comes_it_is_a_number_or_a_reason(text: str, country: str | None) -> None:
    try:
        number = e164(text, country)
    except ValueError as error:
        assert str(error)
    else:
        assert has_e164_shape(number)
        assert e164(number) == number
