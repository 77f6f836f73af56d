"""Carrying out on a connection what a fault asks for."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct

from aiohttp import web

from wa_bulk.sandbox.behaviour import Behaviour, status_title
from wa_bulk.sandbox.refusal import Refusal, refusal_of
from wa_bulk.sandbox.reply import json_reply, refusal_reply

TRICKLE_S = 0.05
_ENVOY_WORDS = (
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
)


def refuse(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    """Answer a request whose message is not taken."""
    match behaviour.kind:
        case "error":
            return refusal_reply(refusal_of(behaviour.value))
        case "text_code":
            body = {"code": str(behaviour.value), "message": {"text": refusal_of(behaviour.value).message}}
            return web.json_response(body, status=400)
        case "too_fast":
            reply = refusal_reply(Refusal(429, "too many requests", 429))
            reply.headers["Retry-After"] = str(behaviour.value)
            return reply
        case "redirect":
            return web.Response(status=behaviour.value, headers={"Location": "/v2/messages"})
        case "gateway":
            return _page(behaviour.value)
        case _:
            return reset(request)


async def reply_to_taken(
    request: web.Request, behaviour: Behaviour, body: bytes, other_request_id: str, closing: asyncio.Event
) -> web.StreamResponse:
    """Answer a request whose message was taken and whose right reply would be `body`.

    `other_request_id` is that of another request. `closing` ends a silence.
    """
    match behaviour.kind:
        case "wait":
            await asyncio.sleep(behaviour.value / 1000)
        case "taken_gateway":
            return _page(behaviour.value)
        case "taken_envoy":
            return web.Response(status=behaviour.value, text=_ENVOY_WORDS)
        case "taken_envelope":
            envelope = {"code": behaviour.value, "message": status_title(behaviour.value)[4:]}
            return web.json_response(envelope, status=behaviour.value)
        case "odd_reply":
            return _odd_reply(behaviour, body, other_request_id)
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


def _odd_reply(behaviour: Behaviour, body: bytes, other_request_id: str) -> web.Response:
    """Build a reply that says that the message was taken, in a form that a strict reader may miss."""
    fields: dict[str, object] = json.loads(body)
    headers = {}
    match behaviour.name:
        case "numeric-message-id":
            fields["message_id"] = int(str(fields["message_id"]))
        case "numeric-request-id":
            fields["request_id"] = 17
        case "altered-echo" if "request_id" in fields:
            own = str(fields["request_id"])
            fields["request_id"] = own[: len(own) // 2] or own * 2
        case "foreign-echo":
            fields["request_id"] = other_request_id
        case "no-echo":
            fields.pop("request_id", None)
    content = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    if behaviour.name == "bom-reply":
        content = b"\xef\xbb\xbf" + content
    if behaviour.name == "gzip-reply":
        content = gzip.compress(content)
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        status=behaviour.value, body=content, content_type="application/json", headers=headers
    )


def _page(status: int) -> web.Response:
    title = status_title(status)
    page = f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
    reply = web.Response(status=status, text=page, content_type="text/html")
    if status == 408:
        reply.force_close()  # RFC 9110, 15.5.9: the server means to close the connection
    return reply


async def _begin(request: web.Request, length: int) -> web.StreamResponse:
    reply = web.StreamResponse(headers={"Content-Type": "application/json"})
    reply.content_length = length
    await reply.prepare(request)
    return reply


def reset(request: web.Request, reply: web.StreamResponse | None = None) -> web.StreamResponse:
    """End the connection with a TCP reset."""
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
