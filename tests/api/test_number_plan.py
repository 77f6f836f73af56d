import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.api.number_plan import COUNTRIES, country_named, is_plain, plan_of
from wa_bulk.api.number_plan_data import PLANS


@given(
    st.sampled_from(sorted(PLANS)) | st.from_regex(r"[0-9]{1,3}", fullmatch=True),
    st.from_regex(r"[0-9]{3,13}", fullmatch=True),
)
def test_a_plain_number_is_one_that_libphonenumber_leaves_as_it_is(code: str, national: str) -> None:
    number = f"+{code}{national}"
    if not is_plain(number):
        return
    parsed = phonenumbers.parse(number)
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
    if not number.startswith(("+521", "+229")):  # of which older forms are known to WhatsApp
        possible = phonenumbers.ValidationResult.IS_POSSIBLE
        assert phonenumbers.is_possible_number_with_reason(parsed) == possible


def test_the_mobile_numbers_of_nearly_all_countries_are_plain() -> None:
    """So that their rows are spared the closer inspection."""
    closer = set()
    for country in COUNTRIES:
        number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        if number is not None:
            text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            closer |= set() if is_plain(text) else {country}
    assert closer <= {"GA", "MG", "SM", "NF"}


@pytest.mark.parametrize(
    "text",
    ["", "+", "+4", "447911123456", "+44 7911123456", "+447911123456\n", "+44791112345６", "+４４7911123456",
     "+4479111234567", "+4407911123456", "+99900000012", "+44791112345x", "x447911123456", "+44" + "7" * 99],
)  # fmt: skip
def test_all_else_is_not_plain(text: str) -> None:
    assert not is_plain(text)


@pytest.mark.parametrize("number", ["+5215512345678", "+22997123456"])
def test_the_older_forms_that_whatsapp_knows_are_plain(number: str) -> None:
    assert is_plain(number)


def test_the_plan_of_a_number_is_told_by_its_first_digits() -> None:
    assert plan_of("999123") is None
    assert plan_of("") is None
    assert {code: plan.country_code for code in PLANS if (plan := plan_of(code + "1234567"))} == {
        code: code for code in PLANS
    }


@pytest.mark.parametrize("name", ["GB", "gb", " Gb "])
def test_a_country_is_named_by_two_letters(name: str) -> None:
    assert country_named(name) == "GB"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("UK", '"GB"?'), ("+44", '"GB"?'), ("0044", '"GB"?'), ("USA", '"US"?'), ("xx", '"GB"'), ("", '"GB"')],
)
def test_another_name_is_refused_with_what_was_meant(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is no country; expected its two letters") as refusal:
        country_named(name)
    assert str(refusal.value).endswith(hint)
