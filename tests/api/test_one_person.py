import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.api.number_plan import has_e164_shape
from wa_bulk.api.one_person import current_form, person_key

numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True) | st.from_regex(
    r"\+(52|54|55|229)[0-9]{7,11}", fullmatch=True
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5215512345678", "+525512345678"),
        ("+5491123456789", "+541123456789"),
        ("+5511987654321", "+551187654321"),
        ("+5511967654321", "+551167654321"),
        ("+2290197123456", "+22997123456"),
    ],
)
def test_one_person_has_one_key_and_one_current_form(one: str, other: str) -> None:
    assert person_key(one) == person_key(other) == min(one, other, key=len)
    assert current_form(one) == current_form(other)
    assert phonenumbers.is_valid_number(phonenumbers.parse(current_form(one)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5511957654321", "+551157654321"),  # the other eight begin with 5: a fixed line, somebody else's
        ("+5511927654321", "+551127654321"),
        ("+521551234567", "+52551234567"),
        ("+2290297123456", "+22997123456"),
        ("+5291123456789", "+521123456789"),
        ("+5411123456789", "+541123456789"),
        ("+447911123456", "+44911123456"),
    ],
)
def test_others_stay_two_people(one: str, other: str) -> None:
    assert person_key(one) != person_key(other)


@given(numbers)
def test_a_key_is_its_own_key_and_has_the_same_current_form(number: str) -> None:
    key = person_key(number)
    assert person_key(key) == key == person_key(current_form(number))
    assert current_form(key) == current_form(number)
    assert has_e164_shape(key)


@given(numbers.filter(lambda number: not number.startswith(("+52", "+54", "+55", "+229"))))
def test_the_numbers_of_other_countries_are_their_own_key(number: str) -> None:
    assert person_key(number) == current_form(number) == number
