"""Names are looked up once for all, by a thread that nobody waits for."""

import asyncio
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Literal

import pytest

from wa_bulk import Client, Message, SendError
from wa_bulk.send.transport import NotSent, Reply, resolver

from .conftest import Ground
from .test_hostile import fails

Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]
LOCAL: Found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 0))]


class NameServer:
    """Answers lookups when it is told to."""

    def __init__(self) -> None:
        self.asked: queue.Queue[str] = queue.Queue()
        self.answers: queue.Queue[Found | Exception] = queue.Queue()
        self.count = 0

    def getaddrinfo(self, host: str, port: int, **options: int) -> Found:
        if options.get("flags", 0) & socket.AI_NUMERICHOST:
            return really(host, port, **options)  # type: ignore[return-value]
        self.count += 1
        self.asked.put(host)
        answer = self.answers.get(timeout=30)
        if isinstance(answer, Exception):
            raise answer
        return answer


really = socket.getaddrinfo


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    fresh = resolver.Resolver()
    for module in ("lean", "aiohttp_session"):
        monkeypatch.setattr(f"wa_bulk.send.transport.{module}.resolver", fresh)
    yield server
    for _ in range(10):
        server.answers.put(OSError("over"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "api.localhost", "LOCALHOST."])
async def test_addresses_and_this_machine_need_no_lookup(names: NameServer, host: str) -> None:
    found = await resolver.Resolver().addresses(host, 8025)
    assert {sockaddr[:2] for *_, sockaddr in found} <= {("127.0.0.1", 8025), ("::1", 8025)}
    assert names.count == 0


async def test_all_who_ask_meanwhile_share_a_lookup(names: NameServer) -> None:
    one = resolver.Resolver()
    asking = [asyncio.ensure_future(one.addresses("api.test", port)) for port in range(100)]
    assert await asyncio.to_thread(names.asked.get) == "api.test"
    asking[0].cancel()
    names.answers.put(LOCAL)
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [each[0][4] for each in found[1:] if isinstance(each, list)] == [
        ("127.0.0.1", port) for port in range(1, 100)
    ]
    assert names.count == 1


async def test_all_share_a_failure_too(names: NameServer) -> None:
    one = resolver.Resolver()
    asking = [asyncio.ensure_future(one.addresses("api.test", 1)) for _ in range(9)]
    await asyncio.to_thread(names.asked.get)
    names.answers.put(socket.gaierror(-3, "Temporary failure in name resolution"))
    failures = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(failure) for failure in failures] == ["[Errno -3] Temporary failure in name resolution"] * 9
    assert names.count == 1


@pytest.mark.parametrize("trouble", [UnicodeError("label too long"), RuntimeError("blocked"), OSError("odd")])
async def test_whatever_a_lookup_raises_is_no_end_of_lookups(names: NameServer, trouble: Exception) -> None:
    one = resolver.Resolver()
    names.answers.put(trouble)
    with pytest.raises(OSError, match=str(trouble)):
        await one.addresses("api.test", 1)
    names.answers.put([])
    with pytest.raises(OSError, match="no addresses"):
        await one.addresses("api.test", 1)
    names.answers.put(LOCAL)
    assert await one.addresses("api.test", 1)


async def test_the_last_addresses_serve_while_a_lookup_fails_or_takes_long(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = resolver.Resolver()
    names.answers.put(LOCAL)
    found = await one.addresses("api.test", 1)
    names.answers.put(socket.gaierror(-3, "Temporary failure in name resolution"))
    assert await one.addresses("api.test", 1) == found
    monkeypatch.setattr(resolver, "PATIENCE_S", 0.01)
    assert await one.addresses("api.test", 1) == found  # nobody answers this one
    names.answers.put([(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 0))])


async def test_a_busy_default_thread_pool_holds_nothing_up(ground: Ground, names: NameServer) -> None:
    release = threading.Event()
    blocking = [asyncio.ensure_future(asyncio.to_thread(release.wait)) for _ in range(64)]
    ground.client_context.check_hostname = False
    try:
        async with ground.serving() as server:
            for host in ("127.0.0.1", "api.test"):
                names.answers.put(LOCAL)
                transport = ground.make(ground.url(server, host))
                assert await transport.post(b"x") == Reply(200, b"x")
                await transport.close()
    finally:
        ground.client_context.check_hostname = True
        release.set()
        await asyncio.gather(*blocking)


async def test_posts_that_wait_for_a_name_fail_together(ground: Ground, names: NameServer) -> None:
    transport = ground.make(f"{ground.scheme}://api.test/", connections=50)
    posts = [asyncio.ensure_future(transport.post(b"x")) for _ in range(50)]
    await asyncio.to_thread(names.asked.get)
    names.answers.put(socket.gaierror(-3, "Temporary failure in name resolution"))
    for post in posts:
        assert "Temporary failure in name resolution" in str(await fails(NotSent, post))
    assert names.count == 1
    await transport.close()


def test_a_lookup_that_never_ends_does_not_hold_up_the_end_of_a_program(kind: str) -> None:
    program = f"""
import asyncio, socket, threading
from wa_bulk.send.transport import NotSent, make_transport

socket.getaddrinfo = lambda *a, **k: threading.Event().wait()

async def main():
    transport = make_transport({kind!r}, "http://api.test/", {{}}, connections=2, timeout=0.2)
    try:
        await transport.post(b"x")
    except NotSent:
        print("not sent")
    await transport.close()

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "not sent\n", "")


@pytest.mark.parametrize("transport", ["lean", "aiohttp"])
async def test_a_client_that_closes_does_not_wait_for_a_name(
    names: NameServer, transport: Literal["lean", "aiohttp"]
) -> None:
    url = "https://silent.example"
    client = Client("key", "secret", base_url=url, rate=0, concurrency=2, transport=transport)
    message = Message.text("+447911123456", "Hello")
    posts = [asyncio.ensure_future(client.send(message)) for _ in range(3)]
    await asyncio.to_thread(names.asked.get, timeout=10)
    await client.close()
    for post in posts:
        with pytest.raises(SendError) as caught:
            await post
        assert caught.value.outcome.status == "failed"
