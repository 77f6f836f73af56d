from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from wa_bulk.callbacks import set_aside
from wa_bulk.callbacks.set_aside import Refused, delete_up_to, keep, kept, sums, trim
from wa_bulk.history.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "memory.db")
    yield database
    database.close()


def test_what_is_kept_comes_back_as_it_was(database: Database) -> None:
    refused = [Refused(n, "signature", f"reason {n}", bytes([n]) * 1000) for n in range(5)]
    for one in refused:
        keep(database, one)
    keep(database, Refused(9, "garbage", "not JSON", b""))
    assert [one for _, one in kept(database, "signature", 10)] == refused
    assert sums(database, "garbage")[0] == 1
    last_id = kept(database, "signature", 3)[-1][0]
    delete_up_to(database, "signature", last_id)
    assert [one for _, one in kept(database, "signature", 10)] == refused[3:]
    assert sums(database, "garbage")[0] == 1


def test_the_oldest_goes_first_when_there_is_too_much(database: Database) -> None:
    draw = random.Random(1)
    for number in range(40):
        keep(database, Refused(number, "signature", "wrong", draw.randbytes(1000)))
    trim(database, "signature", bytes_most=20_000)
    left = [one.at_ms for _, one in kept(database, "signature", 100)]
    assert left == list(range(40 - len(left), 40))
    assert sums(database, "signature")[1] <= 18_000
    trim(database, "signature", count_most=10)
    assert sums(database, "signature")[0] == 9


def test_thousands_are_bounded_by_themselves(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(set_aside.BYTES_MOST, "garbage", 10_000)
    draw = random.Random(2)
    with database.transaction():
        for number in range(1000):
            keep(database, Refused(number, "garbage", "not JSON", draw.randbytes(300)))
    assert sums(database, "garbage")[1] <= 10_000 + 64 * 400
