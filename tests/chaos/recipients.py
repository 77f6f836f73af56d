"""Rows of recipients, and what has to become of each."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

NAMES = ("Ada", "Zoë", "李雷", "O'Brien", 'the "one"', "two\nlines", "🙂 smile", "a;b,c")
NO_NUMBER = "4.4791E+11"


class Wanted(msgspec.Struct, frozen=True):
    """A row of the CSV: to be sent to `to`, refused by our own check, or skipped as it repeats `earlier`."""

    kind: Literal["send", "refuse", "skip"]
    to: str
    name: str = "Ada"
    earlier: int | None = None


def crowd(rows: int) -> list[Wanted]:
    """Nothing wrong with any of them."""
    return [Wanted("send", _number(row)) for row in range(1, rows + 1)]


def mixed_crowd(rng: random.Random, rows: int) -> list[Wanted]:
    """Awkward names, and now and then a row that has to be refused, or repeats an earlier one."""
    wanted: list[Wanted] = []
    sent_by: list[int] = []
    for row in range(1, rows + 1):
        name, dice = rng.choice(NAMES), rng.random()
        if dice < 0.01:
            wanted.append(Wanted("refuse", NO_NUMBER, name))
        elif dice < 0.02:
            wanted.append(Wanted("refuse", _number(row), ""))
        elif dice < 0.05 and sent_by:
            wanted.append(repeating(wanted, rng.choice(sent_by)))
        else:
            wanted.append(Wanted("send", _number(row), name))
            sent_by.append(row)
    return wanted


def repeating(wanted: Sequence[Wanted], row: int) -> Wanted:
    """One that repeats the number of `row`."""
    return Wanted("skip", wanted[row - 1].to, earlier=row)


def write_csv(path: Path, wanted: Sequence[Wanted]) -> None:
    """The rows as a file; the form of the numbers varies from row to row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("phone", "name"))
        for row, one in enumerate(wanted):
            writer.writerow((one.to.replace("+44", ("+44", "0044 ", "44")[row % 3]), one.name))


def _number(row: int) -> str:
    return f"+44{7_000_000_000 + row}"
