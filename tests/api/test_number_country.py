import random

import pytest

from wa_bulk.api.number_country import CELLS_MAX, suggest_country

AMERICAN = ["4795551234", "2125550147", "4155550123", "3125550188", "6465550199", "7735550111"]


def test_a_file_of_one_countrys_national_numbers_needs_its_country() -> None:
    assert suggest_country(AMERICAN)[0] == "US"
    assert suggest_country([*AMERICAN, "+447911123456", "", "n/a", "00447911123456"])[0] == "US"


def test_even_where_all_could_be_valid_numbers_from_abroad() -> None:
    assert "US" in suggest_country(["4795551234", "4795551235", "4795551236"])


def test_national_writing_counts() -> None:
    assert "GB" in suggest_country(["07911 123456", "07911 123457", "447911123458"])
    assert suggest_country(["(479) 555-1234", "(212) 555-0147"])[0] == "US"


@pytest.mark.parametrize(
    "cells",
    [
        [],
        ["+447911123456", "0033612345678"],
        ["447911123456", "447911123457", "33612345678", "4915123456789", "919876543210", "5511987654321"],
        ["1-212-555-0147", "1 415 555 0123", "1 (312) 555-0188"],
        ["447911123456", "447911123457", "2125550147"],
        ["", "n/a", "see notes"],
    ],
)
def test_numbers_with_their_country_code_need_none(cells: list[str]) -> None:
    assert suggest_country(cells) == []


def test_digits_that_begin_with_the_countrys_own_code_speak_for_no_national_reading() -> None:
    assert "IT" not in suggest_country(["393331234567", "393331234568"])


def test_no_more_cells_are_read_than_it_takes() -> None:
    chance = random.Random(1)
    cells = iter([f"212{chance.randrange(2_000_000, 9_999_999)}" for _ in range(CELLS_MAX + 10)])
    assert suggest_country(cells)[0] == "US"
    assert len(list(cells)) == 10
