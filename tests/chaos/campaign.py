"""A campaign under attack: its files, and the lives of the `wa-bulk` processes that carry it out."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tests.chaos.recipients import Wanted, write_csv
from tests.chaos.recorder import ROOT, Recorder

KEY, SECRET = "key", "a-secret-nobody-may-see"
CREDENTIALS = f"{KEY}:{SECRET}"
LOOK_EVERY_S = 0.02
NO_RUN = "holds no run"
LAST_WORD = "The details:  wa-bulk report"

TOML = """\
name = "chaos"
recipients = "recipients.csv"

[message]
to = "{phone}"

[message.body]
type = "text"
text = { body = "Hello {name}" }
"""


class Moment(msgspec.Struct, frozen=True):
    """When to strike, and with what.

    `number` is the signal; it comes `after_s` seconds after the process's start or, with `at_work`, after the
    first request of this life arrived. `killed_after_s` later SIGKILL follows, unless None.
    """

    after_s: float = 0.0
    at_work: bool = True
    number: signal.Signals = signal.SIGKILL
    killed_after_s: float | None = None
    power_cut: bool = False
    """What was not synced is lost, all of it or a part."""


class Life(msgspec.Struct):
    """One process of `wa-bulk`, from its start to its end."""

    command: tuple[str, ...]
    pid: int
    exit_code: int
    stderr: str
    arrivals_before: int
    arrivals: int
    """How many requests had arrived in all when it was over."""
    seconds: float = 0.0
    """How long it lived."""

    @property
    def killed(self) -> bool:
        """Whether it ended without a say in it."""
        return self.exit_code == -signal.SIGKILL

    @property
    def ended_as_it_left(self) -> bool:
        """Whether SIGTERM or SIGINT came between its last word and its end, with nobody left to heed it."""
        return self.exit_code in (-signal.SIGTERM, -signal.SIGINT) and LAST_WORD in self.stderr

    @property
    def retries_unknown(self) -> bool:
        """Whether it was asked to send again what may have been accepted."""
        return "retry" in self.command

    @property
    def retries_failed(self) -> bool:
        """Whether it was asked to send again what was not accepted."""
        return "--retry-failed" in self.command


class Campaign:
    """A CSV, a campaign file and a log in `folder`, sent to `server`; `options` go to `wa-bulk send`."""

    def __init__(
        self, folder: Path, server: Recorder, wanted: Sequence[Wanted], *options: str, seed: int = 0
    ) -> None:
        self.folder = folder
        self.server = server
        self.wanted = wanted
        self.options = options
        self.log = folder / "log.jsonl"
        self.file = folder / "campaign.toml"
        self.csv = folder / "recipients.csv"
        self.lives: list[Life] = []
        self.before_start: Callable[[], None] | None = None
        """Called in each new process before it begins."""
        self.environment = {
            **os.environ,
            "WA_BULK_DEV_KEY": KEY,
            "WA_BULK_DEV_SECRET": SECRET,
            "WA_BULK_BASE_URL": server.url,
            "WA_BULK_DB": str(folder / "memory.db"),
        }
        if server.authority is not None:
            self.environment["SSL_CERT_FILE"] = str(server.authority)
        self.rng = random.Random(f"campaign {seed}")
        self._numbers = itertools.count(1)
        self._log_before = b""
        self.power_cuts = 0
        self._safe = 0
        """Bytes of the log that were synced."""
        self.file.write_text(TOML)
        write_csv(self.csv, wanted)

    async def send(self, *more: str, moment: Moment | None = None) -> Life:
        """`wa-bulk send`, struck at `moment`."""
        running = await self.start_send(*more)
        return await running.end(moment)

    async def resume(self, *more: str, moment: Moment | None = None) -> Life:
        """`wa-bulk resume`, or what it says to do where there is nothing to resume: `wa-bulk send`."""
        if not self.log.exists():
            return await self._send_anew(moment)
        running = await self.start_resume(*more)
        life = await running.end(moment)
        if life.exit_code == 2 and NO_RUN in life.stderr:
            self.log.unlink()
            return await self._send_anew(moment)
        return life

    async def start_send(self, *more: str) -> Running:
        """`wa-bulk send`, left to itself."""
        return await self.start("send", str(self.file), "--log", str(self.log), *self.options, *more)

    async def start_resume(self, *more: str) -> Running:
        """`wa-bulk resume`, left to itself."""
        return await self.start("resume", str(self.log), *more)

    async def _send_anew(self, moment: Moment | None) -> Life:
        assert await self.server.count() == 0, "requests were sent by a run whose log holds no run"
        self.lives.clear()
        self._log_before, self._safe = b"", 0
        return await self.send(moment=moment)

    async def start(self, *command: str) -> Running:
        """A `wa-bulk` process."""
        number = next(self._numbers)
        stderr = self.folder / f"stderr-{number}"
        synced = self.folder / f"synced-{number}"
        before = await self.server.count()
        with stderr.open("wb") as to:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.chaos.auditor", str(synced), *command, "--yes"),
                cwd=ROOT,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=to,
                stderr=to,
                preexec_fn=self._begin,
            )
        return Running(self, process, command, before, stderr, synced)

    def _begin(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)  # in the background, we were started to ignore the first
        if self.before_start is not None:
            self.before_start()

    async def report(self) -> Counter[str]:
        """How many rows have which status, as `wa-bulk report` says."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "wa_bulk", "report", str(self.log), "--json"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        return Counter(json.loads(said)["totals"])

    def cut_power(self) -> None:
        """Loses from the log what was not synced: all of it or a part, at random."""
        self.power_cuts += 1
        if not self._safe:
            self.log.unlink(missing_ok=True)
            return
        size = self.log.stat().st_size
        kept = self.rng.choice((self._safe, self.rng.randint(self._safe, size)))
        os.truncate(self.log, kept)
        if self.rng.random() < 0.3:
            os.truncate(self.log, size)  # some file systems keep the size and lose what was in it
        self.forget_log_after(kept)

    def note_safe(self, synced: Path) -> None:
        """Takes note of how much of the log a process synced."""
        noted = synced.read_bytes() if synced.exists() else b""
        self._safe = int.from_bytes(noted, "little") or self._safe

    def follow_log(self) -> None:
        """What was in the log when last looked at must still be there."""
        log = self.log.read_bytes() if self.log.exists() else b""
        assert log.startswith(self._log_before), f"{self.log} was not only appended to"
        self._log_before = log

    def forget_log_after(self, size: int) -> None:
        """What comes after so many bytes of the log may have changed: that was our doing."""
        self._log_before = self._log_before[:size]


