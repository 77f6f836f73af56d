"""One client, one event loop, one process."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress

from .interface import Unusable


class LoopBinding:
    """The event loop that a client, or its transport, belongs to: that of its first use."""

    loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, its owner's from now on; raises Unusable if another is."""
        loop = asyncio.get_running_loop()
        if self.loop is None:
            self.loop = loop
        elif loop is not self.loop:
            raise Unusable(
                "this client belongs to another event loop, the one it was first used in, with its "
                "connections: make a client for each event loop (nothing was sent)"
            )
        return loop


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
