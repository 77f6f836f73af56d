"""Running the sandbox: inside a program's own event loop, in a thread of its own, or alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from typing import Self, TypeVar

from aiohttp import web

from wa_bulk.api.loopback import http_address
from wa_bulk.sandbox.app import application
from wa_bulk.sandbox.callbacks import CallbackSettings
from wa_bulk.sandbox.delivery import Delivery
from wa_bulk.sandbox.engagelab import EngageLab, MediaProblem, Stats
from wa_bulk.sandbox.faults import FaultSettings
from wa_bulk.sandbox.hosts import AllowedHosts
from wa_bulk.sandbox.models import Record
from wa_bulk.sandbox.reports import UserReply
from wa_bulk.sandbox.settings import SandboxSettings

_SHUTDOWN_S = 1.0
_REQUEST_LINE_MAX_BYTES = 64 * 1024
_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean listening at all of them, and one at which this machine reaches them."""

_HTTP_LOG = logging.getLogger("wa_bulk.sandbox.http")
_HTTP_LOG.setLevel(logging.CRITICAL)  # a request that is not HTTP is the client's error, not a traceback here
T = TypeVar("T")


class Sandbox:
    """A local EngageLab: `async with Sandbox() as sandbox:` in a running loop, or `with Sandbox() as
    sandbox:`, which runs it in a thread of its own, for programs and tests of any kind.

    `url` is where clients are to be pointed, `key` and `secret` what they sign in with. A sandbox that was
    stopped can be started again, with nothing in it unless it has a database. `media_problem` looks at the
    media of each message, which fails to be delivered where it finds a problem.
    """

    def __init__(
        self,
        settings: SandboxSettings = SandboxSettings(),  # noqa: B008 - frozen
        media_problem: MediaProblem | None = None,
    ) -> None:
        self.settings = settings
        self._media_problem = media_problem
        self._lab: EngageLab | None = None
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread: threading.Thread | None = None
        self._own: tuple[threading.Thread, asyncio.AbstractEventLoop] | None = None
        self._started = threading.Lock()
        self._port = settings.port

    @property
    def url(self) -> str:
        """Where it can be reached from this machine."""
        return http_address(_ANY_ADDRESS.get(self.settings.host, self.settings.host), self._port)

    @property
    def key(self) -> str:
        return self.settings.key

    @property
    def secret(self) -> str:
        return self.settings.secret

    # ---- starting and stopping

    async def start(self) -> None:
        """Listen.

        Raises OSError when the port is taken, StoreError when the database cannot be used, RuntimeError when
        this sandbox is running already.
        """
        if not self._started.acquire(blocking=False):
            raise RuntimeError(
                "this sandbox is running already: use the one `with` it was started by, or another Sandbox()"
            )
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise

    async def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.current_thread()
        self._lab = EngageLab(self.settings, self._media_problem)
        self._runner = web.AppRunner(
            application(self._lab, AllowedHosts(self.settings.allow_hosts, self.settings.host)),
            access_log=None,
            handle_signals=False,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_S,
            max_line_size=_REQUEST_LINE_MAX_BYTES,
            logger=_HTTP_LOG,
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self.settings.host, self.settings.port, backlog=1024).start()
        # Listening everywhere at any port, IPv4 and IPv6 have a port each.
        addresses = self._runner.addresses
        self._port = next((at for at in addresses if ":" not in at[0]), addresses[0])[1]

    async def stop(self) -> None:
        """Close every connection and, with a database, write what waits.

        Does nothing when it is not running.
        """
        if self._lab is not None:
            await self._stop()

    async def _stop(self) -> None:
        lab, runner = self._lab, self._runner
        self._lab = self._runner = self._loop = self._loop_thread = None
        try:
            if lab is not None:
                lab.closing.set()
                lab.events.close()
            if runner is not None:
                await runner.cleanup()
            if lab is not None:
                await lab.close()
        finally:
            self._started.release()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="wa_bulk sandbox", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result()
        except BaseException:
            _end_thread(thread, loop)
            raise
        self._own = (thread, loop)
        return self

    def __exit__(self, *error: object) -> None:
        assert self._own is not None
        (thread, loop), self._own = self._own, None
        try:
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result()
        finally:
            _end_thread(thread, loop)

    # ---- looking in and taking part

    def _running(self) -> tuple[EngageLab, asyncio.AbstractEventLoop]:
        lab, loop = self._lab, self._loop
        if lab is None or loop is None:
            raise RuntimeError("the sandbox is not running: use it inside `with Sandbox() as sandbox:`")
        return lab, loop

    def _in_loop(self, ask: Callable[[EngageLab], T]) -> T:
        """Call `ask` in the thread of the sandbox's event loop."""
        lab, loop = self._running()
        _check_runs(loop)
        if self._loop_thread is threading.current_thread():
            return ask(lab)

        async def answer() -> T:
            return ask(lab)

        return asyncio.run_coroutine_threadsafe(answer(), loop).result()

    @property
    def messages(self) -> list[Record]:
        """Every message there is, oldest first."""
        return self._in_loop(lambda lab: lab.queries.records())

    @property
    def stats(self) -> Stats:
        """The counters."""
        return self._in_loop(lambda lab: lab.stats())

    def clear(self) -> None:
        """Delete every message."""
        self._in_loop(lambda lab: lab.clear())

    def reply(self, from_: str, text: str, to: str | None = None) -> Record:
        """Write as a person, which opens their 24-hour window.

        Raises ValueError when a number cannot be read, StoreError when the database cannot be written.
        """
        return self._in_loop(lambda lab: lab.receive_inbound(UserReply(from_=from_, text=text, to=to)))

    def set_faults(self, faults: FaultSettings) -> None:
        """Set the random faults; `FaultSettings()` ends them."""
        self._in_loop(lambda lab: lab.faults.set(faults))

    def set_callbacks(self, callbacks: CallbackSettings) -> None:
        """Set where callbacks go, to any host."""
        self._in_loop(lambda lab: lab.set_callbacks(callbacks))

    def set_delivery(self, delivery: Delivery) -> None:
        """Set how messages taken from now on are delivered."""
        self._in_loop(lambda lab: lab.planner.set(delivery))

    async def settled(self) -> None:
        """Wait until every message has come as far as it will and every callback was posted.

        Needs asyncio, in any event loop; `wait_settled` does not.
        """
        lab, loop = self._running()
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError("settled() needs asyncio: call wait_settled() in a thread instead") from None
        if loop is here:
            await lab.settled()
        else:
            _check_runs(loop)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(lab.settled(), loop))

    def wait_settled(self, timeout_s: float = 30.0) -> None:
        """Do the same for a program without asyncio. Raises TimeoutError."""
        lab, loop = self._running()
        if self._loop_thread is threading.current_thread():
            raise RuntimeError("only a sandbox in a thread, `with Sandbox() as sandbox:`, can be waited for")
        _check_runs(loop)
        asyncio.run_coroutine_threadsafe(lab.settled(), loop).result(timeout_s)


def _check_runs(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_running():
        raise RuntimeError(
            "the event loop of this sandbox is not running now, so it answers nothing: start it with "
            "`with Sandbox() as sandbox:`, or in the event loop that uses it (in pytest, the same loop scope)"
        )


def _end_thread(thread: threading.Thread, loop: asyncio.AbstractEventLoop) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def serve(
    settings: SandboxSettings,
    started: Callable[[Sandbox], None] | None = None,
    media_problem: MediaProblem | None = None,
) -> None:
    """Run until SIGINT or SIGTERM. `started` is called once it listens.

    Raises OSError when the port is taken, StoreError when the database cannot be used.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with Sandbox(settings, media_problem) as sandbox:
        if started is not None:
            started(sandbox)
        await stop.wait()
