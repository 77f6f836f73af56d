"""A route as data: what the server answers with and what its description says come from the same row."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from wa_bulk.api.validation import misfit
from wa_bulk.sandbox.checks import check_json, refused
from wa_bulk.sandbox.engagelab import EngageLab
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import Handler

LAB: web.AppKey[EngageLab] = web.AppKey("lab", EngageLab)
T = TypeVar("T")


class Route(Struct, frozen=True, kw_only=True):
    """One method at one path.

    `query`, `takes` and `gives` are the types of the query string, the request's JSON and the reply's.
    `refuses` are the HTTP statuses of refusals, other than 400 for malformed requests.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    query: type[Struct] | None = None
    takes: object = None
    gives: object = None
    status: int = 200
    refuses: tuple[int, ...] = ()
    media: str = "application/json"


async def body_as(request: web.Request, kind: type[T]) -> T:
    """Decode the request's JSON as `kind`.

    Raises Refusal 3001 when it is not JSON, 3002 when it does not fit.
    """
    payload = await request.read()
    check_json(payload, request.content_type)
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as error:
        raise refused(misfit(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(3001, f"the request body is not JSON: {error}") from None


def query_as(request: web.Request, kind: type[T]) -> T:
    """Convert the query string to `kind`. Raises Refusal 3002 when it does not fit."""
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise refused(misfit(str(error))) from None


def signed_in(request: web.Request) -> EngageLab:
    """Return the account whose key the request names. Raises Refusal 2001 to 2003."""
    lab = request.app[LAB]
    lab.keys.authenticate(request.headers.get(hdrs.AUTHORIZATION))
    return lab


def id_in_path(request: web.Request) -> int:
    """Parse the `{id}` of the path. Raises Refusal 4001 with 404 when it is not an id."""
    text = request.match_info["id"]
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise not_found(f"message {text}")
    return int(text)


def not_found(what: str) -> Refusal:
    return Refusal(4001, f"{what} does not exist", 404)
