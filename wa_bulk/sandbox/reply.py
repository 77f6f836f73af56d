"""Replies as the API writes them: JSON, whatever happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from wa_bulk.api import ErrorReply
from wa_bulk.sandbox.refusal import Refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_encode = msgspec.json.Encoder().encode


def json_reply(body: object, status: int = 200) -> web.Response:
    """`body` as JSON; bytes are taken as they are."""
    payload = body if isinstance(body, bytes) else _encode(body)
    return web.Response(body=payload, status=status, content_type="application/json")


def refusal_reply(refusal: Refusal) -> web.Response:
    """The error body `{"code", "message"}` with its HTTP status."""
    reply = json_reply(ErrorReply(refusal.code, refusal.message), refusal.http_status)
    if refusal.http_status == 401:
        reply.headers["WWW-Authenticate"] = 'Basic realm="EngageLab"'
    return reply


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals, and what aiohttp itself refuses (404, 405, 413 …), into error bodies."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal_reply(refusal)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        if error.status == 405 and request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": error.headers["Allow"]})
        words = {
            404: f"there is nothing at {request.path}",
            405: f"{request.method} is not allowed at {request.path}",
            413: "the request body is too large",
        }
        reply = json_reply(ErrorReply(error.status, words.get(error.status, error.reason)), error.status)
        if "Allow" in error.headers:
            reply.headers["Allow"] = error.headers["Allow"]
        return reply
