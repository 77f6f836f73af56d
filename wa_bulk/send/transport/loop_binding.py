"""One transport, one event loop, one process."""

import asyncio
import os
import weakref
from collections.abc import Iterable
from contextlib import suppress


class LoopBinding:
    """The event loop that a transport belongs to: that of its first use."""

    loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, the transport's from now on; raises RuntimeError if another is."""
        loop = asyncio.get_running_loop()
        if self.loop is None:
            self.loop = loop
        elif loop is not self.loop:
            raise RuntimeError(
                "this client belongs to another event loop, the one it was first used in, with its "
                "connections: make a client for each event loop (nothing was sent)"
            )
        return loop


_in_this_process: weakref.WeakSet["Forkable"] = weakref.WeakSet()


class Forkable:
    """What has to be let go of in a forked child, where it is still the parent's."""

    def start_anew(self) -> None:
        """Forget every connection, without a byte to the server; called in the child, just after the fork."""
        raise NotImplementedError


def watch_forks(transport: Forkable) -> None:
    """Have `transport` start anew in any child of this process."""
    _in_this_process.add(transport)


def detach_sockets(filenos: Iterable[int]) -> None:
    """Put /dev/null in the place of these sockets, in a child: the parent's are as they were.

    Closing them instead would, through the event loop that parent and child still share in the kernel, stop
    the parent from hearing of them, and through TLS say goodbye in its name.
    """
    null = os.open(os.devnull, os.O_RDWR)
    try:
        for fileno in filenos:
            with suppress(OSError):
                os.dup2(null, fileno, inheritable=False)
    finally:
        os.close(null)


def _in_child() -> None:
    for transport in list(_in_this_process):
        transport.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
