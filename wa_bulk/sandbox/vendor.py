"""The vendor's endpoints: sending and template management."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import hdrs, web
from msgspec import UNSET, Struct, UnsetType

from wa_bulk.api import Message, SendReply
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.api.template_definition import (
    Category,
    Done,
    TemplateCreated,
    TemplateDefinition,
    TemplateEntry,
    TemplateStatus,
    TemplateUpdate,
)
from wa_bulk.sandbox.behaviour import Behaviour, behaviour_of
from wa_bulk.sandbox.checks import read_message
from wa_bulk.sandbox.database import StoreError
from wa_bulk.sandbox.engagelab import EngageLab
from wa_bulk.sandbox.fault_replies import refuse, reply_to_taken
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import json_reply
from wa_bulk.sandbox.route import LAB, Route, body_as, query_as, signed_in
from wa_bulk.sandbox.transit import InTransit


async def send(request: web.Request) -> web.StreamResponse:
    """Take a message, or refuse it as the vendor would."""
    lab = request.app[LAB]
    lab.request_rate.count()
    fault, latency_ms = lab.faults.next() if lab.faults.active else (None, 0.0)
    if fault is not None and fault.refuses:
        return await _refused_on_purpose(request, lab, fault, latency_ms)
    payload = await request.read()
    try:
        key = lab.keys.authenticate(request.headers.get(hdrs.AUTHORIZATION))
        message = read_message(payload, request.content_type)
        key.allow_sender(message.from_)
        fault = fault or _called_for(message)
        if fault is not None and fault.refuses:
            return await _refused_on_purpose(request, lab, fault, latency_ms)
        numeric_id = fault is not None and fault.name == "numeric-message-id"
        media_problem = await lab.media_problem(message) if lab.media_problem is not None else None
        reply, in_transit = lab.accept(
            message,
            payload,
            headers_as_json(request),
            key,
            numeric_id=numeric_id,
            media_problem=media_problem,
        )
    except Refusal:
        lab.refused += 1
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        raise
    if lab.store.durable:
        early = await _committed(lab, in_transit)
    else:
        early = lab.start_delivery(in_transit)
    if early:
        await lab.callbacks.post(early)
    if latency_ms:
        await asyncio.sleep(latency_ms / 1000)
    if fault is not None:
        other_request_id = lab.other_request_id(message.request_id)
        return await reply_to_taken(request, fault, reply, other_request_id, lab.closing)
    return json_reply(reply)


async def _committed(lab: EngageLab, in_transit: list[InTransit]) -> list[CallbackRow]:
    """Start deliveries once their messages are committed. Raises StoreError when they cannot be."""
    # Shielded, so that a client that disconnects now does not leave a message without its delivery.
    task = asyncio.ensure_future(lab.start_after(lab.writer.next_commit(), in_transit))
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        return await asyncio.shield(task)
    except StoreError:
        lab.refused += 1
        raise


async def _refused_on_purpose(
    request: web.Request, lab: EngageLab, fault: Behaviour, latency_ms: float
) -> web.StreamResponse:
    lab.refused += 1
    if fault.kind != "reset_before":
        await request.read()
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
    return refuse(request, fault)


def _called_for(message: Message) -> Behaviour | None:
    """Return the fault of the first recipient that asks for one at the API."""
    for number in message.recipients:
        behaviour = behaviour_of(number)
        if behaviour is not None and behaviour.at_the_api:
            return behaviour
    return None


_HEADERS_NOT_KEPT = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
_HEADERS_CACHED = 1_000
_headers_json: dict[tuple[tuple[bytes, bytes], ...], str] = {}


def headers_as_json(request: web.Request) -> str:
    """Encode the request's headers as a JSON object, without those that hold secrets."""
    raw = request.raw_headers
    cached = _headers_json.get(raw)
    if cached is not None:
        return cached
    headers: dict[str, str] = {}
    for name, value in raw:
        if name.lower() not in _HEADERS_NOT_KEPT:
            key, text = name.decode("ascii", "replace"), value.decode("utf-8", "replace")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    if len(_headers_json) >= _HEADERS_CACHED:
        _headers_json.clear()
    encoded = _headers_json[raw] = msgspec.json.encode(headers).decode()
    return encoded


class TemplateQuery(Struct, frozen=True):
    """`name` matches any part of a template's name; the others must be equal."""

    name: str | UnsetType = UNSET
    language_code: str | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    status: TemplateStatus | UnsetType = UNSET


async def list_templates(request: web.Request) -> web.StreamResponse:
    lab = signed_in(request)
    query = query_as(request, TemplateQuery)
    found = lab.templates.find(
        query.name or None, query.language_code or None, query.category or None, query.status or None
    )
    return json_reply(found)


async def get_template(request: web.Request) -> web.StreamResponse:
    lab = signed_in(request)
    return json_reply(lab.templates.get(request.match_info["id"]).entry())


async def create_template(request: web.Request) -> web.StreamResponse:
    lab = signed_in(request)
    template = lab.templates.create(await body_as(request, TemplateDefinition))
    lab.save_templates()
    return json_reply(TemplateCreated(template.id))


async def update_template(request: web.Request) -> web.StreamResponse:
    lab = signed_in(request)
    lab.templates.update(request.match_info["id"], await body_as(request, TemplateUpdate))
    lab.save_templates()
    return json_reply(Done())


async def delete_template(request: web.Request) -> web.StreamResponse:
    lab = signed_in(request)
    lab.templates.delete(request.match_info["id"])
    lab.save_templates()
    return json_reply(Done())


VENDOR_ROUTES = [
    Route(
        method="POST",
        path="/v1/messages",
        handler=send,
        summary="Send a message",
        takes=Message,
        gives=SendReply,
        refuses=(401, 403, 413, 500),
    ),
    Route(
        method="GET",
        path="/v1/templates",
        handler=list_templates,
        summary="List the templates that match",
        query=TemplateQuery,
        gives=list[TemplateEntry],
        refuses=(401,),
    ),
    Route(
        method="GET",
        path="/v1/templates/{id}",
        handler=get_template,
        summary="Get one template",
        gives=TemplateEntry,
        refuses=(401,),
    ),
    Route(
        method="POST",
        path="/v1/templates",
        handler=create_template,
        summary="Create a template and send it to review",
        takes=TemplateDefinition,
        gives=TemplateCreated,
        refuses=(401, 413),
    ),
    Route(
        method="PUT",
        path="/v1/templates/{id}",
        handler=update_template,
        summary="Change a template and send it to review again",
        takes=TemplateUpdate,
        gives=Done,
        refuses=(401, 413),
    ),
    Route(
        method="DELETE",
        path="/v1/templates/{id}",
        handler=delete_template,
        summary="Delete every language of the template of this name",
        gives=Done,
        refuses=(401,),
    ),
]
