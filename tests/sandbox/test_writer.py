"""When things are written, and that no request is answered for a commit that did not hold its message."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.sandbox.api import template, text
from tests.sandbox.conftest import AT_ONCE
from wa_bulk.api import decode
from wa_bulk.sandbox import SandboxSettings
from wa_bulk.sandbox.engagelab import EngageLab
from wa_bulk.sandbox.transit import InTransit


def accept(lab: EngageLab, message: dict[str, object]) -> list[InTransit]:
    payload = json.dumps(message).encode()
    _, in_transit = lab.accept(decode(payload), payload, "{}", next(iter(lab.keys)))
    return in_transit


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """The connections of databases opened from now on, so that a test can limit their size."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remembered(*arguments: object, **options: object) -> sqlite3.Connection:
        connection = connect(*arguments, **options)  # type: ignore[call-overload]
        connections.append(connection)
        return connection  # type: ignore[no-any-return]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    return connections


def fill(connection: sqlite3.Connection) -> None:
    """Let the database grow no further."""
    ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_write_for_another_reason_answers_for_the_messages_in_it(
    tmp_path: Path, limited: list[sqlite3.Connection]
) -> None:
    lab = EngageLab(SandboxSettings(db=str(tmp_path / "sandbox.db")))
    (connection,) = limited
    fill(connection)
    in_transit = accept(lab, text(["+447911123456"] * 1 + [f"+4479111{n:05}" for n in range(200)]))
    commit = lab.writer.next_commit()
    lab.writer.write()  # as the timer does
    error = commit.result()
    assert error is not None
    assert "database or disk is full" in str(error)
    assert lab.stats().storage_error == str(error)
    assert lab.queries.page().total == 0
    assert lab.stats().by_status["accepted"] == 0
    with pytest.raises(type(error)):
        await lab.start_after(commit, in_transit)
    connection.execute("PRAGMA max_page_count = 100000")
    accept(lab, template())
    assert await lab.writer.next_commit() is None
    assert lab.stats().storage_error is None
    assert lab.queries.page().total == 1
    await lab.close()


async def test_requests_of_the_same_moment_share_a_commit(tmp_path: Path) -> None:
    lab = EngageLab(SandboxSettings(db=str(tmp_path / "sandbox.db")))
    accept(lab, template())
    first = lab.writer.next_commit()
    accept(lab, template())
    assert lab.writer.next_commit() is first
    assert await first is None
    accept(lab, template())
    assert lab.writer.next_commit() is not first
    await lab.close()


async def test_statuses_that_cannot_be_written_wait_until_they_can(
    tmp_path: Path, limited: list[sqlite3.Connection]
) -> None:
    lab = EngageLab(SandboxSettings(db=str(tmp_path / "sandbox.db"), delivery=AT_ONCE))
    (connection,) = limited
    in_transit = accept(lab, template())
    await lab.start_after(lab.writer.next_commit(), in_transit)
    connection.execute("PRAGMA query_only = ON")
    assert lab.queries.records()[0].status == "accepted"
    assert "readonly" in str(lab.stats().storage_error)
    connection.execute("PRAGMA query_only = OFF")
    assert lab.queries.records()[0].status == "read"
    assert lab.stats().storage_error is None
    await lab.close()
