"""People's wishes reach the list of suppressed numbers along with the rows that hold them.

How states are merged is tested with those who read them: tests/history/test_delivery.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.callbacks.rows import ADA, AT_S, BOB, parsed, said, status
from wa_bulk.callbacks import CallbackStore, OptOutWords
from wa_bulk.history import History


def listed(file: Path) -> list[tuple[str, str]]:
    with History.open(file) as history:
        return [(entry.number, entry.reason) for entry in history.suppression.entries()]


async def test_stop_and_start(store: CallbackStore, file: Path) -> None:
    recorded = await store.record(parsed(said("STOP"), said("stop", number=BOB)))
    assert [opt_out.wish for opt_out in recorded.opt_outs] == ["stop", "stop"]
    assert sorted(listed(file)) == [(BOB, "wrote stop"), (ADA, "wrote STOP")]
    await store.record(parsed(said("start", at_s=AT_S + 1)))
    assert listed(file) == [(BOB, "wrote stop")]


async def test_an_older_stop_that_comes_late_stops_nothing(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(said("start", at_s=AT_S + 1)))
    await store.record(parsed(said("stop")))
    assert listed(file) == []
    await store.record(parsed(said("stop", at_s=AT_S + 2)))
    assert listed(file) == [(ADA, "wrote stop")]


async def test_a_clock_that_is_ahead_makes_no_wish_last(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(said("stop", at_s=AT_S * 2)))
    await store.record(parsed(said("start", at_s=AT_S * 2)))
    await store.record(parsed(said("stop", at_s=AT_S * 2 + 1)))
    assert listed(file) == [(ADA, "wrote stop")]


async def test_metas_code_puts_a_number_on_the_list(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(status("delivered_failed", code=131050)))
    assert listed(file) == [(ADA, "stopped marketing messages (131050)")]
    await store.record(parsed(said("start", at_s=AT_S + 9)))
    assert len(listed(file)) == 1


@pytest.mark.parametrize("order", [1, -1])
async def test_a_stop_without_a_number_is_whose_message_it_answers(
    store: CallbackStore, file: Path, order: int
) -> None:
    rows = [status(message_id="m9"), said("STOP", number=None, answers="m9")][::order]
    for row in rows:
        await store.record(parsed(row))
    assert listed(file) == [(ADA, "wrote STOP")]


@pytest.mark.parametrize("order", [1, -1])
async def test_metas_code_without_a_number_finds_its_person_and_stays_metas(
    store: CallbackStore, file: Path, order: int
) -> None:
    """A person known by a user id, in callbacks that name one of the two, counts by the number."""
    code = status("delivered_failed", message_id="m9", to="US.13491", code=131050)
    for row in [status(message_id="m9"), code][::order]:
        await store.record(parsed(row))
    await store.record(parsed(said("START", at_s=AT_S + 9)))
    assert listed(file) == [(ADA, "stopped marketing messages (131050)")]


async def test_a_stop_to_a_message_of_several_people_is_nobodys(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(said("STOP", number=None, answers="m1")))
    await store.record(parsed(status(to=ADA), status(to=BOB)))
    assert listed(file) == []


async def test_own_words(file: Path) -> None:
    async with CallbackStore.open(file, words=OptOutWords(["fertig"], only_these=True)) as store:
        await store.record(parsed(said("STOP"), said("Fertig!", number=BOB)))
    assert listed(file) == [(BOB, "wrote Fertig!")]
