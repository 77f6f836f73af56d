from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.lines import encoded, result_line, run_line
from wa_bulk.ledger import lock
from wa_bulk.ledger.lock import LockedLog, is_being_written
from wa_bulk.ledger.log_format import LogError

OWNER = """
import sys
from wa_bulk.ledger.lock import LockedLog
log = LockedLog.claim(sys.argv[1])
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def test_a_new_log_is_for_its_owner_only(path: Path) -> None:
    log = LockedLog.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    log.close()


def test_a_log_that_exists_is_not_created_again(path: Path) -> None:
    path.write_bytes(b"kept")
    with pytest.raises(LogError, match=r"exists already.* `wa-bulk resume .*log\.jsonl`"):
        LockedLog.create(path)
    assert path.read_bytes() == b"kept"


@pytest.mark.parametrize("open_log", [LockedLog.create, LockedLog.claim])
def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path, open_log: Callable[[Path], LockedLog]) -> None:
    with pytest.raises(LogError, match=r"the log .*nowhere/log\.jsonl: No such file or directory"):
        open_log(tmp_path / "nowhere" / "log.jsonl")


def test_a_second_claim_names_the_last_owner(path: Path) -> None:
    path.write_bytes(encoded(run_line(pid=1), run_line(pid=4712), *map(result_line, range(1, 2000))))
    first = LockedLog.claim(path)
    with pytest.raises(LogError, match=r"another process \(pid 4712\) is writing to .*log\.jsonl"):
        LockedLog.claim(path)
    first.close()
    first.close()
    LockedLog.claim(path).close()


@pytest.mark.parametrize("content", [b"", b"no log\n", encoded(run_line()), encoded(run_line())[:20]])
def test_an_owner_that_has_not_named_itself_still_refuses(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    first = LockedLog.claim(path)
    with pytest.raises(LogError, match=r"^another process is writing to"):
        LockedLog.claim(path)
    first.close()


def test_the_lock_holds_between_processes_and_ends_with_its_owner(path: Path) -> None:
    path.write_bytes(encoded(run_line(pid=os.getpid())))
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"locked\n"
        with pytest.raises(LogError, match="is writing to"):
            LockedLog.claim(path)
        owner.kill()
        owner.wait()
    LockedLog.claim(path).close()


class Locking:
    """Stands in for the system's lock, with the answers that a file system may give."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: int) -> None:
        self.answers = [*answers]
        monkeypatch.setattr(lock, "_lock", self)

    def __call__(self, fd: int) -> None:
        if self.answers and (number := self.answers.pop(0)):
            raise OSError(number, os.strerror(number))


def test_a_lock_that_a_signal_interrupts_is_asked_for_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Locking(monkeypatch, errno.EINTR, errno.EINTR, 0)
    LockedLog.create(path).close()
    locking = Locking(monkeypatch, errno.EINTR, errno.EWOULDBLOCK)
    assert is_being_written(path)
    assert locking.answers == []


def test_a_lock_that_is_always_interrupted_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Locking(monkeypatch, *[errno.EINTR] * 100)
    with pytest.raises(LogError, match=r"cannot lock the log .*: Interrupted system call; try again"):
        LockedLog.create(path)
    path.write_bytes(encoded(run_line()))
    with pytest.raises(LogError, match=r"cannot tell whether the log .* is being written: Interrupted"):
        is_being_written(path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_there_are_no_locks_no_log_is_begun(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    Locking(monkeypatch, number, number)
    with pytest.raises(LogError, match=r"cannot lock the log .*; keep it on a local disk"):
        LockedLog.create(path)
    assert not path.exists()
    path.write_bytes(encoded(run_line()))
    assert not is_being_written(path)


def test_a_log_is_being_written_while_it_is_locked(path: Path) -> None:
    log = LockedLog.create(path)
    assert is_being_written(path)
    log.close()
    assert not is_being_written(path)


@pytest.mark.parametrize("open_log", [LockedLog.claim, is_being_written])
def test_a_pipe_or_device_is_refused_at_once(path: Path, open_log: Callable[[Path], object]) -> None:
    os.mkfifo(path)
    for no_file in (path, Path("/dev/null")):
        with pytest.raises(LogError, match=r"it is (a pipe|no regular file)"):
            open_log(no_file)
    with pytest.raises(LogError, match="exists already"):
        LockedLog.create(path)


class TestFile:
    """What a journal asks of it."""

    def test_what_is_appended_is_there(self, path: Path) -> None:
        log = LockedLog.create(path)
        assert not log.ends_within_line()
        log.append(b"one\ntw")
        assert log.ends_within_line()
        log.append(b"o\n")
        assert not log.ends_within_line()
        log.sync()
        log.sync_name()
        assert path.read_bytes() == b"one\ntwo\n"
        assert log.size() == 8
        log.close()

    def test_a_write_that_takes_only_a_part_is_gone_on_with(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:3])))
        log = LockedLog.create(path)
        log.append(b"0123456789")
        assert path.read_bytes() == b"0123456789"
        log.close()

    @pytest.mark.parametrize("how", ["deleted", "renamed", "replaced", "folder gone"])
    def test_it_knows_whether_its_name_is_still_its_own(self, tmp_path: Path, how: str) -> None:
        folder = tmp_path / "logs"
        folder.mkdir()
        path = folder / "log.jsonl"
        log = LockedLog.create(path)
        assert log.is_in_place()
        if how == "folder gone":
            folder.rename(tmp_path / "old")
            folder.write_bytes(b"")
        elif how == "deleted":
            path.unlink()
        else:
            path.rename(folder / "log.1")
        if how == "replaced":
            path.write_bytes(b"")
        assert not log.is_in_place()
        log.close()

    def test_discarded_it_is_gone(self, path: Path) -> None:
        log = LockedLog.create(path)
        log.discard()
        log.discard()
        assert not path.exists()
        log.close()
