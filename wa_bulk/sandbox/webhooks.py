"""Registering a callback address over the API, as third-party clients of EngageLab do it.

The endpoint is not on the vendor's page; the empty request that a new address is tried with is.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from wa_bulk.sandbox.callbacks import URL_PATTERN
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import json_reply
from wa_bulk.sandbox.route import Route, body_as, signed_in


class Webhook(Struct, frozen=True, kw_only=True):
    """Post callbacks to `notify_url`; those in `select_events` alone, where any are named."""

    notify_url: Annotated[str, Meta(pattern=URL_PATTERN)]
    description: str = ""
    select_events: list[str] = []


class WebhookCreated(Struct, frozen=True):
    webhook_id: str


async def create_webhook(request: web.Request) -> web.StreamResponse:
    """Try the address with an empty request, then post callbacks there instead of the address before."""
    lab = signed_in(request)
    webhook = await body_as(request, Webhook)
    lab.callback_hosts.check(webhook.notify_url)
    error = await lab.callbacks.probe(webhook.notify_url)
    if error is not None:
        raise Refusal(
            3003,
            f"notify_url field must be set correctly: {error}; expected an address that answers an empty "
            "POST request with HTTP 200 within 3 seconds",
        )
    lab.set_callbacks(
        msgspec.structs.replace(lab.callbacks.settings, url=webhook.notify_url, events=webhook.select_events)
    )
    return json_reply(WebhookCreated(lab.new_id()))


WEBHOOK_ROUTES = [
    Route(
        method="POST",
        path="/v1/webhooks",
        handler=create_webhook,
        summary="Register the callback address",
        takes=Webhook,
        gives=WebhookCreated,
        refuses=(401, 413),
    )
]
