"""The sample that `wa-bulk demo` sends: 1,200 orders as they come from real life, and a few customers for
each of the other kinds of message.

It could not reach anybody even if it were sent for real: every number is one that its country keeps free for
films (the 555-0100 to 0199 of North America, the drama numbers of Germany's Bundesnetzagentur), or begins
with +999, which is no country's.
"""

import csv
import random
from collections.abc import Iterator
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

ORDERS = 1200
CUSTOMERS = 10
MAIN_CAMPAIGN = "order-updates.toml"

_AREAS = ("212", "312", "404", "415", "503", "512", "617", "646", "702", "773")
_PRODUCTS = ("bookshelf", "desk-lamp", "kitchen-cart", "armchair")
_NAMES = {
    "en_GB": "Amara, Siobhán, Dafydd",
    "en": "Oluwaseun, Priya, Wairimũ, Renée, Łucja, Đorđe, Þórunn, "
    "Žofie, Nguyễn Thị Ánh, Ольга, Їржі, Ελένη, ნინო, Արամ, "
    "נועה, தமிழ்செல்வி, สมหญิง, 김민준, 서연, ሰላም",
    "en_US": "Leilani, DeShawn, O'Brien",
    "es": "Xóchitl, Íñigo, Begoña",
    "nl": "Zoë, Joost",
    "de": "Björn, Jürgen, Käthe",
    "fr": "Anaïs, François, Aïcha, Zoé 🌻",
    "it": "Nicolò, Chiara",
    "pt_BR": "João, Conceição",
    "tr": "İpek, Oğuz",
    "ar": "نور, ليلى, يوسف",
    "hi": "अनन्या, विक्रम, প্রিয়াঙ্কা",
    "zh_CN": "陳美玲, 王小明, 李雷",
    "ja": "さくら, 健太郎",
}
_PEOPLE = [(name, language) for language, names in _NAMES.items() for name in names.split(", ")]

_NOT_NUMBERS = ("4.47912E+11", "1.21256E+10", "unknown", "", "+1 212 555", "4.91714E+11", "n/a", "see notes")
_REFUSED_BY_THE_API = ("+99900003002", "+99900003003")
_NEVER_TAKEN = ("+99900001000", "+99900000502", "+99900000503")
_NOBODY_KNOWS = ("+99900000011", "+99900000012", "+99900000013", "+99900000015", "+99900000017")


class Order(NamedTuple):
    """One row of orders.csv."""

    order_id: str
    phone: str
    first_name: str
    language: str
    total: str
    total_1000: str


def write_sample(folder: Path) -> list[Path]:
    """Write the sample into `folder`, which must exist; return its campaign files, the main one first."""
    with as_file(files(__name__)) as campaigns:
        copytree(
            campaigns, folder, dirs_exist_ok=True, ignore=lambda _, names: {n for n in names if "py" in n}
        )
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(Order._fields)
        table.writerows(orders())
    with (folder / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("phone", "first_name", "language", "order_id", "product"))
        table.writerows(customers())
    return [folder / MAIN_CAMPAIGN, *sorted((folder / "bodies").glob("*.toml"))]


def orders() -> list[list[str]]:
    """Return the 1,200 orders, some of them faulty; the same ones each time."""
    chance = random.Random(1)
    numbers = list(islice(_numbers(), ORDERS))
    rows = [_order(chance, place, number) for place, number in enumerate(numbers)]
    # The last ones are fine, so that those tried again for some seconds do not make the end wait.
    places = iter(chance.sample(range(20, ORDERS - 200), 100))
    for phone in (*_NOT_NUMBERS, *_REFUSED_BY_THE_API, *_NEVER_TAKEN, *_NOBODY_KNOWS):
        _replace(rows, next(places), phone=phone)
    for original in range(12):
        place = next(places)
        _replace(rows, place, phone=_spelled(numbers[original], place))
    for first_name in ("", " ", "", "", "Ana\nMaria", "Tab\there"):
        _replace(rows, next(places), first_name=first_name)
    for first_name in ("#N/A", "NULL", "NULL", "FranÃ§ois", "Zoë\u00a0"):
        _replace(rows, next(places), first_name=first_name)
    for total_1000 in ("24,90", "12.5", ""):
        _replace(rows, next(places), total_1000=total_1000)
    for language in ("sw", "sw", "en_UK", "fil"):
        _replace(rows, next(places), language=language)
    table = [list(row) for row in rows]
    for _ in range(2):
        table[next(places)].append("gift wrap")
    return table


def customers() -> list[list[str]]:
    """Return customers who wrote to the sending number within the last day, so may be sent anything."""
    numbers = list(islice(_numbers(), CUSTOMERS))
    return [
        [number, name, language, f"A{4000 + place}", _PRODUCTS[place % len(_PRODUCTS)]]
        for place, (number, (name, language)) in enumerate(zip(numbers, _PEOPLE[::5], strict=False))
    ]


def _order(chance: random.Random, place: int, number: str) -> Order:
    name, language = chance.choice(_PEOPLE)
    cents = chance.randrange(500, 20_000)
    phone = _spelled(number, place) if place % 5 == 3 else number
    return Order(f"A{1000 + place}", phone, name, language, f"${cents / 100:.2f}", str(cents * 10))


def _replace(rows: list[Order], place: int, **changes: str) -> None:
    rows[place] = rows[place]._replace(**changes)


def _numbers() -> Iterator[str]:
    """Different numbers that nobody has, in E.164 form."""
    for line in range(100):
        for area in _AREAS:
            yield f"+1{area}55501{line:02d}"
        yield f"+4917139200{line:02d}"
        yield f"+49176040690{line:02d}"


def _spelled(number: str, place: int) -> str:
    """Return the same number as somebody else would write it."""
    digits = number.removeprefix("+")
    if digits.startswith("49"):
        return (f"00{digits}", f"+49 {digits[2:5]} {digits[5:]}", digits)[place % 3]
    area, line = digits[1:4], digits[7:]
    return (f"+1 ({area}) 555-{line}", f"001 {area} 555 {line}", f"1-{area}-555-{line}")[place % 3]
