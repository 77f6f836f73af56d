"""The event loop of the command line. A library must not choose its host's loop; a program may."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

_T = TypeVar("_T")


def run(main: Coroutine[object, object, _T], base_url: str) -> _T:
    """Run `main` to its end on the loop that is fastest for sending to `base_url`."""
    with asyncio.Runner(loop_factory=fastest_loop(base_url)) as runner:
        return runner.run(main)


def fastest_loop(base_url: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop for plain http, the standard loop for https, whose TLS was measured to be the faster one."""
    if base_url.startswith("http://"):
        try:
            from uvloop import new_event_loop
        except ImportError:
            pass
        else:
            return new_event_loop
    return asyncio.new_event_loop
