"""The recording server as the harness sees it: started, told what to do, and read afterwards."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trustme

from tests.chaos.faults import CALM, Faults

ROOT = Path(__file__).resolve().parents[2]


class Arrival(msgspec.Struct):
    """One request that the server read. `replied` is the status of the reply it sent whole."""

    n: int
    at: float
    row: int
    to: list[str]
    request_id: str
    kind: str
    accepted: bool
    message_id: str | None
    replied: int | None = None

    @property
    def proven_not_accepted(self) -> bool:
        """Whether the client was told so."""
        return not self.accepted and self.replied is not None


class Recorder:
    """A running server. Made by `recording`."""

    def __init__(
        self, process: asyncio.subprocess.Process, at: str, arrivals: Path, authority: Path | None
    ) -> None:
        self.url = f"{'https' if authority else 'http'}://{at}"
        self.authority = authority
        """Whom to trust that it is the one, if it speaks TLS."""
        self._process = process
        self._record = arrivals.open("rb")
        self._read_so_far: list[Arrival] = []
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._reading = asyncio.create_task(self._read())

    async def fault(self, faults: Faults) -> None:
        """From now on, do this to requests."""
        await self._command(faults=msgspec.to_builtins(faults))

    async def accept_only(self, credentials: str) -> None:
        """From now on, `key:secret` has to be this."""
        await self._command(credentials=credentials)

    async def go_away(self) -> None:
        """Refuse connections from now on, and reset those there are."""
        await self._command(away=True)

    async def come_back(self) -> None:
        """Listen again."""
        await self._command(away=False)

    async def count(self) -> int:
        """How many requests arrived so far."""
        return await self._command(wait_for=0)

    async def arrived(self, count: int) -> None:
        """Returns once `count` requests have arrived."""
        await self._command(wait_for=count)

    async def settle(self) -> int:
        """How many requests arrived, once all that a dead client had sent is read."""
        return await self._command(settle=True)

    def arrivals(self) -> list[Arrival]:
        """Everything recorded so far, in order."""
        for line in self._record:
            fields = json.loads(line)
            if "replied" in fields:
                self._read_so_far[fields["n"] - 1].replied = fields["replied"]
            else:
                self._read_so_far.append(msgspec.convert(fields, Arrival))
        return self._read_so_far

    async def stop(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading
        self._record.close()

    async def _command(self, **command: object) -> int:
        assert self._process.stdin is not None
        number = next(self._ids)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._process.stdin.write(json.dumps({"id": number, **command}).encode() + b"\n")
        return await answer

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            waiter = self._waiting.pop(answer["id"])
            if not waiter.done():
                waiter.set_result(answer["count"])
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(RuntimeError("the recording server ended"))


@asynccontextmanager
async def recording(
    folder: Path, seed: int = 0, faults: Faults = CALM, *, tls: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[Recorder]:
    """A server of its own process that keeps its record in `folder`."""
    arrivals, authority, certificate = (
        folder / name for name in ("arrivals.jsonl", "authority.pem", "certificate.pem")
    )
    if tls:
        trusted = trustme.CA()
        trusted.cert_pem.write_to_path(str(authority))
        trusted.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    words = [str(arrivals), str(seed), host, *([str(certificate)] if tls else [])]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.server", *words),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    port: int = json.loads(await process.stdout.readline())["port"]
    recorder = Recorder(process, f"{host}:{port}", arrivals, authority if tls else None)
    try:
        await recorder.fault(faults)
        yield recorder
    finally:
        await recorder.stop()
