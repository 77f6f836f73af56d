"""The aiohttp application: every route, the inbox's files, and errors as JSON."""

from __future__ import annotations

from importlib.resources import files

from aiohttp import web

from wa_bulk.sandbox.control import CONTROL_ROUTES
from wa_bulk.sandbox.engagelab import EngageLab
from wa_bulk.sandbox.hosts import AllowedHosts
from wa_bulk.sandbox.inspection import INSPECTION_ROUTES
from wa_bulk.sandbox.openapi import encoded
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import json_reply, method_not_allowed, path_not_found, with_error_replies
from wa_bulk.sandbox.route import LAB, Route
from wa_bulk.sandbox.vendor import VENDOR_ROUTES
from wa_bulk.sandbox.webhooks import WEBHOOK_ROUTES

REQUEST_MAX_BYTES = 1024 * 1024


async def openapi(request: web.Request) -> web.StreamResponse:
    return json_reply(encoded(ROUTES))


ROUTES: tuple[Route, ...] = (
    *VENDOR_ROUTES,
    *WEBHOOK_ROUTES,
    *INSPECTION_ROUTES,
    *CONTROL_ROUTES,
    Route(
        method="GET",
        path="/sandbox/openapi.json",
        handler=openapi,
        summary="This document",
        gives=dict[str, object],
    ),
)

_MEDIA_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".txt": "text/plain",
}
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src * data:; media-src *; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def application(lab: EngageLab, hosts: AllowedHosts) -> web.Application:
    """Build the application that serves `lab` over HTTP, to those who call it by one of `hosts`."""
    app = web.Application(client_max_size=REQUEST_MAX_BYTES)
    app[LAB] = lab
    pages = [("GET", path, inbox_file) for path in ("/", "/inbox/{name}")]
    methods: dict[str, set[str]] = {}
    for method, path, handler in [*((route.method, route.path, route.handler) for route in ROUTES), *pages]:
        check = hosts.check if path.startswith("/v1/") else hosts.check_unsigned
        methods.setdefault(path, set()).add(method)
        if method == "GET":
            methods[path].add("HEAD")
            app.router.add_get(path, with_error_replies(handler, check))
        else:
            app.router.add_route(method, path, with_error_replies(handler, check))
    for path, known in methods.items():
        app.router.add_route("*", path, with_error_replies(method_not_allowed(known), hosts.check))
    app.router.add_route("*", "/{anything:.*}", with_error_replies(path_not_found, hosts.check))
    return app


async def inbox_file(request: web.Request) -> web.StreamResponse:
    """Serve the inbox's page and the files it loads."""
    name = request.match_info.get("name", "index.html")
    suffix = name[name.rfind(".") :]
    file = files("wa_bulk.sandbox.inbox").joinpath(name)
    if suffix not in _MEDIA_TYPES or "/" in name or "\\" in name or not file.is_file():
        raise Refusal(404, f"nothing is served at {request.path}", 404)
    return web.Response(
        body=file.read_bytes(), content_type=_MEDIA_TYPES[suffix], charset="utf-8", headers=_PAGE_HEADERS
    )
