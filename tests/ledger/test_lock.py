from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.lines import encoded, result_line, run_line
from wa_bulk.ledger.lock import LockedLog
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
