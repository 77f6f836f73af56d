"""One event loop, one thread, one process: elsewhere nothing is sent, and no reply goes astray."""

import asyncio
import copy
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
import uvloop

from wa_bulk.send.transport import Reply, Transport
from wa_bulk.send.transport.aiohttp_transport import AiohttpTransport

from .conftest import SECRET, Ground
from .threaded import serving_in_a_thread

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.mark.parametrize("new_loop", LOOPS.values(), ids=LOOPS)
def test_another_event_loop_sends_nothing(
    ground: Ground, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with serving_in_a_thread(tls=ground.server_context if ground.tls else None) as server:
        transport = ground.make(f"{ground.scheme}://127.0.0.1:{server.port}/")
        first, second = new_loop(), new_loop()
        assert first.run_until_complete(transport.post(b"1")) == Reply(200, b"1")
        for use in (
            lambda: transport.post(b"2"),
            transport.prepare,
            transport.close,
            lambda: ready(transport),
        ):
            with pytest.raises(RuntimeError, match="belongs to another event loop"):
                second.run_until_complete(use())
        assert first.run_until_complete(transport.post(b"3")) == Reply(200, b"3")
        first.run_until_complete(transport.close())
        first.run_until_complete(asyncio.sleep(0))
        second.run_until_complete(transport.close())
        first.close()
        second.close()
    assert server.requests == [b"1", b"3"]


async def ready(transport: Transport) -> bool:
    return transport.ready()


async def test_another_thread_sends_nothing(ground: Ground) -> None:
    def in_a_thread() -> None:
        try:
            asyncio.run(transport.post(b"2"))
        except RuntimeError as error:
            errors.append(error)

    errors: list[RuntimeError] = []
    async with ground.serving() as server, ground.transport(server) as transport:
        await transport.post(b"1")
        thread = threading.Thread(target=in_a_thread)
        thread.start()
        thread.join()
        assert len(errors) == 1
        assert await transport.post(b"3") == Reply(200, b"3")
    assert server.requests == [b"1", b"3"]


def test_a_forked_child_has_connections_of_its_own(ground: Ground, tmp_path: Path) -> None:
    if ground.tls:
        certificate = tmp_path / "authority.pem"
        ground.authority.cert_pem.write_to_path(certificate)
    with serving_in_a_thread(tls=ground.server_context if ground.tls else None) as server:
        child = subprocess.run(
            [
                sys.executable,
                "-W",
                "error",
                "-m",
                "tests.send.transport.forking",
                ground.kind,
                f"{ground.scheme}://127.0.0.1:{server.port}/",
            ],
            env={
                "SSL_CERT_FILE": str(tmp_path / "authority.pem"),
                "PYTHONPATH": ":".join(filter(None, sys.path)),
            },
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
    assert (child.returncode, child.stderr) == (0, "")
    parents = [payload for payload in server.requests if payload.startswith(b"parent")]
    assert parents == [b"parent %d" % n for n in range(22)]
    assert sorted(server.requests[2:]) == sorted(
        [b"parent %d" % n for n in range(2, 22)] + [b"child %d" % n for n in range(20)]
    )
    assert len(server.hostile.served) >= 2
    assert sum(server.hostile.served) == 42


async def test_a_session_of_the_parent_is_refused_in_a_child(ground: Ground) -> None:
    async with ground.serving() as server, aiohttp.ClientSession() as session:
        transport = AiohttpTransport(ground.url(server), {}, session=session)
        transport.start_anew()  # what a fork calls
        with pytest.raises(RuntimeError, match="session belongs to the parent"):
            await transport.post(b"x")
    assert server.requests == []


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
async def test_a_transport_is_not_copied_and_shows_no_secret(
    ground: Ground, duplicate: Callable[[Transport], object]
) -> None:
    transport = ground.make("http://api.example/v1/messages")
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        duplicate(transport)
    assert repr(transport).endswith("Transport(http://api.example/v1/messages)")
    assert SECRET not in f"{transport!r} {transport}"
