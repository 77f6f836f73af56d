"""A hostile server in a thread of its own: it goes on while the client's event loop stands still."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TypeVar

from .hostile import HostileServer, Script, serving

T = TypeVar("T")


class ThreadedServer:
    """The server, and a way to have its thread do something while the caller's thread waits."""

    def __init__(self, hostile: HostileServer, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.hostile = hostile
        self.port = hostile.port

    @property
    def requests(self) -> list[bytes]:
        return self.hostile.requests

    def do(self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """Run `work` in the server's loop; the caller's own stands still meanwhile."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(30)


@contextlib.contextmanager
def serving_in_a_thread(*scripts: Script, tls: ssl.SSLContext | None = None) -> Iterator[ThreadedServer]:
    started = threading.Event()
    running: list[ThreadedServer] = []
    failures: list[BaseException] = []
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(*scripts, tls=tls) as hostile:
            running.append(ThreadedServer(hostile, asyncio.get_running_loop()))
            started.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as failure:
            failures.append(failure)
        finally:
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(30)
    try:
        yield running[0]
    finally:
        running[0]._loop.call_soon_threadsafe(stop.set)
        thread.join(30)
    assert not failures
