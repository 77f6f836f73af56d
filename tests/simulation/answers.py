"""Every kind of answer there is, as `API.md`'s table has them, written down a second time.

This is the simulated world's own opinion of what an answer proves; nothing of the package is asked.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

Evidence = Literal["taken", "try again", "final", "nothing"]
"""What a sender may conclude: the message was taken; it was not, and may be sent again at once; it was not,
and must not be sent again now; nothing."""

OTHER_5XX = (502, 504, 520, 522, 524, 527, 531, 555, 561, 598, 599)
NOT_DONE = (500, 501, 503, *range(505, 512), 529)
NOT_REACHED = (521, 523, 525, 526, 530)
UNKNOWN_CODES = (1, 1001, 3999, 4002, 7777, 131049)
PAGE = b"<html><head><title>Error</title></head><body>nginx</body></html>"


class Request(NamedTuple):
    """What an answer may depend on."""

    request_id: str
    message_id: str
    """The one that the server gives the message if it takes it."""
    secret: str
    """What the request's Authorization header held."""
    chance: random.Random


class Answer(NamedTuple):
    """What the server sends back. `retry_after` in seconds."""

    status: int
    body: bytes
    retry_after: float | None = None


class Kind(NamedTuple):
    """A row of the table. `taken`: how likely the server took the message although it answers so."""

    name: str
    evidence: Evidence
    taken: float
    make: Callable[[Request], Answer]
    gateway: bool = False
    """Whether `gateway_errors` speaks of it."""
    throttles: bool = False
    """Whether it asks the sending number to wait."""
    stops: bool = False
    """Whether it is likely to end the run."""


def odd_json(request: Request, fields: dict[str, object]) -> bytes:
    """Write a JSON object as servers and proxies do: plainly, mostly."""
    body = json.dumps(fields).encode()
    match request.chance.randrange(10):
        case 0:
            return b"\xef\xbb\xbf" + body
        case 1:
            return gzip.compress(body, 1, mtime=0)
        case 2:
            return b"\r\n  " + body + b"\n"
        case _:
            return body


def no_words(request: Request) -> bytes:
    """Write what says nothing: an empty body, a page, an object without a code, or half of one."""
    return request.chance.choice(
        [b"", PAGE, b"{}", b"null", b"[]", b'{"mess', b"upstream timeout", b"\xff\x00"]
    )


def _plain(request: Request) -> Answer:
    return Answer(
        200, json.dumps({"message_id": request.message_id, "request_id": request.request_id}).encode()
    )


def _odd(request: Request) -> Answer:
    """Accept in a way that is a little off, and an acceptance all the same."""
    chance = request.chance
    fields: dict[str, object] = {"message_id": request.message_id}
    if chance.random() < 0.5:
        fields["message_id"] = int(request.message_id)
    match chance.randrange(5):
        case 0:
            fields["request_id"] = 17
        case 1:
            fields["request_id"] = request.request_id
        case 2:
            fields["request_id"] = f"{request.request_id}~"
        case 3:
            fields["request_id"] = {"id": request.request_id}
    if chance.random() < 0.3:
        fields |= {"code": 0, "message": "success", "extra": [1, 2]}
    return Answer(chance.choice([200, 200, 201, 202, 207]), odd_json(request, fields))


def _no_message_id(request: Request) -> Answer:
    chance = request.chance
    without_id: list[dict[str, object]] = [
        {"message_id": None},
        {"message_id": ""},
        {"code": 0},
        {"request_id": request.request_id},
    ]
    fields = chance.choice(without_id)
    body = no_words(request) if chance.random() < 0.5 else odd_json(request, fields)
    return Answer(chance.choice([200, 200, 202, 204]), body)


def code(number: int, *statuses: int) -> Callable[[Request], Answer]:
    """Answer with the vendor's code, mostly at the status that the vendor gives it."""

    def make(request: Request) -> Answer:
        chance = request.chance
        shown: object = chance.choice([number, number, number, str(number), float(number)])
        words: object = chance.choice(
            ["refused", {"detail": "refused"}, f"key {request.secret} refused", None, "…"]
        )
        status = (
            statuses[0] if chance.random() < 0.8 else chance.choice([200, 400, 403, 404, 500, 502, *statuses])
        )
        return Answer(status, odd_json(request, {"code": shown, "message": words}))

    return make


