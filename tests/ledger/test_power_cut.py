"""Runs on a disk that loses what was not synced: whatever the log says afterwards is true."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import run_line
from tests.ledger.simulated_disk import AtOnce, SimulatedFile, after_power_cut
from wa_bulk.ledger import journal as journal_module
from wa_bulk.ledger.journal import Machine
from wa_bulk.ledger.local_ledger import LocalLedger
from wa_bulk.ledger.log_format import DamagedLogError, IntentLine, LogError, RunLine
from wa_bulk.ledger.log_reader import Damage, read
from wa_bulk.ledger.past import Past, read_past
from wa_bulk.send.outcome import Outcome, Status

ROWS = 30
CONCURRENCY = 4
MACHINE = Machine(executor=AtOnce())
RUN = run_line(rows=ROWS, settings={"rate": 0, "concurrency": CONCURRENCY})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "log.jsonl"


class Stretch:
    """One stretch of a run, until the power goes at a moment that nobody chose."""

    def __init__(self, chance: random.Random, taken: set[int]) -> None:
        self.chance = chance
        self.taken = taken
        """Rows that the server took: the truth."""
        self.steps_left = chance.randint(0, 60)

    async def run(self, ledger: LocalLedger) -> None:
        chance = self.chance
        while (claim := await ledger.claim()) is not None:
            rows = list(claim.rows)
            while rows:
                count = chance.randint(1, CONCURRENCY)
                batch, rows = rows[:count], rows[count:]
                if claim.state == "cut off" and chance.random() < 0.5:
                    for row in batch:
                        ledger.settle(row, None, Outcome("unknown"))
                    continue
                batch = [row for row in batch if not self._refuse(ledger, row)]
                await ledger.intend(batch)
                if chance.random() < 0.2:
                    ledger.withdraw(batch, "held back")
                else:
                    await self._send(ledger, batch, again=claim.state in ("unknown", "cut off"))
        if chance.random() < 0.5:
            await ledger.close(None, None)

    def _refuse(self, ledger: LocalLedger, row: int) -> bool:
        if self.chance.random() < 0.8:
            return False
        ledger.settle(row, None, Outcome("rejected"), "column phone is empty")
        return True

    async def _send(self, ledger: LocalLedger, batch: list[int], *, again: bool) -> None:
        for row in batch:
            self.step()
            assert again or row not in self.taken, "sent twice"
            takes_it = self.chance.random() < 0.6
            if takes_it:
                self.taken.add(row)
            self.step()
            told: list[Status] = ["accepted"] if takes_it else ["failed", "rejected"]
            ledger.settle(row, f"+4479{row:08d}", Outcome(self.chance.choice([*told, "unknown"]), attempts=1))
            if self.chance.random() < 0.3:
                await asyncio.sleep(0)  # what is buffered is written, not synced

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise PowerCut


class PowerCut(Exception):
    pass


class DyingFile(SimulatedFile):
    """The power may go while it syncs."""

    def __init__(self, path: Path, content: bytes, chance: random.Random) -> None:
        super().__init__(path, content)
        self.chance = chance

    def sync(self) -> None:
        if self.chance.random() < 0.03:
            raise OSError("the power went")
        super().sync()


def live(chance: random.Random, taken: set[int], path: Path, past: Past | None) -> tuple[bytes, bytes]:
    """One stretch; what its log held at the end, and what of it was on disk."""
    log = DyingFile(path, path.read_bytes() if past is not None else b"", chance)

    async def work() -> None:
        with contextlib.suppress(PowerCut, LogError):
            if past is None:
                ledger = await LocalLedger.create(log, RUN, ROWS, machine=MACHINE)
            else:
                ledger = await LocalLedger.resume(
                    log,
                    past,
                    RUN,
                    ROWS,
                    retry_failed=chance.random() < 0.5,
                    retry_unknown=chance.random() < 0.5,
                    retry_rejected=chance.random() < 0.2,
                    machine=MACHINE,
                )
            await Stretch(chance, taken).run(ledger)

    asyncio.run(work())
    return bytes(log.content), log.on_disk


def assert_true(past: Past, taken: set[int]) -> None:
    for row in range(1, ROWS + 1):
        state = past.states.state(row)
        if state in ("never", "failed", "rejected"):
            assert row not in taken, f"row {row} was taken, and the log calls it {state}"
        elif state == "accepted":
            assert row in taken
        assert state != "intended"


@pytest.fixture(autouse=True, scope="module")
def flush_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_module, "FLUSH_S", 0.0)
        patch.setattr(journal_module, "SYNC_S", 1e9)
        yield


@given(seed=st.integers(0, 1 << 32))
def test_after_any_power_cuts_nobody_is_sent_a_message_twice(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    taken: set[int] = set()
    past: Past | None = None
    for _ in range(chance.randint(1, 5)):
        content, on_disk = live(chance, taken, path, past)
        path.write_bytes(after_power_cut(content, on_disk, chance))
        damages: list[Damage] = []
        try:
            past = read_past(path)
            list(read(path, damages.append))
        except DamagedLogError as error:
            raise AssertionError("what was lost passes for damage") from error
        except LogError:
            assert not on_disk, "the run line was synced"
            return
        assert all(damage.kind != "damaged" for damage in damages)
        assert_true(past, taken)


@given(seed=st.integers(0, 1 << 32))
def test_what_was_known_to_be_on_disk_is_missed(path: Path, seed: int) -> None:
    """Any line before the largest `synced` of its stretch: if it cannot be read, the log is damaged."""
    chance = random.Random(seed)
    taken: set[int] = set()
    content, on_disk = live(chance, taken, path, None)
    if not on_disk:
        return
    path.write_bytes(content)
    content, _ = live(chance, taken, path, read_past(path))
    path.write_bytes(content)
    lines = [*read(path)]
    raw_lines = content.splitlines(keepends=True)
    assert len(lines) == len(raw_lines), "a process that dies loses nothing that was written"
    starts = [0]
    for raw in raw_lines:
        starts.append(starts[-1] + len(raw))
    second = max(number for number, line in enumerate(lines) if isinstance(line, RunLine))
    for first, end in ((0, second), (second, len(lines))):
        synced = max(
            [line.synced or 0 for line in lines[first:end] if isinstance(line, IntentLine)], default=0
        )
        known = [number for number in range(first + 1, end) if starts[number] < synced]
        if not known:
            continue
        lost = chance.choice(known)
        rubbish = chance.choice([bytes(len(raw_lines[lost]) - 1) + b"\n", b"}\n", b"\0" * 9])
        if isinstance(lines[lost + 1], IntentLine):
            rubbish += b"\n"  # or else what tells of the damage would be lost with it
        path.write_bytes(b"".join([*raw_lines[:lost], rubbish, *raw_lines[lost + 1 :]]))
        with pytest.raises(DamagedLogError):
            read_past(path)