class Running:
    """A `wa-bulk` process at work."""

    def __init__(
        self,
        campaign: Campaign,
        process: asyncio.subprocess.Process,
        command: tuple[str, ...],
        arrivals_before: int,
        stderr: Path,
        synced: Path,
    ) -> None:
        self.process = process
        self._began = time.monotonic()
        self._campaign = campaign
        self._command = command
        self._arrivals_before = arrivals_before
        self._stderr = stderr
        self._synced = synced

    async def at_work(self, requests: int = 1) -> None:
        """Returns when so many of its requests have arrived, or it has ended."""
        arrived = asyncio.create_task(self._campaign.server.arrived(self._arrivals_before + requests))
        ended = asyncio.create_task(self.process.wait())
        await asyncio.wait((arrived, ended), return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        await asyncio.wait((arrived,))

    async def says(self, words: str) -> None:
        """Returns when it has said so."""
        while words not in self._stderr.read_text(errors="replace"):
            assert self.process.returncode is None, f"it ended and never said {words!r}"
            await self.pass_(LOOK_EVERY_S)

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal, if it is still there."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def end(self, moment: Moment | None = None) -> Life:
        """Its life, once it is over; `moment` helps it to its end."""
        if moment is not None:
            if moment.at_work:
                await self.at_work()
            await self.pass_(moment.after_s)
            self.signal(moment.number)
            if moment.killed_after_s is not None:
                await self.pass_(moment.killed_after_s)
                self.signal(signal.SIGKILL)
        exit_code = await self.process.wait()
        seconds = time.monotonic() - self._began
        campaign = self._campaign
        arrivals = await campaign.server.settle()
        campaign.note_safe(self._synced)
        if exit_code == -signal.SIGKILL and moment is not None and moment.power_cut:
            campaign.cut_power()
        campaign.follow_log()
        life = Life(
            self._command,
            self.process.pid,
            exit_code,
            self._stderr.read_text(errors="replace"),
            self._arrivals_before,
            arrivals,
            seconds,
        )
        campaign.lives.append(life)
        return life

    async def pass_(self, seconds: float) -> None:
        """Lets time pass, as long as it lives."""
        try:
            await asyncio.wait_for(asyncio.shield(self.process.wait()), seconds)
        except TimeoutError:
            return
