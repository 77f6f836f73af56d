"""Running the receiver as a program of its own."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from wa_bulk.callbacks.connections import Connections
from wa_bulk.callbacks.limits import Limits

_DRAIN_S = 10.0
_LINGER_S = 1.0
_BACKLOG = 1024
_FILES_FOR_OTHERS = 64
_HTTP_LOG = logging.getLogger("wa_bulk.callbacks.http")
_HTTP_LOG.setLevel(logging.CRITICAL)  # what is no HTTP is the client's affair, not a traceback here


@asynccontextmanager
async def listening(
    app: web.Application,
    host: str,
    port: int,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> AsyncIterator[int]:
    """Serve `app` within, and yield the port; on leaving, finish the requests that are being worked on.

    Raises OSError where that address cannot be listened on.
    """
    connections = Connections(_affordable(limits))
    app.middlewares.append(connections.middleware)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,  # the application does it, and keeps aside what cannot be unpacked
        handle_signals=False,
        keepalive_timeout=limits.idle_s,
        lingering_time=_LINGER_S,
        shutdown_timeout=_DRAIN_S,
        logger=_HTTP_LOG,
    )
    await runner.setup()
    try:
        assert runner.server is not None
        connections.start(runner.server)
        server = await asyncio.get_running_loop().create_server(
            connections, host, port, backlog=_BACKLOG, reuse_address=sys.platform != "win32"
        )
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await connections.drain(_DRAIN_S)
            connections.close()
    finally:
        await runner.cleanup()


def _affordable(limits: Limits) -> Limits:
    """Return the limits with no more connections than the process may have open files."""
    if sys.platform == "win32":
        return limits
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return limits
    connections = max(1, min(limits.connections, files - _FILES_FOR_OTHERS))
    return msgspec.structs.replace(limits, connections=connections)
