"""The sandbox inside other programs: tests with and without asyncio, pytest, the command line."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading

import aiohttp
import pytest

from tests.sandbox.api import ADA, Api, connect, raw_request, template, text
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

SIGNED_IN = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}


async def test_in_a_running_loop() -> None:
    async with Sandbox() as sandbox, aiohttp.ClientSession(headers=SIGNED_IN) as client:
        async with client.post(f"{sandbox.url}/v1/messages", json=template()) as reply:
            message_id = (await reply.json())["message_id"]
        (record,) = sandbox.messages
        assert (record.to, record.message_id, record.type) == (ADA, message_id, "template")
        assert record.rendered is not None
        assert record.rendered.body.startswith("Hello Ada")
        sandbox.clear()
        assert sandbox.messages == []


async def test_two_at_once_know_nothing_of_each_other() -> None:
    async with Sandbox() as one, Sandbox() as other, aiohttp.ClientSession(headers=SIGNED_IN) as client:
        assert one.url != other.url
        async with client.post(f"{one.url}/v1/messages", json=template()) as reply:
            assert reply.status == 200
        assert (len(one.messages), len(other.messages)) == (1, 0)


def test_in_a_thread_of_its_own() -> None:
    threads_before = set(threading.enumerate())
    with Sandbox() as sandbox, Api(sandbox.url) as api:
        api.send(text())
        sandbox.reply(ADA, "Hello?")
        api.send(text())
        assert [record.direction for record in sandbox.messages] == ["out", "in", "out"]
        sandbox.set_delivery(Delivery(sent_after_s=0, delivered_after_s=0, read_after_s=0))
        api.send(text())
        assert sandbox.messages[-1].status == "read"
    assert set(threading.enumerate()) <= threads_before


def test_outside_of_with_it_says_so() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="is not running"):
        sandbox.messages  # noqa: B018


def test_a_port_that_is_taken() -> None:
    with Sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), Sandbox(SandboxSettings(port=port)):
            pass
    with Sandbox(SandboxSettings(port=port)) as again:
        assert again.url == first.url


def test_key_and_secret_of_the_users_choice() -> None:
    with Sandbox(SandboxSettings(key="mine", secret="a-secret")) as sandbox:
        with Api(sandbox.url, sandbox.key, sandbox.secret) as api:
            assert api.send(text()).status_code == 200
        with Api(sandbox.url) as api:
            assert api.send(text()).json()["code"] == 2001


def test_closing_does_not_wait_for_those_who_are_kept_waiting() -> None:
    with Sandbox() as sandbox:
        silent, listener = connect(sandbox.url), connect(sandbox.url)
        silent.sendall(raw_request(text("+99900000014")))
        listener.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert listener.recv(15) == b"HTTP/1.1 200 OK"
    silent.close()
    listener.close()


def test_the_fixture(wa_bulk_sandbox: Sandbox) -> None:
    with Api(wa_bulk_sandbox.url) as api:
        assert api.send(text()).status_code == 200
    assert len(wa_bulk_sandbox.messages) == 1


async def test_the_fixture_in_a_test_with_asyncio(wa_bulk_sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession(headers=SIGNED_IN) as client:
        async with client.post(f"{wa_bulk_sandbox.url}/v1/messages", json=text()) as reply:
            assert reply.status == 200
        wa_bulk_sandbox.set_delivery(Delivery(sent_after_s=0))
        await wa_bulk_sandbox.settled()
    assert [record.status for record in wa_bulk_sandbox.messages] == ["failed"]


def test_pytest_loads_the_plugin_without_the_server() -> None:
    program = "import sys, wa_bulk.sandbox.pytest_plugin; print('aiohttp' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert found.stdout == "False\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_alone_until_a_signal(number: signal.Signals) -> None:
    program = (
        "import asyncio, wa_bulk.sandbox as s\n"
        "started = lambda sandbox: print(sandbox.url, flush=True)\n"
        "asyncio.run(s.serve(s.SandboxSettings(), started))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as client, client.get(f"{url}/sandbox/events") as news:
        assert await news.content.readline() == b"event: stats\n"
        process.send_signal(number)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


def test_started_twice_is_an_error_that_says_so() -> None:
    sandbox = Sandbox()
    with sandbox:
        url = sandbox.url
        with pytest.raises(RuntimeError, match="running already"), sandbox:
            pass
        with pytest.raises(RuntimeError, match="running already"):
            asyncio.run(sandbox.start())
        assert sandbox.url == url
        with Api(url) as api:
            assert api.send(text()).status_code == 200
    with sandbox:
        assert sandbox.messages == []


async def test_started_twice_in_a_loop_is_the_same_error() -> None:
    async with Sandbox() as sandbox:
        with pytest.raises(RuntimeError, match="running already"):
            async with sandbox:
                pass
        with pytest.raises(RuntimeError, match="running already"):
            sandbox.__enter__()
        assert sandbox.messages == []
    await sandbox.stop()


async def test_a_start_that_fails_can_be_tried_again() -> None:
    async with Sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        second = Sandbox(SandboxSettings(port=port))
        with pytest.raises(OSError, match="in use"):
            await second.start()
    async with second:
        assert second.messages == []


def test_a_sandbox_whose_loop_does_not_run_says_so_instead_of_waiting() -> None:
    with asyncio.Runner() as runner:
        sandbox = Sandbox()
        runner.run(sandbox.start())
        with pytest.raises(RuntimeError, match="event loop of this sandbox is not running"):
            _ = sandbox.messages
        with pytest.raises(RuntimeError, match="event loop of this sandbox is not running"):
            asyncio.run(sandbox.settled())
        runner.run(sandbox.stop())


async def test_from_another_thread_it_is_asked_in_its_own() -> None:
    async with Sandbox() as sandbox:
        threads: list[str] = []

        def write() -> None:
            sandbox.reply(ADA, "Hello?")
            threads.append(threading.current_thread().name)
            sandbox.wait_settled()

        await asyncio.to_thread(write)
        assert [record.direction for record in sandbox.messages] == ["in"]
        assert threads != [threading.current_thread().name]
        with pytest.raises(RuntimeError, match="in a thread"):
            sandbox.wait_settled()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_ends_with_0_on_a_signal(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wa_bulk", "sandbox", "--port", "0", "--host", "0.0.0.0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    first = (await process.stderr.readline()).decode()
    url = first.split()[-1]
    assert url.startswith("http://127.0.0.1:")
    async with aiohttp.ClientSession() as client, client.get(f"{url}/sandbox/stats") as reply:
        assert reply.status == 200
    process.send_signal(number)
    out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    assert b"http://sandbox:" in err
    assert b"Anyone who can reach this address" in err
