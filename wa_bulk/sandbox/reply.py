"""Replies as the API writes them: JSON, whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

import msgspec
from aiohttp import web

from wa_bulk.api import ErrorReply
from wa_bulk.sandbox.refusal import Refusal, documented

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger("wa_bulk.sandbox")
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


def refusing(handler: Handler) -> Handler:
    """`handler`, whose refusals become error bodies, as does what aiohttp refuses in its name."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal_reply(refusal)
        except web.HTTPException as error:
            words = "the request body is too large" if error.status == 413 else error.reason
            return refusal_reply(Refusal(error.status, words, error.status))
        except Exception:
            _LOG.exception("%s %s broke the sandbox", request.method, request.path)
            return refusal_reply(documented(1000))

    return answer


async def nothing_there(request: web.Request) -> web.StreamResponse:
    """404 for every path that is not served."""
    return refusal_reply(Refusal(404, f"there is nothing at {request.path}", 404))


def only(methods: Iterable[str]) -> Handler:
    """405 for the other methods of a path, and OPTIONS, which names those there are."""
    allowed = ", ".join(sorted({*methods, "OPTIONS"}))

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": allowed})
        reply = refusal_reply(Refusal(405, f"{request.method} is not allowed at {request.path}", 405))
        reply.headers["Allow"] = allowed
        return reply

    return answer
