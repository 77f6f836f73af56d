"""What was recorded is on disk, once, whatever else happens; what could not be is told."""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.callbacks.rows import ADA, AT_MS, AT_S, RUN, body, parsed, status
from tests.chaos.disk import Way, small_disk, ways
from wa_bulk.callbacks import CallbackStore, ReceivedRow, parse_callback
from wa_bulk.callbacks.entry import Entry
from wa_bulk.callbacks.tables import Tables
from wa_bulk.callbacks.writer import ReplayedNonce, Signed
from wa_bulk.history import History, HistoryDamaged, HistoryLocked, HistoryUnavailable
from wa_bulk.history.database import Database


def stored(file: Path) -> int:
    database = Database.open(file)
    count = database.number("SELECT count(*) FROM callbacks")
    database.close()
    return count


def move_away(file: Path) -> None:
    file.rename(file.with_name("moved.db"))
    for side in ("-wal", "-shm"):
        Path(f"{file}{side}").unlink(missing_ok=True)


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)


async def fill(store: CallbackStore, recorded: list[str]) -> None:
    """Record rows until one cannot be; those that were are in `recorded`."""
    for number in itertools.count():
        ids = [f"m{number}-{n}" for n in range(100)]
        await store.record(parsed(*(status(message_id=message_id) for message_id in ids)))
        recorded += ids


async def test_what_was_recorded_is_seen_by_others(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(status("sent"), status("read")))
    with History.open(file) as history:
        (found,) = history.deliveries.of_run(RUN)
        assert (found.row, found.to, found.best.state) == (1, ADA, "read")
        assert [row.body for row in history.inbox.rows("status")] == [
            row.raw for row in parsed(status("sent"), status("read")) if isinstance(row, ReceivedRow)
        ]


async def test_repeats_change_nothing(store: CallbackStore, file: Path) -> None:
    rows = parsed(status("sent"), status("sent"), status("read"))
    first = await store.record(rows)
    assert (len(first.new), first.repeated) == (2, 1)
    again = await store.record([*rows, *parsed(status("delivered"))])
    assert (len(again.new), again.repeated) == (1, 3)
    assert stored(file) == 3


async def test_what_are_no_rows_is_told(store: CallbackStore) -> None:
    with pytest.raises(TypeError, match="expected rows, as parse_callback returns them, got int"):
        await store.record(body(status()))  # type: ignore[arg-type]


async def test_nothing_is_recorded_at_once(store: CallbackStore) -> None:
    assert (await store.record([])).new == ()


async def test_tasks_at_once_are_stored_together_and_told_each_its_own(
    store: CallbackStore, file: Path
) -> None:
    async def record(number: int) -> int:
        recorded = await store.record(parsed(*(status(message_id=f"m{n}") for n in range(number))))
        return len(recorded.new) + recorded.repeated

    assert await asyncio.gather(*(record(number) for number in range(40))) == list(range(40))
    with History.open(file) as history:
        assert len(list(history.deliveries.of_messages(f"m{n}" for n in range(50)))) == 39


