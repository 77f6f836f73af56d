from __future__ import annotations

import asyncio

import pytest

from tests.callbacks.rows import parsed, status
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks import Counters, hook
from wa_bulk.callbacks.hook import Hook


async def test_rows_beyond_what_may_wait_are_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hook, "WAITING_MOST", 3)
    go_on = asyncio.Event()
    seen: list[CallbackRow] = []

    async def on_row(row: CallbackRow) -> None:
        await go_on.wait()
        seen.append(row)

    counters = Counters()
    caller = Hook(on_row, counters)
    rows = parsed(*(status(message_id=f"m{n}") for n in range(10)))
    caller.add(rows)
    go_on.set()
    await caller.close()
    assert seen == rows[:3]
    assert counters.on_row_skipped == 7
    assert len(caplog.records) == 1


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_DRAIN_S", 0.01)

    async def on_row(_: CallbackRow) -> None:
        await asyncio.Event().wait()

    counters = Counters()
    caller = Hook(on_row, counters)
    caller.add(parsed(status(), status("read"), status("plan")))
    await caller.close()
    assert counters.on_row_skipped >= 2
