"""What the columns of a table hold, by their names and by a look at their cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Literal

from msgspec import Struct

from wa_bulk.api.language import LANGUAGES
from wa_bulk.api.phone_number import NoCountryError, e164
from wa_bulk.campaign.sources.base import RowSource, SourceError

Kind = Literal["number", "language", "link", "date", "money", "code", "words", "empty"]
"""`number`: a phone number; `code`: digits, or digits and letters; `words`: anything else."""

ROWS_LOOKED_AT = 200
_MOST = 0.6
_CELLS_KEPT = 50
_PART_MIN = 4

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE).fullmatch
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[T ].*)?|.*\d{1,2}:\d{2}.*"
    r"|.{0,20}\b\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}\b.{0,20}"
    r"|(?=.*\d)(?=.*(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])).{3,30}"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day(?:,.*)?",
    re.IGNORECASE | re.DOTALL,
).fullmatch
_MONEY = re.compile(
    r"(?:[A-Z]{3} ?|[^\w\s.,+#-] ?)[\d.,' ]*\d|[\d.,' ]*\d ?(?:[A-Z]{3}|[^\w\s.,+#%-])|\d+[.,]\d{2}"
).fullmatch
_CODE = re.compile(r"(?=\S*\d)[\w./#-]{1,40}").fullmatch

_NUMBER_WORDS = frozenset(
    "phone phones mobile mobil msisdn whatsapp tel telephone telefon telefono telefone handy cell cellphone "
    "number nummer numero recipient to movil celular fone portable gsm contact "
    "手机 电话 电话号码 手机号 電話 전화 телефон номер".split()
)
_LANGUAGE_WORDS = frozenset("language lang locale sprache langue idioma lingua taal 语言 язык".split())


class TableColumn(Struct, frozen=True):
    """A column: its name, the words of that name in small letters without accents, and what most cells are.

    `national` tells that most of its numbers lack a country code. `cells` are the first different ones that
    are not empty.
    """

    name: str
    words: frozenset[str]
    kind: Kind
    national: bool
    cells: tuple[str, ...]


class Table(Struct, frozen=True):
    """The columns of a table. `number` has the phone numbers and `language` the language codes, where there
    are such columns; `others` are the rest, in order."""

    number: TableColumn | None
    language: TableColumn | None
    others: list[TableColumn]


def look_at(source: RowSource, country: str | None = None) -> Table:
    """Look at the header and the first rows of a table.

    `country` (ISO 3166) is whose numbers those without a country code are. Raises SourceError, also where
    there are no rows, or the first line has a phone number and is no header.
    """
    number = next((name for name in source.header if _as_number(name, country) is not None), None)
    if number is not None:
        raise SourceError(
            f"{source.path}, line 1: has {number!r} where a column's name is expected: put a line with the "
            "names of the columns above it"
        )
    source.scan()
    rows = [row.values for row in islice(source.rows(), ROWS_LOOKED_AT) if row.problem is None]
    columns = [
        _column(name, [values[place] for values in rows], country) for place, name in enumerate(source.header)
    ]
    numbers = _best(columns, "number", _NUMBER_WORDS)
    language = _best(columns, "language", _LANGUAGE_WORDS)
    return Table(numbers, language, [one for one in columns if one not in (numbers, language)])


def words_of(text: str) -> frozenset[str]:
    """Return the words of a name or a sentence, in small letters and without accents."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text))
    return frozenset(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c)).casefold()))


def kind_of(text: str) -> Kind:
    """Return what a value looks like, phone numbers aside."""
    text = text.strip()
    if not text:
        return "empty"
    if text in LANGUAGES:
        return "language"
    tests: tuple[tuple[Kind, Callable[[str], object]], ...] = (
        ("link", _LINK),
        ("date", _DATE),
        ("money", _MONEY),
        ("code", _CODE),
    )
    return next((kind for kind, test in tests if test(text)), "words")


def _best(columns: Iterable[TableColumn], kind: Kind, names: frozenset[str]) -> TableColumn | None:
    """Return the column of that kind whose name says so most clearly; of several, one with country codes."""
    return max(
        (one for one in columns if one.kind == kind),
        key=lambda one: (_is_called(one.words, names), not one.national, -len(one.words - names)),
        default=None,
    )


def _is_called(words: frozenset[str], names: frozenset[str]) -> bool:
    """Tell whether one of the words is a name, or has one in it, such as `handynummer`."""
    return bool(words & names) or any(
        len(name) >= _PART_MIN and name in word for word in words for name in names
    )


def _column(name: str, cells: Sequence[str], country: str | None) -> TableColumn:
    words = words_of(name)
    filled = [cell for cell in cells if cell.strip()]
    read = [_as_number(cell, country) for cell in filled]
    named = _is_called(words, _NUMBER_WORDS)
    # Eight digits without a + may be anything: only a name makes them phone numbers.
    sure = sum(one == "international" for one in read)
    numbers = sum(one is not None for one in read) if named else sure
    kind: Kind = "empty"
    if filled and numbers >= _MOST * len(filled):
        kind = "number"
    elif filled:
        kinds = [kind_of(cell) for cell in filled]
        kind = max(kinds, key=kinds.count)
        if kinds.count(kind) < _MOST * len(kinds):
            kind = "words"
        if (
            kind == "language"
            and not _is_called(words, _LANGUAGE_WORDS)
            and len({*filled}) > len(filled) / 2 > 2
        ):
            kind = "words"  # `no`, `it` and `id` are words, too
    elif named:
        kind = "number"
    elif _is_called(words, _LANGUAGE_WORDS):
        kind = "language"
    national = kind == "number" and sum(one == "national" for one in read) > len(filled) / 2
    return TableColumn(name, words, kind, national, tuple(dict.fromkeys(filled))[:_CELLS_KEPT])


def _as_number(cell: str, country: str | None) -> Literal["international", "bare", "national"] | None:
    """Tell how a cell is a phone number, if it may be one."""
    if sum(character.isdigit() for character in cell) < 7 or kind_of(cell) in ("date", "money", "link"):
        return None
    try:
        e164(cell, country)
    except NoCountryError:
        return "national"
    except ValueError:
        return None
    return "international" if cell.strip().startswith(("+", "00")) else "bare"
