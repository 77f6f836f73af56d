"""The fixture in the ways in which people run their tests, each in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LEFT_OUT = ["-p", "no:cacheprovider", "-p", "no:schemathesis"]
LOOP_SCOPE = ["-o", "asyncio_default_fixture_loop_scope=function"]
SENDING = """
import asyncio
import pytest
from wa_bulk import Client, Message

async def send_one(sandbox):
    async with Client(sandbox.key, sandbox.secret, base_url=sandbox.url) as client:
        await client.send(Message.template("+447911123456", "hello_world", "en_US"))
    assert [message.to for message in sandbox.messages] == ["+447911123456"]

"""

SESSION_LOOP = (
    SENDING
    + """
import pytest_asyncio
from wa_bulk.sandbox import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def own_sandbox():
    async with Sandbox() as sandbox:
        yield sandbox

async def test_the_fixture(wa_bulk_sandbox):
    await send_one(wa_bulk_sandbox)
    await wa_bulk_sandbox.settled()

async def test_it_is_a_new_one_each_time(wa_bulk_sandbox):
    await send_one(wa_bulk_sandbox)

async def test_one_of_the_session(own_sandbox):
    await send_one(own_sandbox)

@pytest.mark.asyncio(loop_scope="function")
async def test_that_one_in_another_loop(own_sandbox):
    with pytest.raises(RuntimeError, match="the same loop scope"):
        own_sandbox.messages
    with pytest.raises(RuntimeError, match="the same loop scope"):
        await own_sandbox.settled()
"""
)

ANYIO = (
    SENDING
    + """
pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"

async def test_the_fixture(wa_bulk_sandbox):
    await send_one(wa_bulk_sandbox)
    await wa_bulk_sandbox.settled()
    assert wa_bulk_sandbox.messages[0].status == "read"
"""
)

XDIST = (
    SENDING
    + """
@pytest.mark.parametrize("number", range(6))
def test_the_fixture(wa_bulk_sandbox, number):
    asyncio.run(send_one(wa_bulk_sandbox))
    wa_bulk_sandbox.set_delivery(type(wa_bulk_sandbox.settings.delivery)(sent_after_s=0))
"""
)

WITHOUT_ASYNCIO = """
import pytest

def test_the_wrong_kind_of_wait_says_which_is_right(wa_bulk_sandbox):
    wait = wa_bulk_sandbox.settled()
    with pytest.raises(RuntimeError, match="wait_settled"):
        wait.send(None)
    wa_bulk_sandbox.wait_settled()
"""


@pytest.mark.parametrize(
    ("source", "options", "passed"),
    [
        pytest.param(SESSION_LOOP, ["-p", "no:anyio", *LOOP_SCOPE], 4, id="session-scoped loops"),
        pytest.param(ANYIO, ["-p", "no:asyncio"], 1, id="anyio", marks=pytest.mark.soak),
        pytest.param(XDIST, ["-n", "2", *LOOP_SCOPE], 6, id="xdist", marks=pytest.mark.soak),
        pytest.param(
            WITHOUT_ASYNCIO, ["-p", "no:asyncio", "-p", "no:anyio"], 1, id="no plugin", marks=pytest.mark.soak
        ),
    ],
)
def test_the_fixture_runs_under(tmp_path: Path, source: str, options: list[str], passed: int) -> None:
    (tmp_path / "test_mine.py").write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *LEFT_OUT, *options, "test_mine.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{passed} passed" in run.stdout
