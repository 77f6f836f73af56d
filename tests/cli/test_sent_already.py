"""`send` of what was sent before, `resume` of a log that is not the one that knows most."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.conftest import GOOD, Folder
from tests.cli.test_running import ANSWERED_AFTER_30_S, REFUSED, arrivals
from wa_bulk.cli import exits
from wa_bulk.history import History, caught_up
from wa_bulk.history.database import Database
from wa_bulk.sandbox import Sandbox

NEW = [(f"+4915228819{n:03d}", f"Ben {n}") for n in range(386, 391)]


def send(folder: Folder, *more: str, log: str = "run.jsonl") -> tuple[int, str]:
    run = folder.run("send", "orders.toml", "--yes", "--log", log, *more)
    return run.exit_code, run.stderr


def test_the_same_campaign_and_recipients_are_refused(folder: Folder, sandbox: Sandbox) -> None:
    first = send(folder)
    assert first[0] == exits.FINISHED
    assert f"new, at {folder.path / 'memory.db'}" in first[1]
    code, text = send(folder, log="second.jsonl")
    assert code == exits.NOTHING_SENT
    for words in (
        "orders was sent to these recipients already: run ",
        "5 accepted of 5 rows",
        f"wa-bulk resume {folder.path / 'run.jsonl'}",
        "--again",
    ):
        assert words in text
    assert len(sandbox.messages) == 5
    assert not (folder.path / "second.jsonl").exists()

    code, text = send(folder, "--again", log="second.jsonl")
    assert code == exits.FINISHED, text
    assert "these are the recipients of run " in text
    assert len(sandbox.messages) == 10


def test_another_campaign_to_the_same_recipients_goes_out(folder: Folder) -> None:
    send(folder)
    text = folder.campaign.read_text(encoding="utf-8")
    text = text.replace('name = "orders"', 'name = "thanks"')
    folder.campaign.write_text(text, encoding="utf-8")
    code, words = send(folder, log="thanks.jsonl")
    assert (code, "was sent to these recipients already" in words) == (exits.NOTHING_SENT, True), "a copy"
    folder.campaign.write_text(text.replace("Hello", "Thank you"), encoding="utf-8")
    assert send(folder, log="thanks.jsonl")[0] == exits.FINISHED


@pytest.mark.parametrize(
    ("recipients", "code", "words"),
    [
        ([*GOOD[:3], *NEW[:2]], exits.NOTHING_SENT, "was sent to 3 of these 5 recipients already"),
        ([*GOOD[:2], *NEW[:3]], exits.FINISHED, "2 of 5 rows go to people who were in run "),
        (NEW, exits.FINISHED, "5 of 5 rows"),
        (
            [("00" + number[1:], name) for number, name in GOOD],
            exits.NOTHING_SENT,
            "5 of these 5",
        ),
    ],
)
def test_other_recipients_are_compared_number_by_number(
    folder: Folder, recipients: list[tuple[str, str]], code: int, words: str
) -> None:
    send(folder)
    folder.recipients(recipients)
    found, text = send(folder, log="second.jsonl")
    assert (found, words in text) == (code, True), text
    assert ("go to people" in text) == ("go to people" in words)


@pytest.mark.parametrize("options", [[], ["--allow-duplicates"], ["--limit", "4"]])
def test_what_a_run_knew_at_its_end_is_what_its_log_tells(folder: Folder, options: list[str]) -> None:
    folder.recipients([*GOOD, GOOD[0], ("nobody", "Ada"), ("+5215512345678", ""), NEW[0]])
    send(folder, *options)
    with History.open(folder.path / "memory.db") as history:
        (noted,) = history.runs.all()
        people = sorted(key for keys in history.runs.written(noted.run_id) for key in keys)
        found = caught_up(history.runs, replace(noted, log_bytes=0))
        assert sorted(key for keys in history.runs.written(noted.run_id) for key in keys) == people
        assert replace(found, updated_ms=0) == replace(noted, updated_ms=0)
    assert people


def test_numbers_of_one_person_are_one_number(folder: Folder) -> None:
    folder.recipients([("+5215512345678", "Ana"), ("+5491123456789", "Eva")])
    send(folder)
    folder.recipients([("+525512345678", "Ana"), ("+541123456789", "Eva")])
    assert "2 of these 2 recipients" in send(folder, log="second.jsonl")[1]


def test_an_overlap_of_long_ago_is_not_mentioned(folder: Folder) -> None:
    send(folder)
    database = Database.open(folder.path / "memory.db")
    database.run("UPDATE runs SET updated_ms = updated_ms - 8 * 86400000")
    database.close()
    folder.recipients([*GOOD[:4], NEW[0]])
    code, text = send(folder, log="second.jsonl")
    assert (code, "go to people" in text) == (exits.FINISHED, False)


def test_what_went_to_a_sandbox_is_not_held_against_the_real_thing(folder: Folder) -> None:
    send(folder)
    database = Database.open(folder.path / "memory.db")
    database.run("UPDATE runs SET base_url = 'https://wa.api.engagelab.cc'")
    database.close()
    assert send(folder, log="second.jsonl")[0] == exits.FINISHED


def test_a_memory_that_stays_locked_sends_nothing(
    folder: Folder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = partial(Database.open, locked_after_s=0.1)
    monkeypatch.setattr(History, "open", lambda path: History(impatient(path)))
    other = Database.open(folder.path / "memory.db")
    with other.transaction():
        code, text = send(folder)
    other.close()
    assert code == exits.NOTHING_SENT
    assert "is locked by another process" in text
    assert "respect_suppression = false" in text
    assert sandbox.messages == []


def test_a_run_that_wrote_to_nobody_is_in_nobodys_way(folder: Folder) -> None:
    folder.recipients([(REFUSED, "Ann")])
    assert send(folder)[0] == exits.NOT_ALL_ACCEPTED
    assert send(folder, log="second.jsonl")[0] == exits.NOT_ALL_ACCEPTED


def test_a_run_that_was_killed_is_caught_up_from_its_log(folder: Folder, sandbox: Sandbox) -> None:
    folder.recipients([GOOD[0], (ANSWERED_AFTER_30_S, "Slow"), *GOOD[1:]])
    with arrivals(sandbox) as arrived:
        process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert [next(arrived), next(arrived)] == [GOOD[0][0], ANSWERED_AFTER_30_S]
        assert "running" in send(folder, log="second.jsonl")[1]
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)

    code, text = send(folder, log="second.jsonl")
    assert code == exits.NOTHING_SENT
    assert "(1 accepted, " in text
    assert "unknown of 6 rows)" in text
    resumed = folder.run("resume", "--yes")
    assert f"Going on with {folder.path / 'run.jsonl'}" in resumed.stderr
    assert resumed.exit_code == exits.NOT_ALL_ACCEPTED


@pytest.mark.parametrize("options", [[], ["--allow-duplicates"]])
@pytest.mark.parametrize(
    "lose", [Path.unlink, partial(Path.write_bytes, data=b"")], ids=["deleted", "emptied"]
)
def test_a_run_that_lost_its_log_is_remembered(
    folder: Folder, sandbox: Sandbox, lose: Callable[[Path], object], options: list[str]
) -> None:
    folder.recipients([GOOD[0], ("+99910000500", "Slow"), *GOOD[1:]])
    with arrivals(sandbox) as arrived:
        command = ("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1", *options)
        process = folder.start(*command)
        assert [next(arrived), next(arrived)] == [GOOD[0][0], "+99910000500"]
        lose(folder.path / "run.jsonl")
        _, words = process.communicate(timeout=60)
    assert process.returncode == exits.STOPPED_EARLY, words
    taken = len(sandbox.messages)
    code, text = send(folder, log="second.jsonl")
    assert code == exits.NOTHING_SENT
    assert "orders was sent to these recipients already: run " in text
    assert f"({taken} accepted of 6 rows)" in text
    assert len(sandbox.messages) == taken


def test_of_a_run_that_was_killed_and_lost_its_log_nothing_is_claimed(
    folder: Folder, sandbox: Sandbox
) -> None:
    folder.recipients([(ANSWERED_AFTER_30_S, "Slow"), *GOOD])
    with arrivals(sandbox) as arrived:
        process = folder.start("send", "orders.toml", "--yes", "--log", "run.jsonl", "--concurrency", "1")
        assert next(arrived) == ANSWERED_AFTER_30_S
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    (folder.path / "run.jsonl").unlink()
    with closing(Database.open(folder.path / "memory.db")) as memory:
        memory.run("UPDATE runs SET started_ms = started_ms - 20000")
    code, text = send(folder, log="second.jsonl")
    assert code == exits.NOTHING_SENT
    assert "none of 6 rows when last seen; its log cannot be read" in text
    assert "(which is gone)" in text


def test_of_two_sends_at_once_one_is_refused(folder: Folder, sandbox: Sandbox) -> None:
    History.open(folder.path / "memory.db").close()
    folder.recipients([("+99910000500", "Slow"), *GOOD])
    processes = [
        folder.start("send", "orders.toml", "--yes", "--log", log, "--concurrency", "1")
        for log in ("a.jsonl", "b.jsonl")
    ]
    told = [process.communicate(timeout=60)[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [exits.FINISHED, exits.NOTHING_SENT], told
    assert len(sandbox.messages) == 6
    assert " sent to these recipients " in "".join(told)
    assert len([*folder.path.glob("*.jsonl")]) == 1


def damaged(memory: Path) -> None:
    memory.write_bytes(b"no database, and longer than a header of SQLite is " * 20)


def newer(memory: Path) -> None:
    database = Database.open(memory)
    database.run("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize("spoil", [damaged, newer])
def test_a_memory_that_cannot_be_read_stops_what_it_could_forbid(
    folder: Folder, spoil: Callable[[Path], None]
) -> None:
    spoil(folder.path / "memory.db")
    code, text = send(folder)
    assert code == exits.NOTHING_SENT
    assert "respect_suppression = false" in text
    text = folder.campaign.read_text(encoding="utf-8")
    folder.campaign.write_text(f"respect_suppression = false\n{text}", encoding="utf-8")
    code, text = send(folder)
    assert code == exits.FINISHED, text
    assert "not asked: " in text
    assert "This run will not be remembered" in text


def test_where_no_memory_can_be_made_the_run_goes_on_and_says_so(folder: Folder) -> None:
    (folder.path / "no-folder").touch()
    run = folder.run("send", "orders.toml", "--yes", WA_BULK_DB=str(folder.path / "no-folder" / "memory.db"))
    assert run.exit_code == exits.FINISHED, run.stderr
    assert "not asked: " in run.stderr
    assert "This run will not be remembered" in run.stderr


def test_a_run_that_could_not_begin_is_not_remembered(folder: Folder) -> None:
    assert send(folder, log="nowhere/run.jsonl")[0] == exits.NOTHING_SENT
    with History.open(folder.path / "memory.db") as history:
        assert history.runs.all() == []


# A copy of a log


@pytest.fixture
def copied(folder: Folder) -> tuple[Path, Path]:
    """Return a log with two of five rows sent, and a copy of it."""
    send(folder, "--limit", "2")
    log, copy = folder.path / "run.jsonl", folder.path / "copy.jsonl"
    shutil.copy(log, copy)
    return log, copy


def test_a_copy_is_not_gone_on_with_beside_its_original(
    folder: Folder, sandbox: Sandbox, copied: tuple[Path, Path]
) -> None:
    log, copy = copied
    refused = folder.run("resume", copy.name, "--yes")
    assert refused.exit_code == exits.NOTHING_SENT
    assert "copy.jsonl is a copy: run" in refused.stderr
    assert f"wa-bulk resume {log}" in refused.stderr
    assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.FINISHED
    assert folder.run("resume", copy.name, "--yes").exit_code == exits.NOTHING_SENT
    assert len(sandbox.messages) == 5


def test_a_log_that_was_moved_is_gone_on_with(folder: Folder, copied: tuple[Path, Path]) -> None:
    log, copy = copied
    log.unlink()
    assert folder.run("resume", copy.name, "--yes").exit_code == exits.FINISHED
    with History.open(folder.path / "memory.db") as history:
        (run,) = history.runs.all()
    assert (run.log, run.state, run.totals.accepted) == (str(copy), "finished", 5)


@pytest.mark.parametrize("place", ["run.jsonl", "copy.jsonl"])
def test_an_older_log_than_was_known_needs_the_users_word(
    folder: Folder, sandbox: Sandbox, copied: tuple[Path, Path], place: str
) -> None:
    log, copy = copied
    assert folder.run("resume", "run.jsonl", "--yes").exit_code == exits.FINISHED
    log.unlink()
    copy.rename(folder.path / place)
    refused = folder.run("resume", place, "--yes")
    assert refused.exit_code == exits.NOTHING_SENT
    assert "it tells of 2 accepted rows" in refused.stderr
    assert "of which 5 are known" in refused.stderr
    assert folder.run("resume", place, "--yes", "--again").exit_code == exits.FINISHED
    assert len(sandbox.messages) == 8


def test_without_the_memory_nothing_can_tell(folder: Folder, copied: tuple[Path, Path]) -> None:
    run = folder.run("resume", copied[1].name, "--yes", WA_BULK_DB=str(folder.path / "other.db"))
    assert run.exit_code == exits.FINISHED
