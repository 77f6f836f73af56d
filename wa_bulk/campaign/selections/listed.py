"""The people in a file of numbers: a CSV or workbook with a column of them, or a text file of one a line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from wa_bulk.api.phone_number import e164
from wa_bulk.campaign.selections.spec import SelectionError
from wa_bulk.campaign.sources.base import RowSource
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.history.number_map import NumberMap, key_of

NUMBER_COLUMNS = ("number", "phone", "to", "recipient", "mobile", "msisdn", "phone_number")
_FAULTS_SHOWN = 5


def from_file(path: Path, columns: Collection[str], country: str | None) -> NumberMap:
    """Return the numbers of a file, each with the value 1.

    They are in the first column that there is of `columns` and `NUMBER_COLUMNS`, or in the only one, which
    needs no header. Numbers without a country code are of `country`.

    Raises SelectionError where it cannot be told which column it is, where there is no number, or where one
    cannot be read: nobody is left out in silence. Raises SourceError.
    """
    source = open_source(path, columns=columns)
    column = _column(source, columns)
    has_header = len(source.header) > 1 or not _looks_like_a_number(source.header[0])
    numbers = NumberMap(sum(1 for _ in source.rows()) + 1)
    faults: list[str] = []
    count = 0
    for line, cell in _cells(source, column, has_header=has_header):
        if not cell.strip():
            continue
        try:
            numbers.raise_to(key_of(e164(cell, country)), 1)
            count += 1
        except ValueError as error:
            faults.append(f"line {line}: {error}")
            if len(faults) > _FAULTS_SHOWN:
                break
    if faults:
        more = ["…"] if len(faults) > _FAULTS_SHOWN else []
        raise SelectionError(
            "\n".join([f"{path} has numbers that cannot be read:", *faults[:_FAULTS_SHOWN], *more])
        )
    if not count:
        raise SelectionError(f"{path} holds no numbers")
    return numbers


def _column(source: RowSource, columns: Collection[str]) -> int:
    known = [name for name in (*columns, *NUMBER_COLUMNS) if name in source.header]
    if known:
        return source.header.index(known[0])
    if len(source.header) == 1:
        return 0
    raise SelectionError(
        f"{source.path}: which column holds the numbers? It has {', '.join(source.header[:8])}; "
        "name one of them phone"
    )


def _cells(source: RowSource, column: int, *, has_header: bool) -> Iterator[tuple[int, str]]:
    if not has_header:
        yield 1, source.header[0]
    for row in source.rows():
        if row.problem is not None:
            raise SelectionError(f"{source.path}, line {row.line}: {row.problem}")
        yield row.line, row.values[column]


def _looks_like_a_number(text: str) -> bool:
    """Tell a number, or what is left of one, from a column's name: taken for that, it would be lost."""
    return sum(map(str.isdigit, text)) > sum(map(str.isalpha, text))
