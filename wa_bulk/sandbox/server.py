"""Running the sandbox: inside a program's own event loop, in a thread beside it, or alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from typing import Self, TypeVar

from aiohttp import web

from wa_bulk.sandbox.app import application
from wa_bulk.sandbox.callbacks import CallbackSettings
from wa_bulk.sandbox.engagelab import EngageLab, Stats
from wa_bulk.sandbox.faults import FaultSettings
from wa_bulk.sandbox.journey import Delivery
from wa_bulk.sandbox.models import Record
from wa_bulk.sandbox.reports import UserReply
from wa_bulk.sandbox.settings import SandboxSettings

_SHUTDOWN_S = 1.0
_REQUEST_LINE_MAX_BYTES = 64 * 1024
_HTTP_LOG = logging.getLogger("wa_bulk.sandbox.http")
_HTTP_LOG.setLevel(logging.CRITICAL)  # what is no HTTP is the client's affair, not a traceback here
T = TypeVar("T")


class Sandbox:
    """A local EngageLab: `async with Sandbox() as sandbox:` in a running loop, or `with Sandbox() as
    sandbox:`, which runs it in a thread of its own, for tests without asyncio.

    `url` is where clients are to be pointed, `key` and `secret` what they sign in with.
    """

    def __init__(self, settings: SandboxSettings = SandboxSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self._lab: EngageLab | None = None
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._port = settings.port

    @property
    def url(self) -> str:
        host = self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def key(self) -> str:
        return self.settings.key

    @property
    def secret(self) -> str:
        return self.settings.secret

    # ---- starting and stopping

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken, StoreError when the database cannot be used."""
        self._loop = asyncio.get_running_loop()
        self._lab = EngageLab(self.settings)
        self._runner = web.AppRunner(
            application(self._lab),
            access_log=None,
            handle_signals=False,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_S,
            max_line_size=_REQUEST_LINE_MAX_BYTES,
            logger=_HTTP_LOG,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, backlog=1024)
        try:
            await site.start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes every connection and, with a database, writes everything down."""
        if self._lab is not None:
            self._lab.closing.set()
            self._lab.events.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._lab is not None:
            await self._lab.close()
        self._lab = self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="wa_bulk sandbox", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result()
        except BaseException:
            self._end_thread(loop)
            raise
        return self

    def __exit__(self, *error: object) -> None:
        assert self._loop is not None
        try:
            asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result()
        finally:
            self._end_thread(self._loop)

    def _end_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._thread is not None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()
        self._thread = None

    # ---- looking in and taking part

    def _with_lab(self, ask: Callable[[EngageLab], T]) -> T:
        lab = self._lab
        if lab is None or self._loop is None:
            raise RuntimeError("the sandbox is not running: use it inside `with Sandbox() as sandbox:`")
        if self._thread is None or threading.current_thread() is self._thread:
            return ask(lab)

        async def answer() -> T:
            return ask(lab)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result()

    @property
    def messages(self) -> list[Record]:
        """Every message there is, oldest first."""
        return self._with_lab(lambda lab: lab.kept.records())

    @property
    def stats(self) -> Stats:
        """The counters."""
        return self._with_lab(lambda lab: lab.stats())

    def clear(self) -> None:
        """Forgets every message."""
        self._with_lab(lambda lab: lab.clear())

    def reply(self, from_: str, text: str, to: str | None = None) -> Record:
        """Writes as a person, which opens their 24-hour window. Raises ValueError when a number is none."""
        return self._with_lab(lambda lab: lab.hear(UserReply(from_=from_, text=text, to=to)))

    def set_faults(self, faults: FaultSettings) -> None:
        """Has things go wrong from now on; `FaultSettings()` ends it."""
        self._with_lab(lambda lab: lab.faults.set(faults))

    def set_callbacks(self, callbacks: CallbackSettings) -> None:
        """Says where callbacks go from now on."""
        self._with_lab(lambda lab: lab.set_callbacks(callbacks))

    def set_delivery(self, delivery: Delivery) -> None:
        """Says how messages taken from now on travel."""
        self._with_lab(lambda lab: lab.planner.set(delivery))

    async def settled(self) -> None:
        """Returns when every message has come as far as it will and every callback was posted."""
        lab, loop = self._lab, self._loop
        if lab is None or loop is None:
            raise RuntimeError("the sandbox is not running: use it inside `with Sandbox() as sandbox:`")
        if loop is asyncio.get_running_loop():
            await lab.settled()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(lab.settled(), loop))

    def wait_settled(self, timeout_s: float = 30.0) -> None:
        """The same for a program without asyncio. Raises TimeoutError."""
        lab, loop = self._lab, self._loop
        if lab is None or loop is None or self._thread is None:
            raise RuntimeError("only a sandbox in a thread, `with Sandbox() as sandbox:`, can be waited for")
        asyncio.run_coroutine_threadsafe(lab.settled(), loop).result(timeout_s)


async def serve(settings: SandboxSettings, started: Callable[[Sandbox], None] | None = None) -> None:
    """Runs until SIGINT or SIGTERM. `started` is called once it listens.

    Raises OSError when the port is taken, StoreError when the database cannot be used.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with Sandbox(settings) as sandbox:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, stop.set)
        if started is not None:
            started(sandbox)
        await stop.wait()
