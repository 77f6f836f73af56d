"""The addresses of host names, looked up by one thread of our own.

Not by the event loop's thread pool: others may keep that busy, and the interpreter waits for it at exit, for
as long as a name server does not answer.
"""

import asyncio
import ipaddress
import queue
import socket
import threading
from contextlib import suppress

from aiohappyeyeballs import AddrInfoType

from wa_bulk.api.loopback import is_loopback
from wa_bulk.send.forks import watch_forks

PATIENCE_S = 1.0  # how long a lookup is waited for where the last one's addresses are still known

_Waiter = tuple[asyncio.AbstractEventLoop, asyncio.Future[list[AddrInfoType]]]


class Resolver:
    """Looks up one name at a time, once for all who ask meanwhile, and remembers what it found last.

    The last addresses serve where a lookup fails or takes long. Works for any number of event loops.
    """

    def __init__(self) -> None:
        self._last_found: dict[str, list[AddrInfoType]] = {}
        self.start_anew()
        watch_forks(self)

    async def addresses(self, host: str, port: int) -> list[AddrInfoType]:
        """Return the addresses of `host`, each with `port`; raises OSError where there are none.

        Literal addresses and names of this machine (RFC 6761) need no lookup.
        """
        known = _known(host)
        if known:
            return [_with_port(address, port) for address in known]
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[AddrInfoType]] = loop.create_future()
        last_found = self._last_found.get(host)
        self._ask(host, (loop, found))
        try:
            async with asyncio.timeout(PATIENCE_S if last_found else None):
                addresses = await found
        except OSError:
            if not last_found:
                raise
            addresses = last_found
        return [_with_port(address, port) for address in addresses]

    def start_anew(self) -> None:
        """Begin without a thread: a forked child has none, and locks in any state."""
        self._lock = threading.Lock()
        self._waiting: dict[str, list[_Waiter]] = {}
        self._names: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def _ask(self, host: str, waiter: _Waiter) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._look_up, name="wa_bulk name lookups", daemon=True)
                thread.start()
                self._thread = thread
            asked_already = host in self._waiting
            self._waiting.setdefault(host, []).append(waiter)
        if not asked_already:
            self._names.put(host)

    def _look_up(self) -> None:
        while True:
            host = self._names.get()
            addresses: list[AddrInfoType] = []
            reason: tuple[object, ...] = ("no addresses",)
            try:
                addresses = list(socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM))
            except OSError as error:
                reason = error.args
            except Exception as error:  # a name that cannot be encoded; whatever a test put in its place
                reason = (f"{type(error).__name__}: {error}",)
            with self._lock:
                waiting = self._waiting.pop(host)
                if addresses:
                    self._last_found[host] = addresses
            for loop, found in waiting:
                with suppress(RuntimeError):  # that loop is closed
                    loop.call_soon_threadsafe(_settle, found, addresses, reason)


def _settle(
    found: asyncio.Future[list[AddrInfoType]], addresses: list[AddrInfoType], reason: tuple[object, ...]
) -> None:
    if found.done():
        return
    if addresses:
        found.set_result(addresses)
    else:
        found.set_exception(OSError(*reason))


def _known(host: str) -> list[AddrInfoType]:
    literals = ("127.0.0.1", "::1") if is_loopback(host) else ()
    return [
        address
        for literal in ((host,) if _is_literal(host) else literals)
        for address in socket.getaddrinfo(literal, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    ]


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _with_port(address: AddrInfoType, port: int) -> AddrInfoType:
    family, kind, protocol, name, sockaddr = address
    return family, kind, protocol, name, (sockaddr[0], port, *sockaddr[2:])


resolver = Resolver()
"""The one that all transports of this process share."""
