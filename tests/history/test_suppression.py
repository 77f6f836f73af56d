"""Who asked not to be written to is not, until they, or the user, say otherwise."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.callbacks.rows import ADA, BOB
from wa_bulk.history import History, Source, Suppressed
from wa_bulk.history.database import Database, now_ms
from wa_bulk.history.suppression import enter, lift_stop


def entry(number: str = ADA, source: Source = "user", at_ms: int = 1000, reason: str = "why") -> Suppressed:
    return Suppressed(number=number, source=source, reason=reason, at_ms=at_ms)


def listed(history: History) -> list[tuple[str, str]]:
    return [(one.number, one.source) for one in history.suppression.entries()]


def test_a_number_is_on_the_list_in_all_its_forms(history: History) -> None:
    assert history.suppression.add([entry("00447911123456")]) == 1
    for number in (ADA, "447911123456"):
        found = history.suppression.of(number)
        assert found is not None
        assert found.number == "00447911123456"
    assert history.suppression.of(BOB) is None
    suppressed = history.suppression_list()
    assert suppressed.get("+44 7911 123456") is not None
    assert suppressed.get(BOB) is None


@pytest.mark.parametrize(("at_ms", "day"), [(2**63 - 1, "9999-12-31"), (10**15, "9999-12-31")])
def test_a_time_that_is_none_harms_nothing(history: History, at_ms: int, day: str) -> None:
    history.suppression.add([entry(at_ms=at_ms)])
    (found,) = history.suppression.entries()
    assert found.words == f"suppressed: why on {day}"


def test_adding_twice_changes_nothing(history: History) -> None:
    assert history.suppression.add([entry(), entry()]) == 1
    assert history.suppression.add([entry(at_ms=2000)]) == 0
    assert listed(history) == [(ADA, "user")]


def test_removing_takes_off_whatever_put_it_there(history: History) -> None:
    sources: tuple[Source, ...] = ("stop", "meta", "user", "import")
    history.suppression.add([entry(source=source) for source in sources])
    assert len(listed(history)) == 4
    assert history.suppression.remove([ADA, BOB]) == [BOB]
    assert listed(history) == []


@pytest.mark.parametrize("source", ["user", "import"])
def test_the_users_words_count_in_their_order(history: History, source: Source) -> None:
    for _ in range(3):
        history.suppression.add([entry(source=source, at_ms=now_ms())])
        assert listed(history) == [(ADA, source)]
        assert history.suppression.remove([ADA]) == []
        assert listed(history) == []
    history.suppression.add([entry(source=source, at_ms=5)])
    assert listed(history) == [(ADA, source)]


def test_what_was_said_before_the_user_removed_it_stays_removed(database: Database, history: History) -> None:
    history.suppression.add([entry(source="stop", at_ms=1000)])
    history.suppression.remove([ADA])
    with database.transaction():
        enter(database, ADA, "stop", "wrote STOP", 2000)
    assert listed(history) == []
    with database.transaction():
        enter(database, ADA, "stop", "wrote STOP", now_ms() + 60_000)
    assert listed(history) == [(ADA, "stop")]


def test_start_lifts_what_stop_entered_and_nothing_else(database: Database, history: History) -> None:
    history.suppression.add([entry(source="stop"), entry(source="meta"), entry(source="user")])
    with database.transaction():
        lift_stop(database, ADA, 2000)
    assert listed(history) == [(ADA, "meta"), (ADA, "user")]


wishes = st.lists(st.tuples(st.sampled_from(["stop", "start"]), st.integers(1, 6)), min_size=1, max_size=8)


@given(wishes)
def test_of_stop_and_start_the_later_counts_in_whichever_order(wishes: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "memory.db")
        with database.transaction():
            for wish, at_ms in wishes:
                if wish == "stop":
                    enter(database, ADA, "stop", "wrote STOP", at_ms)
                else:
                    lift_stop(database, ADA, at_ms)
        found = bool(listed(History(database)))
        database.close()
    last = {wish: max((at for own, at in wishes if own == wish), default=-1) for wish in ("stop", "start")}
    assert found == (last["stop"] >= 0 and last["stop"] >= last["start"])


def test_the_list_in_memory_follows_what_changes(database: Database, history: History) -> None:
    suppressed = history.suppression_list()
    assert suppressed.get(ADA) is None
    assert not suppressed.refresh()
    history.suppression.add([entry(at_ms=2000), entry(source="stop", at_ms=1000, reason="wrote STOP")])
    assert suppressed.refresh()
    found = suppressed.get(ADA)
    assert found is not None
    assert found.words == "suppressed: wrote STOP on 1970-01-01"
    with database.transaction():
        lift_stop(database, ADA, 5000)
    assert suppressed.refresh()
    assert suppressed.get(ADA) == entry(at_ms=2000)
    history.suppression.remove([ADA])
    assert suppressed.refresh()
    assert (suppressed.get(ADA), len(suppressed)) == (None, 0)
    assert not suppressed.refresh()


def test_the_list_is_read_page_by_page(history: History) -> None:
    numbers = [f"+4479{n:08d}" for n in range(2500)]
    history.suppression.add(entry(number) for number in numbers)
    assert [one.number for one in history.suppression.entries()] == numbers
    assert len(history.suppression_list()) == 2500
