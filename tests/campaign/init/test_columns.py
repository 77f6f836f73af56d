"""What a column holds is told by its name and its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from wa_bulk.campaign.init.columns import Table, kind_of, look_at, words_of
from wa_bulk.campaign.sources.factory import open_source


def table(tmp_path: Path, text: str) -> Table:
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    return look_at(open_source(file))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ada", "words"),
        ("", "empty"),
        ("en", "language"),
        ("pt_BR", "language"),
        ("https://example.com/a.jpg", "link"),
        ("2026-03-12", "date"),
        ("Freitag, 12.3.2026", "date"),
        ("Friday, 3:30 pm", "date"),
        ("Friday", "date"),
        ("15 March", "date"),
        ("$12.50", "money"),
        ("12,50 €", "money"),
        ("EUR 1.200", "money"),
        ("12.50", "money"),
        ("4711", "code"),
        ("A-4711/3", "code"),
        ("Flat 3, 12 Mill Lane", "words"),
    ],
)
def test_kinds_of_values(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_words_are_plain() -> None:
    assert words_of("FirstName") == words_of("first_name") == {"first", "name"}
    assert words_of("Prénom du client") == {"prenom", "du", "client"}


@pytest.mark.parametrize(
    ("text", "number", "national"),
    [
        ("id,phone\n4711000,+447911123456\n", "phone", False),
        ("a,b\nx,+447911123456\ny,0033612345678\n", "b", False),
        ("Kundennr;Handynummer\n12345678;0171 3920001\n", "Handynummer", True),
        ("order,mobile\n447911123456,447911123456\n", "mobile", False),
        ("phone_home,phone\n+447911123456,+447911123457\n", "phone", False),
        ("tel,cell,name\n020 7946 0958,+447911123456,Ada\n", "cell", False),
        ("手机号,姓名\n+8613800138000,王\n", "手机号", False),
        ("total,due\n12345678,2026-01-01\n", None, False),
        ("phone,name\n,Ada\n", "phone", False),
        ("when,what\n2026-11-25 10:00:00,12345678\n", None, False),
    ],
)
def test_the_column_with_the_numbers(tmp_path: Path, text: str, number: str | None, national: bool) -> None:
    found = table(tmp_path, text).number
    assert (found and found.name) == number
    assert found is None or found.national == national


def test_the_column_with_the_languages(tmp_path: Path) -> None:
    rows = "".join(
        f"+4479111234{n:02d},{'yes' if n % 2 else 'no'},{'en' if n % 2 else 'fr'}\n" for n in range(9)
    )
    found = table(tmp_path, f"phone,agreed,lang\n{rows}")
    assert found.language is not None
    assert found.language.name == "lang"
    assert [one.name for one in found.others] == ["agreed"]