def bare(*statuses: int) -> Callable[[Request], Answer]:
    """Answer with one of these statuses and no code, or with the status for a code, as gateways do."""

    def make(request: Request) -> Answer:
        status = request.chance.choice(statuses)
        if request.chance.random() < 0.2:
            return Answer(status, odd_json(request, {"code": status, "message": "Bad Gateway"}))
        return Answer(status, no_words(request))

    return make


def _unavailable(request: Request) -> Answer:
    return Answer(503, no_words(request), request.chance.choice([None, 1.0, 7.0]))


def _envoy(request: Request) -> Answer:
    return Answer(
        503,
        b"upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    )


def _unknown_code(*statuses: int) -> Callable[[Request], Answer]:
    def make(request: Request) -> Answer:
        chance = request.chance
        return Answer(
            chance.choice(statuses),
            odd_json(request, {"code": chance.choice(UNKNOWN_CODES), "message": "no"}),
        )

    return make


def too_fast(*waits: float | None) -> Callable[[Request], Answer]:
    """Throttle, with one of these for Retry-After."""

    def make(request: Request) -> Answer:
        chance = request.chance
        wait = chance.choice(waits)
        if chance.random() < 0.5:
            body = no_words(request)
            if chance.random() < 0.3:
                body = odd_json(request, {"code": chance.choice(UNKNOWN_CODES), "message": "slow down"})
            return Answer(429, body, wait)
        number = chance.choice([3004, 23008])
        return Answer(
            chance.choice([400, 429, 200]), odd_json(request, {"code": number, "message": "fast"}), wait
        )

    return make


ACCEPTED = Kind("accepted", "taken", 1.0, _plain)

KINDS: Sequence[Kind] = (
    Kind("accepted, oddly", "taken", 1.0, _odd),
    Kind("2xx, no message_id", "nothing", 0.7, _no_message_id),
    Kind("code 1000", "try again", 0.0, code(1000, 500)),
    Kind("5xx, not done", "try again", 0.0, bare(*NOT_DONE)),
    Kind("5xx with an unknown code", "try again", 0.0, _unknown_code(*NOT_DONE)),
    Kind("503 with Retry-After", "try again", 0.0, _unavailable),
    Kind("503 in Envoy's words", "nothing", 0.5, _envoy, gateway=True),
    Kind("5xx, not reached", "try again", 0.0, bare(*NOT_REACHED)),
    Kind("gateway", "nothing", 0.5, bare(*OTHER_5XX), gateway=True),
    Kind("gateway with an unknown code", "nothing", 0.5, _unknown_code(*OTHER_5XX), gateway=True),
    Kind("no HTTP status", "nothing", 0.5, bare(600, 799, 999), gateway=True),
    Kind("4xx, not processed", "try again", 0.0, bare(408, 421, 425)),
    Kind("too fast", "try again", 0.0, too_fast(None, 1.0, 3.0, 20.0), throttles=True),
    Kind("too fast for long", "try again", 0.0, too_fast(120.0, 3600.0, 86400.0), throttles=True, stops=True),
    Kind("2001", "final", 0.0, code(2001, 401), stops=True),
    Kind("2002", "final", 0.0, code(2002, 401), stops=True),
    Kind("2003", "final", 0.0, code(2003, 400), stops=True),
    Kind("no key", "final", 0.0, bare(401, 407), stops=True),
    Kind("2004", "final", 0.0, code(2004, 403), stops=True),
    Kind("3001", "final", 0.0, code(3001, 400)),
    Kind("3002", "final", 0.0, code(3002, 400)),
    Kind("3003", "final", 0.0, code(3003, 400)),
    Kind("5002", "final", 0.0, code(5002, 400)),
    Kind("4001", "final", 0.0, code(4001, 400), stops=True),
    Kind("redirect", "final", 0.0, bare(301, 302, 304, 307, 308), stops=True),
    Kind("wrong address", "final", 0.0, bare(404, 405, 415), stops=True),
    Kind("too large", "final", 0.0, bare(413, 414, 431)),
    Kind("4xx", "final", 0.0, bare(400, 403, 409, 410, 418, 422, 451)),
    Kind("4xx with an unknown code", "final", 0.0, _unknown_code(400, 403, 404, 408, 422)),
)
"""All answers but the plain acceptance."""

BY_NAME = {kind.name: kind for kind in (ACCEPTED, *KINDS)}
