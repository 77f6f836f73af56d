"""A log that is full, torn, damaged, locked, of another time or of another campaign."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import accumulate
from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.chaos.auditor import CLOCK_JUMPS
from tests.chaos.balance import check, faults
from tests.chaos.books import Books
from tests.chaos.campaign import Campaign, Life, Moment
from tests.chaos.disk import Way, small_disk, ways
from tests.chaos.faults import CALM, ROUGH, Faults
from tests.chaos.recipients import crowd, mixed_crowd
from tests.chaos.recorder import ROOT, Arrival, Recorder

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.mark.parametrize("way", ways())
async def test_a_full_disk_stops_the_run_and_room_lets_it_go_on(
    tmp_path: Path, server: Recorder, way: Way
) -> None:
    with small_disk(way, 128 * 1024) as disk:
        campaign = Campaign(tmp_path, server, crowd(1500), "--rate", "0", "--concurrency", "16")
        campaign.log = disk.folder / "log.jsonl"
        campaign.before_start = disk.before_start
        life = await campaign.send()
        assert life.exit_code == 3
        assert f"cannot write the log {campaign.log}: {disk.full}" in life.stderr
        assert f"wa-bulk resume {campaign.log}" in life.stderr
        sent = life.arrivals
        assert 0 < sent < 1500
        life = await campaign.resume()
        assert life.exit_code == 2
        assert disk.full in life.stderr
        assert life.arrivals == sent
        campaign.lives.remove(life)
        disk.extend()
        campaign.before_start = disk.before_start
        assert (await campaign.resume()).exit_code == 1  # those in flight as the disk became full are unknown
        assert faults(campaign) == []


async def test_a_log_deleted_under_the_run_stops_it(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(2_000), "--rate", "200")
    running = await campaign.start_send()
    await running.at_work(50)
    campaign.log.unlink()
    campaign.forget_log_after(0)
    life = await running.end()
    assert life.exit_code == 3
    assert "was deleted or changed by another program" in life.stderr
    assert life.arrivals < 2_000


@asynccontextmanager
async def forks(campaign: Campaign) -> AsyncIterator[Callable[..., Awaitable[Life]]]:
    """Runs of `wa-bulk` in quick succession."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.forks"),
        cwd=ROOT,
        env=campaign.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    commands = process.stdin

    async def run(*words: str) -> Life:
        assert process.stdout is not None
        before = await campaign.server.count()
        commands.write(json.dumps(words).encode() + b"\n")
        answer = json.loads(await process.stdout.readline())
        after = await campaign.server.settle()
        return Life(words, **answer, arrivals_before=before, arrivals=after)

    yield run
    commands.close()
    await process.wait()


def at_cut(log: bytes, campaign: Campaign, new: Life) -> tuple[list[Life], list[Arrival]]:
    """The past of a log that broke off after `log`, and what came after.

    Every row announced by then may have arrived, and no other.
    """
    books = Books(log)
    announced = {stretch.run["pid"]: stretch.intended for stretch in books.stretches}
    recorded = campaign.server.arrivals()
    lives: list[Life] = []
    arrivals: list[Arrival] = []
    for life in (*campaign.lives, new):
        before = len(arrivals)
        rows = announced.get(life.pid, set())
        for arrival in recorded[life.arrivals_before : life.arrivals]:
            if life is new or arrival.row in rows:
                arrivals.append(msgspec.structs.replace(arrival, n=len(arrivals) + 1))
        lives.append(msgspec.structs.replace(life, arrivals_before=before, arrivals=len(arrivals)))
    return lives, arrivals


def cuts(log: bytes) -> Iterator[int]:
    """Where to tear a log: at every byte of its last line, and of the last of the others that matter most;
    of the longer ones not quite every byte."""
    lines = list(accumulate(map(len, log.splitlines(keepends=True)), initial=0))
    starts = {log[start : start + 14]: start for start in lines[:-1]}
    words = "参数无效".encode()
    for start, step in (
        (starts[b'{"type":"end",'], 1),
        (starts[b'{"type":"inten'], 1),
        (log.rindex(b"\n", 0, log.rindex(words)) + 1, 2),
        (starts[b'{"type":"run",'], 10),
    ):
        yield from range(start, log.index(b"\n", start) + 1, step)
    yield from range(log.rindex(words), log.rindex(words) + len(words))


async def test_a_log_may_be_torn_at_any_byte(tmp_path: Path, server: Recorder) -> None:
    await server.fault(Faults(refuse=0.3, garbage=0.2))
    campaign = Campaign(tmp_path, server, mixed_crowd(Random(1), 40), "--rate", "0", "--concurrency", "4")
    await campaign.send("--limit", "30")
    await campaign.resume()
    assert faults(campaign) == []
    await server.fault(CALM)
    whole = campaign.log.read_bytes()
    async with forks(campaign) as run:
        for cut in cuts(whole):
            campaign.log.write_bytes(whole[:cut])
            # --again: the account's memory knows how far the run had come.
            life = await run("resume", str(campaign.log), "--yes", "--again")
            lives, arrivals = at_cut(whole[:cut], campaign, life)
            found = check(campaign.log.read_bytes(), campaign.wanted, lives, arrivals)
            assert found == [], f"cut at byte {cut}"


