"""A STOP without a number counts for whom the log of its message's run names."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.callbacks.rows import AT_S, parsed, said, status
from tests.history.test_runs import FIRST
from tests.report.logs import RUN_ID, result, run, write
from wa_bulk.callbacks import CallbackStore
from wa_bulk.history import History

USER_ID = "US.13491208655302741918"
ROW_3 = result(3).to


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Return a memory that knows of a run with a log."""
    log = write(tmp_path / "run.jsonl", run(), *(result(row) for row in range(1, 6)))
    with History.open(tmp_path / "wishes.db") as history:
        history.runs.note(replace(FIRST, run_id=RUN_ID, log=str(log)))
        return history.path


async def record(memory: Path, *rows: object) -> list[tuple[str, str]]:
    """Record rows, and return who is on the list once the logs were asked."""
    async with CallbackStore.open(memory) as store:
        await store.record(parsed(*rows))
    with History.open(memory) as history:
        history.give_wishes()
        return [(entry.number, entry.source) for entry in history.suppression.entries()]


def by_user_id(message_id: str = "m3", tag: str | None = f"{RUN_ID}:3", code: int | None = None) -> object:
    return status("sent", message_id=message_id, to=USER_ID, tag=tag, code=code)


async def test_a_stop_and_a_start(memory: Path) -> None:
    stop = said("STOP", number=USER_ID, answers="m3")
    assert await record(memory, by_user_id(), stop) == [(ROW_3, "stop")]
    start = said("START", number=USER_ID, answers="m3", at_s=AT_S + 1)
    assert await record(memory, start) == []


async def test_metas_word_stays_metas(memory: Path) -> None:
    start = said("START", number=USER_ID, answers="m3", at_s=AT_S + 1)
    assert await record(memory, by_user_id(code=131050), start) == [(ROW_3, "meta")]


@pytest.mark.parametrize(
    "rows",
    [
        [by_user_id(tag=None)],
        [by_user_id(tag="another:3")],
        [by_user_id(tag=f"{RUN_ID}:99")],
        [by_user_id(), status(message_id="m3", to="US.2", tag=f"{RUN_ID}:4")],
    ],
)
async def test_what_no_log_tells_waits(memory: Path, rows: list[object]) -> None:
    stop = said("STOP", number=USER_ID, answers="m3")
    assert await record(memory, *rows, stop) == []


async def test_a_log_that_is_gone_stands_in_no_ones_way(memory: Path) -> None:
    (memory.parent / "run.jsonl").unlink()
    assert await record(memory, by_user_id(), said("STOP", number=USER_ID, answers="m3")) == []
