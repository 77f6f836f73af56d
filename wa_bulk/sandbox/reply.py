"""Replies as the API writes them: always JSON."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

import msgspec
from aiohttp import web

from wa_bulk.api import ErrorReply
from wa_bulk.sandbox.database import StoreError
from wa_bulk.sandbox.refusal import Refusal, refusal_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger("wa_bulk.sandbox")
_encode = msgspec.json.Encoder().encode


def json_reply(body: object, status: int = 200) -> web.Response:
    """Reply with `body` as JSON; bytes are sent as they are."""
    payload = body if isinstance(body, bytes) else _encode(body)
    return web.Response(body=payload, status=status, content_type="application/json")


def refusal_reply(refusal: Refusal) -> web.Response:
    """Reply with the error body `{"code", "message"}` and its HTTP status."""
    reply = json_reply(ErrorReply(refusal.code, refusal.message), refusal.http_status)
    if refusal.http_status == 401:
        reply.headers["WWW-Authenticate"] = 'Basic realm="EngageLab"'
    return reply


def with_error_replies(handler: Handler, check: Callable[[web.Request], None]) -> Handler:
    """Wrap `handler` so that refusals, aiohttp's own included, become error bodies.

    `check` sees each request first and may raise a Refusal.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            check(request)
            return await handler(request)
        except Refusal as refusal:
            return refusal_reply(refusal)
        except StoreError as error:
            return refusal_reply(Refusal(503, f"the sandbox cannot do that now: {error}", 503))
        except web.HTTPException as error:
            words = "the request body is too large" if error.status == 413 else error.reason
            return refusal_reply(Refusal(error.status, words, error.status))
        except Exception:
            _LOG.exception("%s %s failed", request.method, request.path)
            return refusal_reply(refusal_of(1000))

    return answer


async def path_not_found(request: web.Request) -> web.StreamResponse:
    """Answer 404 for a path that is not served."""
    return refusal_reply(Refusal(404, f"nothing is served at {request.path}", 404))


def method_not_allowed(methods: Iterable[str]) -> Handler:
    """Build a handler that answers 405 for a path's other methods, and OPTIONS with those it has."""
    allowed = ", ".join(sorted({*methods, "OPTIONS"}))

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": allowed})
        reply = refusal_reply(Refusal(405, f"{request.method} is not allowed at {request.path}", 405))
        reply.headers["Allow"] = allowed
        return reply

    return answer
