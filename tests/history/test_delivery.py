"""States never go back, in whichever order and however often they are told; runs are read in row order."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tests.callbacks.rows import ADA, AT_MS, AT_S, BOB, RUN, Json, parsed, status
from wa_bulk.callbacks.entry import entry_of
from wa_bulk.callbacks.tables import Tables
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.history import STATES, History, MessageState, delivery
from wa_bulk.history.database import Database
from wa_bulk.history.delivery import RANK

WORDS = OptOutWords()


def record(database: Database, *rows: Json) -> None:
    entries = [entry_of(row, WORDS, AT_MS) for row in parsed(*rows)]
    with database.transaction():
        Tables(database).write(entries)


def only(history: History, message_id: str = "m1") -> MessageState:
    (found,) = history.deliveries.of_messages([message_id])
    return found


def test_what_a_phone_showed_beats_every_failure() -> None:
    for failed in ("target_invalid", "sent_failed", "delivered_failed"):
        assert RANK["sent"] < RANK["delivered_timeout"] < RANK[failed] < RANK["delivered"] < RANK["read"]
    assert RANK["plan"] < RANK["target_valid"] < RANK["sent"]
    assert len(RANK) == len(STATES)


@pytest.mark.parametrize("lower", STATES)
@pytest.mark.parametrize("higher", STATES)
def test_a_state_gives_way_to_a_better_one_only(tmp_path: Path, lower: str, higher: str) -> None:
    if RANK[lower] >= RANK[higher]:
        return
    for name, order in (("up", (lower, higher)), ("down", (higher, lower))):
        database = Database.open(tmp_path / f"{name}.db")
        for state in order:
            record(database, status(state))
        assert only(History(database)).state == higher
        database.close()


def test_a_failure_keeps_its_code_and_time(database: Database, history: History) -> None:
    record(database, status("delivered_failed", code=131026, at_s=AT_S + 5), status("sent", code=0))
    state = only(history)
    assert (state.state, state.code, state.at_ms) == ("delivered_failed", 131026, AT_MS + 5000)
    record(database, status("delivered", at_s=AT_S + 9))
    state = only(history)
    assert (state.state, state.code, state.at_ms) == ("delivered", None, AT_MS + 9000)


def test_when_each_step_happened_stays_known(database: Database, history: History) -> None:
    for step, name in enumerate(("read", "plan", "delivered", "sent")):
        record(database, status(name, at_s=AT_S + step))
    state = only(history)
    assert (state.read_ms, state.delivered_ms, state.sent_ms) == (AT_MS, AT_MS + 2000, AT_MS + 3000)
    assert (state.at_ms, state.sender, state.row) == (AT_MS, "+8613800138000", 1)


class Told(Struct, frozen=True):
    """One callback of the property test."""

    state: str
    at: int
    code: int
    message: int
    to: int
    tagged: bool


told = st.builds(
    Told,
    state=st.sampled_from(STATES),
    at=st.integers(1, 5),
    code=st.sampled_from([0, 131026, 131049]),
    message=st.integers(0, 2),
    to=st.integers(0, 2),
    tagged=st.booleans(),
)


def row_of(one: Told) -> Json:
    return status(
        one.state,
        message_id=f"m{one.message}",
        to=(None, ADA, BOB)[one.to],
        tag=f"{RUN}:{one.message + 1}" if one.tagged else None,
        at_s=AT_S + one.at,
        code=one.code,
    )


def model(history: list[Told]) -> dict[tuple[str, str], tuple[object, ...]]:
    """Work the states out the slow way: all that was said of a message, and of that the best."""
    known: dict[tuple[str, str], list[Told]] = {}
    for one in history:
        known.setdefault((f"m{one.message}", ("", ADA, BOB)[one.to]), []).append(one)
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    for key, own in known.items():
        best = max(RANK[one.state] for one in own)
        among = [one for one in own if RANK[one.state] == best]
        times = [
            min((AT_MS + one.at * 1000 for one in own if one.state == state), default=None)
            for state in ("sent", "delivered", "read")
        ]
        found[key] = (
            STATES[best],
            AT_MS + min(one.at for one in among) * 1000,
            max(one.code for one in among) or None,
            own[0].message + 1 if any(one.tagged for one in own) else None,
            *times,
        )
    return found


@given(st.lists(told, min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_order_repeats_and_batches_change_nothing(history: list[Told], draw: random.Random) -> None:
    again = [*history, *draw.choices(history, k=len(history) // 2)]
    draw.shuffle(again)
    with TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "memory.db")
        while again:
            size = draw.randint(1, 9)
            record(database, *map(row_of, again[:size]))
            again = again[size:]
        found = {
            (one.message_id, one.recipient): (
                one.state,
                one.at_ms,
                one.code,
                one.row,
                one.sent_ms,
                one.delivered_ms,
                one.read_ms,
            )
            for one in History(database).deliveries.of_messages(["m0", "m1", "m2"])
        }
        database.close()
    assert found == model(history)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_PAGE", 3)


@pytest.mark.usefixtures("small_pages")
def test_a_run_is_read_in_row_order_across_pages(database: Database, history: History) -> None:
    rows = list(range(1, 21))
    random.Random(5).shuffle(rows)
    for row in rows:
        record(database, status("delivered", message_id=f"m{row}", tag=f"{RUN}:{row}"))
        record(database, status("sent", message_id=f"other{row}", tag=f"another-run:{row}"))
    found = list(history.deliveries.of_run(RUN))
    assert [one.row for one in found] == list(range(1, 21))
    assert [one.message_ids for one in found] == [(f"m{row}",) for row in range(1, 21)]
    assert [one.row for one in history.deliveries.of_run(RUN, 18)] == [18, 19, 20]
    assert [one.row for one in history.deliveries.of_run(RUN, 4, 11)] == list(range(4, 12))
    assert list(history.deliveries.of_run("no such run")) == []


@pytest.mark.usefixtures("small_pages")
def test_a_row_sent_twice_is_told_with_the_best_of_its_messages(database: Database, history: History) -> None:
    for number in range(5):
        record(database, status("sent", message_id=f"first{number}", tag=f"{RUN}:7"))
    record(database, status("read", message_id="second", tag=f"{RUN}:7"))
    record(database, status("sent", message_id="after", tag=f"{RUN}:8"))
    first, after = history.deliveries.of_run(RUN)
    assert first.sent_twice
    assert first.best.message_id == "second"
    assert first.message_ids == (*(f"first{number}" for number in range(5)), "second")
    assert not after.sent_twice


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_messages_that_came_as_far_the_earlier_counts(
    database: Database, history: History, order: int
) -> None:
    told = [status("read", message_id="m1", at_s=AT_S + 5), status("read", message_id="m2", at_s=AT_S + 2)]
    record(database, *told[::order])
    (row,) = history.deliveries.of_run(RUN)
    assert (row.best.message_id, row.best.at_ms) == ("m2", AT_MS + 2000)


def test_a_row_has_the_best_that_was_said_of_it_under_any_number(
    database: Database, history: History
) -> None:
    record(database, status("read", to=ADA), status("sent_failed", to=BOB, code=131026))
    record(database, status("plan", to=None))
    (found,) = history.deliveries.of_run(RUN)
    assert (found.to, found.best.state, found.message_ids) == (ADA, "read", ("m1",))


def test_a_callback_without_a_number_is_about_the_only_recipient(
    database: Database, history: History
) -> None:
    record(database, status("sent", to=ADA), status("read", to=None))
    (found,) = history.deliveries.of_run(RUN)
    assert (found.to, found.best.state, found.sent_twice) == (ADA, "read", False)


def test_a_message_is_found_by_its_id_where_it_has_no_tag(database: Database, history: History) -> None:
    record(database, *(status("sent", message_id=f"m{n}", tag=None) for n in range(1200)))
    asked = [f"m{n}" for n in range(1300)]
    assert {one.message_id for one in history.deliveries.of_messages(iter(asked))} == set(asked[:1200])
    assert list(history.deliveries.of_run(RUN)) == []


@pytest.mark.parametrize(
    "tag", ["", "run", "run:", ":5", "run:0", "run:-1", "run:1e3", "run:05", f"{'r' * 201}:1"]
)
def test_what_is_no_tag_joins_no_run(database: Database, history: History, tag: str) -> None:
    record(database, status("sent", tag=tag))
    assert only(history).row is None


def test_a_number_alone_joins_nothing(database: Database, history: History) -> None:
    record(database, status("sent", message_id="m1", to=ADA))
    record(database, status("read", message_id="m2", to=ADA, tag=None))
    (found,) = history.deliveries.of_run(RUN)
    assert found.best.state == "sent"
