"""The example services as processes of their own, told to stop in the middle of their work.

Whatever the sandbox has was accepted or is unknown to the service, and nothing else is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from examples.outbox import Outbox
from tests.send.client_ground import hellos
from wa_bulk import Client
from wa_bulk.sandbox import FaultSettings, Latency, Sandbox

ROOT = Path(__file__).parents[2]
SILENT = "+99900000014"
REQUESTS = 60


def delayed(number: int) -> str:
    """A number whose reply takes a while, another for each request: 300 to 900 ms."""
    return f"+9991{300 + 10 * number:07d}"


@asynccontextmanager
async def process(
    sandbox: Sandbox, *arguments: str, until: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a Python program; give it once it has printed a line with `until`."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WA_BULK_DEV_KEY": sandbox.key,
        "WA_BULK_DEV_SECRET": sandbox.secret,
        "WA_BULK_BASE_URL": sandbox.url,
        "GRACE_S": "1.5",
        **variables,
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert running.stdout is not None
    draining: asyncio.Task[bytes] | None = None
    try:
        while until.encode() not in (line := await running.stdout.readline()):
            assert line, "it ended before it was ready"
        draining = asyncio.create_task(running.stdout.read())
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()
        if draining is not None:
            await draining


async def taken_by(sandbox: Sandbox, count: int) -> None:
    """Wait until the sandbox has taken `count` messages in all."""
    while sandbox.stats.messages < count:
        await asyncio.sleep(0)


def aiohttp_service(port: int) -> list[str]:
    return ["examples/service_aiohttp.py"]


def fastapi_service(port: int) -> list[str]:
    return ["-m", "uvicorn", "--app-dir", "examples", "--port", str(port), "service_fastapi:app"]


@pytest.mark.parametrize(
    ("arguments", "path", "ready"),
    [
        (aiohttp_service, "/codes", "Running on"),
        (fastapi_service, "/orders/{n}/sent", "Uvicorn running on"),
    ],
)
async def test_a_service_stopped_under_load_answers_for_every_message(
    arguments: object, path: str, ready: str, unused_tcp_port: int
) -> None:
    assert callable(arguments)
    phones = [*map(delayed, range(REQUESTS - 1)), SILENT]
    async with Sandbox() as sandbox:
        command = arguments(unused_tcp_port)
        async with (
            process(sandbox, *command, until=ready, PORT=str(unused_tcp_port)) as service,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}", timeout=30) as browser,
        ):

            async def ask(number: int) -> str | None:
                """Return the message's status, None where the service never took the request."""
                body = {"phone": phones[number], "code": "482913", "name": "Ada", "total": "$1"}
                try:
                    reply = await browser.post(path.format(n=number), json=body)
                except httpx.ConnectError:
                    return None
                found = reply.json()
                status: str = found.get("detail", found)["status"]
                return status

            silent = asyncio.create_task(ask(REQUESTS - 1))
            await taken_by(sandbox, 1)
            asking = [asyncio.create_task(ask(number)) for number in range(REQUESTS - 1)]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            service.send_signal(signal.SIGTERM)
            statuses = await asyncio.gather(*asking, silent)
            await service.wait()
        taken = {message.to for message in sandbox.messages}
    fates = dict(zip(phones, statuses, strict=True))
    assert fates[SILENT] == "unknown"
    assert {phone for phone, status in fates.items() if status in ("accepted", "unknown")} == taken
    assert set(statuses) <= {"accepted", "unknown", "failed", None}
    assert "accepted" in statuses


async def work(outbox: Path, sandbox: Sandbox, stop_with: signal.Signals | None, after: int = 0) -> None:
    """Run the worker; stop it once the sandbox has `after` messages more."""
    before = sandbox.stats.messages
    async with process(sandbox, "examples/outbox.py", str(outbox), until="sending") as worker:
        if stop_with is not None:
            await taken_by(sandbox, before + after)
            worker.send_signal(stop_with)
        await worker.wait()
        assert worker.returncode == (-signal.SIGKILL if stop_with is signal.SIGKILL else 0)


async def test_an_outbox_knows_every_fate_after_sigterm_and_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path)
    rows = [outbox.add(message.recipients[0], "482913") for message in hellos(250)]
    async with Sandbox() as sandbox:
        sandbox.set_faults(FaultSettings(latency=Latency(shape="normal", ms=60, spread_ms=30)))

        def sent() -> list[int]:
            return [int(str((message.custom_args or {})["outbox"])) for message in sandbox.messages]

        await work(path, sandbox, signal.SIGTERM, after=50)
        states = outbox.states()
        assert {row for row, state in states.items() if state in ("accepted", "unknown")} == set(sent())
        assert "sending" not in states.values()
        assert "new" in states.values()

        await work(path, sandbox, signal.SIGKILL, after=50)
        states = outbox.states()
        assert set(sent()) <= {row for row, state in states.items() if state in ("accepted", "sending")}
        killed_with = [row for row, state in states.items() if state == "sending"]

        sandbox.set_faults(FaultSettings())
        await work(path, sandbox, None)
        states = outbox.states()
        assert {row for row, state in states.items() if state == "unknown"} == set(killed_with)
        assert set(states.values()) <= {"accepted", "unknown"}
        assert len(sent()) == len(set(sent()))
        assert set(sent()) >= set(rows) - set(killed_with)


async def test_closed_is_told(unused_tcp_port: int) -> None:
    client = Client("key", "secret", base_url=f"http://127.0.0.1:{unused_tcp_port}")
    assert not client.closed
    await client.close()
    assert client.closed
