"""The event loop of the command line. A library must not choose its host's loop; a program may."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run(main: Coroutine[object, object, _T]) -> _T:
    """Run `main` to its end on the fastest loop there is."""
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        runner.get_loop().set_exception_handler(_report)
        return runner.run(main)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what nobody awaited, as loops do, but for a failed TLS handshake: uvloop leaves one behind
    wherever the making of a connection is cancelled."""
    if not isinstance(context.get("exception"), ssl.SSLError):
        loop.default_exception_handler(context)


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return uvloop where it is installed: measured to be the faster one for http and https alike."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop
