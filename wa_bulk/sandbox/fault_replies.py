"""Carrying out on a connection what a behaviour asks for."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from wa_bulk.sandbox.behaviour import Behaviour
from wa_bulk.sandbox.refusal import Refusal, documented
from wa_bulk.sandbox.reply import json_reply, refusal_reply

TRICKLE_S = 0.05
_GATEWAY_TITLES = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def refuse(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    """The answer of a behaviour by which the message is not taken."""
    match behaviour.kind:
        case "error":
            return refusal_reply(documented(behaviour.value))
        case "too_fast":
            reply = refusal_reply(Refusal(429, "too many requests", 429))
            reply.headers["Retry-After"] = str(behaviour.value)
            return reply
        case "gateway":
            title = f"{behaviour.value} {_GATEWAY_TITLES[behaviour.value]}"
            page = f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
            return web.Response(status=behaviour.value, text=page, content_type="text/html")
        case _:
            return reset(request)


async def reply_badly(
    request: web.Request, behaviour: Behaviour, body: bytes, closing: asyncio.Event
) -> web.StreamResponse:
    """What is done to the reply `body` of a message that was taken. `closing` ends a silence."""
    match behaviour.kind:
        case "wait":
            await asyncio.sleep(behaviour.value / 1000)
        case "reset_after":
            return reset(request)
        case "close_after":
            return _close(request)
        case "silence":
            await closing.wait()
            return reset(request)
        case "half":
            reply = await _begin(request, len(body))
            await reply.write(body[: len(body) // 2])
            return reset(request, reply)
        case "slow":
            reply = await _begin(request, len(body))
            for byte in body:
                await reply.write(bytes((byte,)))
                await asyncio.sleep(TRICKLE_S)
            return reply
        case "garbage":
            return web.Response(
                text="<html><body>Welcome to the Wi-Fi</body></html>", content_type="text/html"
            )
        case "empty":
            return web.Response()
    return json_reply(body)


async def _begin(request: web.Request, length: int) -> web.StreamResponse:
    reply = web.StreamResponse(headers={"Content-Type": "application/json"})
    reply.content_length = length
    await reply.prepare(request)
    return reply


def reset(request: web.Request, reply: web.StreamResponse | None = None) -> web.StreamResponse:
    """Ends the connection with a TCP reset."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return reply or web.Response()


def _close(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()
