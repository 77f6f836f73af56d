"""A variable gets its column where that can be told, and none where it cannot."""

from __future__ import annotations

import pytest

from wa_bulk.campaign.init.columns import TableColumn, kind_of, words_of
from wa_bulk.campaign.init.matching import match, variables_of


def columns(**cells: str) -> list[TableColumn]:
    return [TableColumn(name, words_of(name), kind_of(cell), False, (cell,)) for name, cell in cells.items()]


@pytest.mark.parametrize(
    ("text", "examples", "cells", "expected"),
    [
        (
            "Hello {{1}}, your order is on its way. Total: {{2}}.",
            ["Ada", "$24.90"],
            {"first_name": "Ada", "total": "$12.50", "total_1000": "12500"},
            ["first_name", "total"],
        ),
        ("Hola, {{1}}: tu pedido {{2}}", [], {"pedido": "A1", "nombre": "Ada"}, ["nombre", "pedido"]),
        ("Your code is {{1}}.", ["12345"], {"otp": "99881", "city": "York"}, ["otp"]),
        ("{{1}}, see you on {{2}}", ["Ada", "Friday"], {"x": "2026-01-01", "name": "Bo"}, ["name", "x"]),
        ("From {{1}} to {{2}}", ["Friday", "Monday"], {"x": "2026-01-01", "y": "2026-01-02"}, [None, None]),
        ("{{2}} for {{1}}", ["order 7", "$3"], {"price": "$4", "order": "7"}, [None, "price"]),
        ("You have won {{1}}.", ["a car"], {"prize_text": "a boat", "note": "vip"}, [None]),
        ("Hi {{1}}, {{1}}!", [], {"name": "Ada"}, ["name"]),
        ("Hi {{1}}!", ["Ada"], {"id": "7", "fname": "Ada"}, ["fname"]),
        ("{{1}}様、合計 {{2}} です。", ["Ada", "$5"], {"名前": "太郎", "合計": "¥500"}, ["名前", "合計"]),
        ("Здравствуйте, {{1}}", ["Ада"], {"город": "Омск", "имя": "Ада"}, ["имя"]),
        ("Hi {{1}}", ["Ada"], {"도시": "서울", "이름": "김"}, ["이름"]),
        ("Hi there.", [], {"name": "Ada"}, []),
        ("Hi {{1}}", ["Ada"], {}, [None]),
    ],
)
def test_columns_for_variables(
    text: str, examples: list[str], cells: dict[str, str], expected: list[str | None]
) -> None:
    found = match(variables_of(text, examples), columns(**cells))
    assert [column and column.name for column in found] == expected