async def test_a_cancelled_recording_harms_no_other(store: CallbackStore, file: Path) -> None:
    tasks = [asyncio.create_task(store.record(parsed(status(message_id=f"m{n}")))) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert not any(isinstance(result, BaseException) for result in results[1::2])
    await store.record([])
    assert stored(file) >= 10


def test_event_loops_share_a_store(file: Path) -> None:
    store = CallbackStore.open(file)

    async def record(number: int) -> None:
        await store.record(parsed(status(message_id=f"m{number}")))

    threads = [threading.Thread(target=lambda n=n: asyncio.run(record(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(store.close())
    assert stored(file) == 4


def test_a_forked_child_records_through_a_store_that_was_not_used_before(file: Path) -> None:
    store = CallbackStore.open(file)
    assert in_child(store, "child") == "1 new"
    assert recorded_through(store, "parent") == "1 new"
    assert "was in use when the process forked: open one in each" in in_child(store, "late child")
    assert recorded_through(store, "parent again") == "1 new"
    asyncio.run(store.close())
    assert stored(file) == 3


def recorded_through(store: CallbackStore, message_id: str) -> str:
    try:
        recorded = asyncio.run(store.record(parsed(status(message_id=message_id))))
    except RuntimeError as error:
        return str(error)
    return f"{len(recorded.new)} new"


def in_child(store: CallbackStore, message_id: str) -> str:
    """Return what a forked child says of recording a row."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.write(writer, recorded_through(store, message_id).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    os.wait()
    return said


async def test_two_stores_share_a_file(file: Path) -> None:
    async with CallbackStore.open(file) as first, CallbackStore.open(file) as second:
        await asyncio.gather(
            *(first.record(parsed(status(message_id=f"a{n}"))) for n in range(30)),
            *(second.record(parsed(status(message_id=f"b{n}"))) for n in range(30)),
            *(store.record(parsed(status(message_id="both"))) for store in (first, second)),
        )
    assert stored(file) >= 61
    with History.open(file) as history:
        assert [row.message_id for row in history.inbox.rows("status")].count("both") == 1


async def test_what_waits_is_stored_on_closing(file: Path) -> None:
    store = CallbackStore.open(file)
    task = asyncio.create_task(store.record(parsed(status())))
    await asyncio.sleep(0)
    await store.close()
    assert len((await task).new) == 1
    await store.close()
    with pytest.raises(RuntimeError, match="closed"):
        await store.record(parsed(status()))


async def test_a_store_that_was_never_used_closes(file: Path) -> None:
    async with CallbackStore.open(file) as store:
        assert store.path == file


async def test_a_row_that_cannot_be_stored_costs_no_other(store: CallbackStore, file: Path) -> None:
    (good,), (bad,) = parsed(status(message_id="good")), parsed(status(message_id="bad"))
    bad = replace(bad, message_id=5)  # as no JSON could make it
    results = await asyncio.gather(
        *(store.record([row]) for row in (good, bad, good, bad)), return_exceptions=True
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False, True]
    assert stored(file) == 1


@pytest.mark.parametrize("text", ["\ud83d", "\x00", "é" * 1000])
async def test_texts_that_databases_stumble_over(store: CallbackStore, file: Path, text: str) -> None:
    (row,) = parsed(status())
    await store.record(
        [replace(row, message_id=f"m{text}", to=text, custom_args={"wa_bulk": f"{text[:9]}:1"})]
    )
    assert stored(file) == 1


texts = st.text(max_size=5) | st.sampled_from(["STOP", f"{RUN}:{10**17}", ADA, "sent", "read"])
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
parts = st.recursive(
    values,
    lambda inner: st.dictionaries(
        st.sampled_from(
            "message_id to from itime custom_args wa_bulk status message_status status_data msg_time "
            "error_code response event response_data message text body message_context contact".split()
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)


@given(st.lists(parts, min_size=1, max_size=20))
def test_whatever_can_be_posted_can_be_stored(rows: list[object]) -> None:
    async def record() -> int:
        async with CallbackStore.open(Path(folder) / "memory.db") as store:
            recorded = await store.record(parse_callback(body(*rows)))
            return len(recorded.new) + recorded.repeated

    with TemporaryDirectory() as folder:
        assert asyncio.run(record()) == len(rows)


# ---- signatures and what was refused


async def test_a_nonce_is_good_for_one_body(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(status()), signed=Signed("n1", 1))
    await store.record(parsed(status()), signed=Signed("n1", 1))
    results = await asyncio.gather(
        store.record(parsed(status("read")), signed=Signed("n1", 2)),
        store.record(parsed(status("delivered")), signed=Signed("n2", 3)),
        return_exceptions=True,
    )
    assert isinstance(results[0], ReplayedNonce)
    assert not isinstance(results[1], BaseException)
    assert stored(file) == 2


async def test_a_nonce_is_not_used_up_by_what_was_not_stored(store: CallbackStore, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryLocked):
        await store.record(parsed(status()), signed=Signed("n1", 1))
    other.execute("ROLLBACK")
    other.close()
    await store.record(parsed(status("read")), signed=Signed("n1", 2))
    assert stored(file) == 1


async def test_what_was_refused_can_be_adopted(store: CallbackStore, file: Path) -> None:
    for number in range(250):
        await store.set_aside(body(status(message_id=f"m{number}")), "signature", "wrong")
    await store.set_aside(b"no JSON", "signature", "wrong")
    await store.set_aside(b"no JSON", "garbage", "not JSON")
    await store.record(parsed(status(message_id="m0")))
    assert await store.count_set_aside("signature") == 251
    assert await store.adopt() == (251, 249)
    assert await store.count_set_aside("signature") == 0
    assert await store.count_set_aside("garbage") == 1
    assert await store.adopt() == (0, 0)


# ---- a file that cannot be written


async def test_a_lock_is_told_and_what_comes_after_it_is_stored(store: CallbackStore, file: Path) -> None:
    await store.record(parsed(status(tag="first:1")))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryLocked):
        await store.record(parsed(status("read", tag="second:1", message_id="m2")))
    with pytest.raises(HistoryLocked):
        await store.check()
    other.execute("ROLLBACK")
    other.close()
    await store.check()
    await store.record(parsed(status("read", tag="second:1", message_id="m2")))
    with History.open(file) as history:
        assert [*history.deliveries.of_run("second")]


@pytest.mark.parametrize("way", [way for way in ways() if way == "tmpfs"])
async def test_a_full_disk_is_told_and_costs_nothing_that_was_recorded(way: Way) -> None:
    with small_disk(way, 1024 * 1024) as disk:
        file = disk.folder / "memory.db"
        recorded: list[str] = []
        async with CallbackStore.open(file) as store:
            with pytest.raises(HistoryUnavailable, match="full"):
                await fill(store, recorded)
            assert recorded
            disk.extend()
            await store.record(parsed(status(message_id="after")))
        with History.open(file) as history:
            found = {row.message_id for row in history.inbox.rows("status")}
        assert {*recorded, "after"} <= found


@pytest.mark.parametrize("replace_it", [True, False])
async def test_a_file_that_was_moved_away_takes_no_rows_with_it(
    store: CallbackStore, file: Path, replace_it: bool
) -> None:
    await store.record(parsed(status(message_id="before")))
    move_away(file)
    if replace_it:
        History.open(file).close()
    await store.record(parsed(status(message_id="after")))
    with History.open(file) as history:
        assert "after" in [row.message_id for row in history.inbox.rows("status")]


async def test_a_file_that_is_moved_away_in_the_middle_takes_no_rows_with_it(
    store: CallbackStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = [lambda: move_away(file)]
    write = Tables.write

    def write_and_move(self: Tables, entries: Sequence[Entry]) -> list[bool]:
        are_new = write(self, entries)
        if moves:
            moves.pop()()
        return are_new

    monkeypatch.setattr(Tables, "write", write_and_move)
    assert len((await store.record(parsed(status()))).new) == 1
    assert moves == []
    assert stored(file) == 1


async def test_a_file_that_becomes_damaged_is_told(file: Path) -> None:
    async with CallbackStore.open(file) as store:
        await store.record(parsed(*(status(message_id=f"m{n}") for n in range(2000))))
    damage(file)
    with pytest.raises(HistoryDamaged):
        async with CallbackStore.open(file) as store:
            await store.record(parsed(status(message_id="after")))


def test_what_cannot_be_opened_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(HistoryUnavailable, match="not a plain file"):
        CallbackStore.open(tmp_path)


async def test_when_it_happened_is_taken_from_the_message_the_row_or_the_clock(
    store: CallbackStore, file: Path
) -> None:
    rows = [status(message_id=f"m{n}") for n in range(4)]
    rows[0]["status"]["status_data"]["msg_time"] = AT_S + 7
    rows[1]["status"]["status_data"]["msg_time"] = AT_MS + 8
    rows[2]["status"]["status_data"]["msg_time"] = 0
    rows[3]["status"]["status_data"]["msg_time"] = rows[3]["itime"] = -5
    await store.record(parsed(*rows))
    with History.open(file) as history:
        times = [next(history.deliveries.of_messages([f"m{n}"])).at_ms for n in range(4)]
        *_, last = history.inbox.rows("status")
    assert times == [AT_MS + 7000, AT_MS + 8, AT_MS, last.at_ms]
