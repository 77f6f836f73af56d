from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from wa_bulk.campaign.selections.listed import from_file
from wa_bulk.campaign.selections.spec import SelectionError


def numbers(path: Path, text: str, *columns: str, country: str | None = None) -> list[int]:
    path.write_text(text, encoding="utf-8")
    return sorted(from_file(path, columns, country).keys_of(frozenset({1})))


@pytest.mark.parametrize(
    "text",
    [
        "+447911123456\n",
        "447911123456\n00447911123456\n+33 6 12 34 56 78",
        "\n+447911123456\n\n+33612345678\n",
        "mobile no\n+447911123456\n+33612345678\n",
        "name,phone\nAda,+447911123456\nBob,\nCy,+33612345678\n",
        "status;number;to\n1;+447911123456;x\n",
        "phone,status,reason\n+447911123456,rejected,132000: no\n",
    ],
)
def test_a_column_of_numbers_is_found(tmp_path: Path, text: str) -> None:
    assert numbers(tmp_path / "list.csv", text) in ([447911123456], [33612345678, 447911123456])


def test_the_campaigns_own_column_goes_first(tmp_path: Path) -> None:
    text = "phone,whatsapp\n+447911123456,+33612345678\n"
    assert numbers(tmp_path / "list.csv", text, "whatsapp") == [33612345678]


def test_numbers_are_read_as_the_campaign_reads_them(tmp_path: Path) -> None:
    assert numbers(tmp_path / "list.txt", "07911 123456\n", country="GB") == [447911123456]


def test_people_are_selected_not_ways_to_write_a_number(tmp_path: Path) -> None:
    assert numbers(tmp_path / "list.txt", "+5215512345678\n+525512345678\n") == [525512345678]


def test_a_workbook_is_a_file_of_numbers_too(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (["name", "phone"], ["Ada", "+447911123456"], ["Bob", 33612345678], ["Cy", None]):
        workbook.active.append(row)
    workbook.save(tmp_path / "list.xlsx")
    found = from_file(tmp_path / "list.xlsx", [], None)
    assert sorted(found.keys_of(frozenset({1}))) == [33612345678, 447911123456]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phone\n\n", "holds no numbers"),
        ("phone\n+447911123456\n12\nabc\n", "line 3: '12' "),
        ("12\n+447911123456\n", "line 1: '12' "),
        ("4.47912E+11\n", "line 1: '4.47912E+11' "),
        ("a,b\n1,2\n", "which column holds the numbers? It has a, b; name one of them phone"),
        ("a,phone\n1,+447911123456,3\n", "line 2: has 3 values"),
    ],
)
def test_nobody_is_left_out_in_silence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SelectionError) as caught:
        numbers(tmp_path / "list.csv", text)
    assert words in str(caught.value)
    assert str(tmp_path / "list.csv") in str(caught.value)
