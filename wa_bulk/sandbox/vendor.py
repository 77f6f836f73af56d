"""The vendor's endpoints: sending and template management."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web
from msgspec import UNSET, Struct, UnsetType

from wa_bulk.api import Message, SendReply
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
from wa_bulk.sandbox.engagelab import EngageLab
from wa_bulk.sandbox.fault_replies import refuse, reply_badly
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import json_reply
from wa_bulk.sandbox.route import LAB, Route, body_as, query_as


async def send(request: web.Request) -> web.StreamResponse:
    """Takes a message, or says in the vendor's words why not."""
    lab = request.app[LAB]
    lab.arrivals.note()
    fault, latency_ms = lab.faults.next() if lab.faults.active else (None, 0.0)
    if fault is not None and fault.refuses:
        return await _refused_on_purpose(request, lab, fault, latency_ms)
    payload = await request.read()
    try:
        key = lab.keys.authenticate(request.headers.get("Authorization"))
        message = read_message(payload, request.content_type)
        key.allow_sender(message.from_)
        fault = fault or _called_for(message)
        if fault is not None and fault.refuses:
            return await _refused_on_purpose(request, lab, fault, latency_ms)
        reply, travellers = lab.accept(message, payload, headers_as_json(request), key)
    except Refusal:
        lab.refused += 1
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        raise
    early = lab.depart(travellers)
    if early:
        await lab.callbacks.post(early)
    if latency_ms:
        await asyncio.sleep(latency_ms / 1000)
    if fault is not None:
        return await reply_badly(request, fault, reply, lab.closing)
    return json_reply(reply)


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
    """What the first of the recipients that calls for something at the API calls for."""
    for number in message.recipients:
        behaviour = behaviour_of(number)
        if behaviour is not None and behaviour.kind not in ("journey", "callbacks"):
            return behaviour
    return None


_HEADERS_NOT_KEPT = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
_HEADERS_CACHED = 1_000
_headers_json: dict[tuple[tuple[bytes, bytes], ...], str] = {}


def headers_as_json(request: web.Request) -> str:
    """The request's headers as a JSON object, without those that hold secrets."""
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
    """`name` is found anywhere in a template's name; the others must be equal."""

    name: str | UnsetType = UNSET
    language_code: str | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    status: TemplateStatus | UnsetType = UNSET


async def list_templates(request: web.Request) -> web.StreamResponse:
    lab = _signed_in(request)
    query = query_as(request, TemplateQuery)
    found = lab.templates.find(
        query.name or None, query.language_code or None, query.category or None, query.status or None
    )
    return json_reply(found)


async def get_template(request: web.Request) -> web.StreamResponse:
    lab = _signed_in(request)
    return json_reply(lab.templates.get(request.match_info["id"]).entry())


async def create_template(request: web.Request) -> web.StreamResponse:
    lab = _signed_in(request)
    template = lab.templates.create(await body_as(request, TemplateDefinition))
    lab.keep_templates()
    return json_reply(TemplateCreated(template.id))


async def update_template(request: web.Request) -> web.StreamResponse:
    lab = _signed_in(request)
    lab.templates.update(request.match_info["id"], await body_as(request, TemplateUpdate))
    lab.keep_templates()
    return json_reply(Done())


async def delete_template(request: web.Request) -> web.StreamResponse:
    lab = _signed_in(request)
    lab.templates.delete(request.match_info["id"])
    lab.keep_templates()
    return json_reply(Done())


def _signed_in(request: web.Request) -> EngageLab:
    lab = request.app[LAB]
    lab.keys.authenticate(request.headers.get("Authorization"))
    return lab


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
