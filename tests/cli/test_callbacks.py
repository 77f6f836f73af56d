"""`wa-bulk callbacks` as it is used; what happens to its requests is tested with the receiver."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.servers.running import free_port
from tests.callbacks.process import LOOK_EVERY_S, post, running
from tests.callbacks.rows import ADA, body, notice, parsed, said, status
from wa_bulk.callbacks import CallbackStore, Counters
from wa_bulk.cli import app, exits
from wa_bulk.cli.callback_display import counters_line, notification_line
from wa_bulk.cli.callbacks import Keep
from wa_bulk.history import History


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["callbacks", *arguments], env=environment)
    return result.exit_code, result.output


def test_it_says_what_comes_in(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "memory.db", port, "--stop-word", "Fertig") as receiver:
        rows = (
            status(),
            status("read"),
            said("Fertig!"),
            notice("insufficient_balance", remain_balance="\x1b[1m1"),
        )
        assert post(port, body(*rows)) == 200
        assert post(port, b"<html>") == 400
        receiver.process.send_signal(signal.SIGTERM)
        assert receiver.process.wait(30) == exits.FINISHED
        text = receiver.errors
    assert f"Callbacks are received at http://127.0.0.1:{port}/" in text
    assert "WA_BULK_CALLBACK_SECRET is not set" in text
    assert r"EngageLab: the balance is low: \x1b[1m1 USD, below ? USD" in text
    assert "4 callbacks, sent 1, delivered 0, read 1, failed 0, messages from people 1, STOP 1" in text
    assert "not JSON 1" in text
    assert "\x1b" not in text
    with History.open(tmp_path / "memory.db") as history:
        assert history.suppression_list().get(ADA) is not None


def test_it_says_what_is_refused_and_takes_it_in_when_told(tmp_path: Path) -> None:
    file, port = tmp_path / "memory.db", free_port()
    secret = "hush hush hush"
    with running(file, port, WA_BULK_CALLBACK_SECRET=secret) as receiver:
        assert post(port, body(status())) == 401
        receiver.process.send_signal(signal.SIGTERM)
        assert receiver.process.wait(30) == exits.FINISHED
        assert "refused and kept aside" in receiver.errors
        assert "hush" not in receiver.errors
    with running(file, port, WA_BULK_CALLBACK_SECRET=secret) as receiver:
        receiver.process.send_signal(signal.SIGTERM)
        receiver.process.wait(30)
        assert "wa-bulk callbacks --adopt" in receiver.errors
    code, output = run("--adopt", WA_BULK_DB=str(file))
    assert (code, output) == (
        exits.FINISHED,
        "1 refused requests taken in, with 1 rows that were not known.\n",
    )
    with History.open(file) as history:
        assert [row.message_id for row in history.inbox.rows("status")] == ["m1"]


def test_whoever_can_be_reached_by_others_is_warned(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "memory.db", port, "--host", "0.0.0.0") as receiver:
        receiver.process.send_signal(signal.SIGTERM)
        receiver.process.wait(30)
        assert "can post callbacks" in receiver.errors


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = run("--port", str(port), WA_BULK_DB=str(tmp_path / "memory.db"))
    assert code == exits.NOTHING_SENT
    assert f"cannot listen on 127.0.0.1 port {port}: it is in use" in output


def test_a_host_that_is_none_is_told(tmp_path: Path) -> None:
    code, output = run("--host", "a..b", WA_BULK_DB=str(tmp_path / "memory.db"))
    assert code == exits.NOTHING_SENT
    assert "cannot listen on a..b, which is neither a name nor an address" in output


def test_a_memory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "damaged.db").write_bytes(b"no database" * 100)
    code, output = run(WA_BULK_DB=str(tmp_path / "damaged.db"))
    assert code == exits.NOTHING_SENT
    assert re.sub(r"\s+", " ", output).startswith("Error: the account's memory")
    assert "WA_BULK_DB" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--keep", "soon"), "90d"),
        (("--keep", "0d"), "90d"),
        (("--path", "callbacks"), "such as /callbacks-7f3a"),
        (("--path", "/{id}"), "such as /callbacks-7f3a"),
        (("--stop-word", "!"), "no word"),
        (("--stop-word", "end", "--start-word", "End"), "cannot both"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    code, output = run(*arguments, WA_BULK_DB=str(tmp_path / "memory.db"))
    assert code == exits.NOTHING_SENT
    assert words in output


@pytest.mark.parametrize(
    ("text", "seconds"), [("90d", 7_776_000.0), ("12h", 43_200.0), ("4w", 2_419_200.0), ("forever", None)]
)
def test_how_long_rows_are_kept(text: str, seconds: float | None) -> None:
    assert Keep().convert(text, None, None) == seconds


def test_what_is_older_than_is_to_be_kept_is_forgotten(tmp_path: Path) -> None:
    file, port = tmp_path / "memory.db", free_port()

    async def record() -> None:
        async with CallbackStore.open(file) as store:
            await store.record(parsed(status()))

    asyncio.run(record())
    database = sqlite3.connect(file)
    with database:
        database.execute("UPDATE callbacks SET at_ms = at_ms - 2 * 3600 * 1000")
    with running(file, port, "--keep", "1h") as receiver:
        while database.execute("SELECT count(*) FROM callbacks").fetchone() != (0,):
            assert receiver.process.poll() is None
            time.sleep(LOOK_EVERY_S)
    database.close()


def test_the_counters_tell_what_has_happened_only() -> None:
    counters = Counters(rows=1200, stops=2, not_stored=1)
    counters.states.update({"read": 3, "sent_failed": 1, "target_invalid": 1, "plan": 9})
    line = counters_line(counters)
    assert line == "1,200 callbacks, sent 0, delivered 0, read 3, failed 2, STOP 2, NOT STORED 1"


def test_a_notification_that_we_do_not_know_is_shown_all_the_same() -> None:
    unknown, status_row, odd = parsed(
        notice("delivery_estimate_cost", estimated_cost=79),
        status(),
        {"notification": {"about": "something else"}},
    )
    assert notification_line(unknown) == 'EngageLab: delivery estimate cost {"estimated_cost":79}'
    assert notification_line(status_row) is None
    assert notification_line(odd) == 'EngageLab: {"notification":{"about":"something else"}}'