async def test_a_log_torn_in_its_first_line_holds_no_run(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(5), "--rate", "0")
    await campaign.send()
    first = campaign.log.read_bytes().partition(b"\n")[0]
    for cut in (0, 1, len(first) // 2, len(first) - 1):
        campaign.log.write_bytes(first[:cut])
        campaign.forget_log_after(0)
        assert (await (await campaign.start_resume()).end()).exit_code == 2
        assert campaign.log.read_bytes() == first[:cut]


async def test_a_damaged_line_is_refused_by_its_number(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(200), "--rate", "100")
    await campaign.send(moment=Moment(0.5))
    lines = campaign.log.read_bytes().splitlines(keepends=True)
    lines[9] = lines[9][:20] + b"\x01" + lines[9][21:]
    campaign.log.write_bytes(b"".join(lines))
    campaign.forget_log_after(0)
    life = await (await campaign.start_resume()).end()
    assert life.exit_code == 2
    assert f"{campaign.log}, line 10: is damaged" in life.stderr
    assert life.arrivals == life.arrivals_before
    assert campaign.log.read_bytes() == b"".join(lines)


async def test_a_clock_that_jumps_changes_nothing_but_times(tmp_path: Path, server: Recorder) -> None:
    await server.fault(ROUGH)
    campaign = Campaign(tmp_path, server, mixed_crowd(Random(2), 800), "--rate", "400", "--timeout", "1")
    campaign.environment[CLOCK_JUMPS] = "yes"
    await campaign.send(moment=Moment(0.7))
    await campaign.resume(moment=Moment(0.3, number=signal.SIGTERM))
    life = await campaign.resume()
    assert life.exit_code == 1
    assert faults(campaign) == []
    times = [result["at"] for result in Books(campaign.log.read_bytes()).last_result.values()]
    assert len({at[:7] for at in times}) > 3, "the clock did not jump from month to month"


async def test_a_second_process_is_refused_and_told_whose_log_it_is(tmp_path: Path, server: Recorder) -> None:
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "100")
    first = await campaign.start_send()
    await first.at_work(50)
    second = await (await campaign.start_resume()).end()
    assert second.exit_code == 2
    assert f"pid {first.process.pid}" in second.stderr
    third = await campaign.send()
    assert third.exit_code == 2
    assert f"wa-bulk resume {campaign.log}" in third.stderr
    assert (await first.end()).exit_code == 0
    campaign.lives = campaign.lives[-1:]
    assert faults(campaign) == []


@pytest.mark.parametrize("which", ["campaign", "recipients"])
async def test_a_file_that_is_another_now_is_refused(tmp_path: Path, server: Recorder, which: str) -> None:
    campaign = Campaign(tmp_path, server, crowd(300), "--rate", "100")
    await campaign.send(moment=Moment(0.5))
    file = campaign.file if which == "campaign" else campaign.csv
    original = file.read_bytes()
    file.write_bytes(original.replace(b"Hello", b"Goodbye").replace(b"Ada", b"Bob"))
    before = campaign.log.read_bytes()
    life = await campaign.resume()
    assert life.exit_code == 2
    assert str(file) in life.stderr
    assert life.arrivals == life.arrivals_before
    assert campaign.log.read_bytes() == before
    campaign.lives.pop()
    file.write_bytes(original)
    assert (await campaign.resume()).exit_code == 1
    assert faults(campaign) == []


@pytest.mark.parametrize("how", ["rewritten", "replaced", "cut short", "gone"])
async def test_recipients_that_change_while_they_are_sent_to_stop_the_run(
    tmp_path: Path, server: Recorder, how: str
) -> None:
    campaign = Campaign(tmp_path, server, crowd(2_000), "--rate", "200")
    original = campaign.csv.read_bytes()
    header, *rows = original.splitlines(keepends=True)
    reversed_rows = header + b"".join(reversed(rows))
    running = await campaign.start_send()
    await running.at_work(50)
    match how:
        case "rewritten":
            campaign.csv.write_bytes(reversed_rows)
        case "replaced":
            other = tmp_path / "other.csv"
            other.write_bytes(reversed_rows)
            other.replace(campaign.csv)
        case "cut short":
            campaign.csv.write_bytes(original[: len(original) // 2])
        case "gone":
            campaign.csv.unlink()
    life = await running.end()
    assert life.exit_code == 3
    assert "was changed while it was being sent" in life.stderr
    assert life.arrivals < 2_000
    campaign.csv.write_bytes(original)
    life = await campaign.resume("--rate", "0")
    assert life.exit_code == 0, life.stderr
    assert faults(campaign) == []
    assert life.arrivals == 2_000
