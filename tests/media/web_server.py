"""A web server for media: files as any server would serve them, and answers that no server should give."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MediaServer:
    """Serves what `put` was given; counts requests by method and path."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.asked: Counter[tuple[str, str]] = Counter()
        self.url = ""

    def put(self, path: str, content: bytes, content_type: str, **headers: str) -> str:
        """Serve `content` at `path`, parts of it too; return the link."""

        async def serve(request: web.Request) -> web.StreamResponse:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            if (etag := given.get("ETag")) and request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers=given)
            part, status = content, 200
            wanted = request.http_range
            if wanted.start is not None:
                part = content[wanted]
                if not part:
                    return web.Response(status=416)
                status, first = 206, wanted.start
                given["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
            response = web.Response(body=part, status=status, headers=given)
            response.headers["Content-Type"] = content_type
            return response

        return self.on(path, serve)

    def on(self, path: str, handler: Handler) -> str:
        """Have `handler` answer at `path`; return the link."""
        self.handlers[path] = handler
        return self.url + path

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.method, request.path] += 1
        handler = self.handlers.get(request.path)
        return await handler(request) if handler is not None else web.Response(status=404)


@asynccontextmanager
async def media_server() -> AsyncIterator[MediaServer]:
    server = MediaServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server._answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sockets: Any = site._server
    server.url = f"http://127.0.0.1:{sockets.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Serve whatever `answer` writes."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
