"""The account's memory while a run goes on: it changes, or is lost."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Folder
from tests.cli.test_running import ANSWERED_AFTER_1_5_S, arrivals, lines
from wa_bulk.cli import exits
from wa_bulk.history import History, Suppressed
from wa_bulk.sandbox import Sandbox

MANY = [(f"+4479{n:08d}", "Ann") for n in range(300)]


def suppress(folder: Folder, number: str) -> None:
    with History.open(folder.path / "memory.db") as history:
        history.suppression.add([Suppressed(number=number, source="stop", reason="wrote STOP", at_ms=0)])


@pytest.mark.parametrize("lost", [False, True])
def test_who_is_suppressed_before_or_during_a_run_gets_nothing(
    folder: Folder, sandbox: Sandbox, lost: bool
) -> None:
    early, late = MANY[-1][0], MANY[-2][0]
    suppress(folder, early)
    folder.recipients([(ANSWERED_AFTER_1_5_S, "Slow"), *MANY])
    with arrivals(sandbox) as arrived:
        process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert next(arrived) == ANSWERED_AFTER_1_5_S
        if lost:
            (folder.path / "memory.db").write_bytes(b"no database" * 1000)
        else:
            suppress(folder, late)
        _, err = process.communicate(timeout=60)

    assert process.returncode == exits.FINISHED, err
    skipped = {line["to"] for line in lines(folder.path / "run.jsonl") if line.get("status") == "skipped"}
    assert skipped == ({early} if lost else {early, late})
    assert len(sandbox.messages) == len(MANY) + 1 - len(skipped)
    assert ("is not remembered yet" in err) is lost
