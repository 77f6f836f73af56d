"""What a client is tried on: a server in a thread of its own, and event loops that come and go."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
import uvloop

from tests.send.engagelab import Answer, EngageLab, Reply
from wa_bulk import Client, Message
from wa_bulk.send.client import Settings
from wa_bulk.send.transport import TransportName

T = TypeVar("T")
SECRET = "2b4f8e7c9d1a3f5e"
HELLO = Message.text("+447911123456", "Hello")
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


class Ground(msgspec.Struct, frozen=True):
    """One transport to one server, from one kind of event loop."""

    transport: TransportName
    loop: str
    server: EngageLab
    in_server: asyncio.AbstractEventLoop

    def client(self, **settings: object) -> Client:
        """Return an unpaced client whose requests would take ten minutes to time out."""
        chosen: Settings = {"rate": 0, "timeout": 600.0, "transport": self.transport}
        return Client("key", SECRET, base_url=self.server.url, **{**chosen, **settings})  # type: ignore[arg-type]

    def run(self, main: Coroutine[object, object, T]) -> T:
        """Run `main` in an event loop of its own."""
        with asyncio.Runner(loop_factory=LOOPS[self.loop]) as runner:
            return runner.run(main)

    async def arrived(self, count: int) -> None:
        """Wait until `count` requests in all have arrived."""
        waiting = asyncio.run_coroutine_threadsafe(self.server.arrived(count), self.in_server)
        await asyncio.wrap_future(waiting)


def client(server: EngageLab, **settings: object) -> Client:
    """Return an unpaced client of `server`, whose requests time out after 5 s."""
    chosen: dict[str, object] = {"rate": 0, "timeout": 5.0, **settings}
    return Client("key", SECRET, base_url=server.url, **chosen)  # type: ignore[arg-type]


@contextmanager
def serving(server: EngageLab) -> Iterator[asyncio.AbstractEventLoop]:
    """Run `server` in the event loop of a thread, which is given."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        yield loop
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def hellos(count: int) -> list[Message]:
    """Return messages to different people, with different ids."""
    return [Message.text(f"+4479111{n:05}", "Hello", request_id=f"r-{n}") for n in range(count)]


def echoing(server: EngageLab) -> Callable[[int], Answer]:
    """Answer each request with its own request_id as its message_id."""

    def answer(number: int) -> Answer:
        request_id = server.arrivals[number - 1].message.get("request_id")
        return Reply(body=json.dumps({"message_id": request_id, "request_id": request_id}).encode())

    return answer
