from __future__ import annotations

import pytest

from wa_bulk.history import person_of


@pytest.mark.parametrize(
    "number", ["+447911123456", "00447911123456", "447911123456", "+44 7911 123456", "+44 (7911) 123-456"]
)
def test_the_forms_of_a_number_are_one_person(number: str) -> None:
    assert person_of(number) == "+447911123456"


def test_what_is_no_number_is_its_own_key() -> None:
    assert person_of(" US.13491208655302741918 ") == "US.13491208655302741918"
    assert person_of("") == ""
