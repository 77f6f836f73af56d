"""The endpoints that configure the sandbox, and write to it as a person would."""

from __future__ import annotations

import time

import msgspec
from aiohttp import web
from msgspec import Struct

from wa_bulk.api import e164
from wa_bulk.api.callbacks import NotificationReport
from wa_bulk.api.template_definition import Done, TemplateDefinition, TemplateEntry, TemplateStatus
from wa_bulk.sandbox.behaviour import BEHAVIOURS, Behaviour
from wa_bulk.sandbox.callbacks import CallbackSettings, CallbackState
from wa_bulk.sandbox.delivery import Delivery
from wa_bulk.sandbox.faults import FaultSettings
from wa_bulk.sandbox.keys import Key, KeyEntry
from wa_bulk.sandbox.models import Record
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import json_reply
from wa_bulk.sandbox.reports import UserReply, notification_row
from wa_bulk.sandbox.route import LAB, Route, body_as, not_found
from wa_bulk.sandbox.templates import Review, SandboxTemplate


class CallbackReport(Struct, frozen=True):
    """The settings, the secret hidden, and what came of the callbacks so far."""

    settings: CallbackSettings
    delivery: Delivery
    state: CallbackState


class CallbackChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields that are left out go back to their defaults."""

    settings: CallbackSettings = CallbackSettings()
    delivery: Delivery = Delivery()


class FaultReport(Struct, frozen=True):
    """The settings, the seconds left of an outage, and every fault with the recipient that asks for it."""

    settings: FaultSettings
    outage_left_s: float
    behaviours: list[Behaviour]


class TemplateChange(TemplateDefinition, frozen=True, kw_only=True):
    """A template stored as it is, without review."""

    status: TemplateStatus = "APPROVED"


async def reply_as_user(request: web.Request) -> web.StreamResponse:
    reply = await body_as(request, UserReply)
    if not reply.text.strip():
        raise Refusal(3002, "text field must be set correctly: is empty; expected 1 to 4096 characters")
    try:
        record = request.app[LAB].receive_inbound(reply)
    except ValueError as error:
        raise Refusal(3002, f"from and to fields must be set correctly: {error}") from None
    return json_reply(record, 201)


async def get_faults(request: web.Request) -> web.StreamResponse:
    faults = request.app[LAB].faults
    return json_reply(FaultReport(faults.settings, faults.outage_left_s, list(BEHAVIOURS.values())))


async def put_faults(request: web.Request) -> web.StreamResponse:
    request.app[LAB].faults.set(await body_as(request, FaultSettings))
    return await get_faults(request)


async def delete_faults(request: web.Request) -> web.StreamResponse:
    request.app[LAB].faults.set(FaultSettings())
    return await get_faults(request)


async def get_keys(request: web.Request) -> web.StreamResponse:
    return json_reply([key.entry() for key in request.app[LAB].keys])


async def post_key(request: web.Request) -> web.StreamResponse:
    key = await body_as(request, Key)
    if not key.key or ":" in key.key:
        raise Refusal(3002, "key field must be set correctly: expected a name without a colon")
    if key.numbers is not None:
        try:
            key = msgspec.structs.replace(key, numbers=[e164(number) for number in key.numbers])
        except ValueError as error:
            raise Refusal(3002, f"numbers field must be set correctly: {error}") from None
    lab = request.app[LAB]
    lab.keys.put(key)
    lab.save_keys()
    return json_reply(key.entry(), 201)


async def delete_key(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    name = request.match_info["key"]
    if not lab.keys.remove(name):
        raise not_found(f"key {name}")
    lab.save_keys()
    return json_reply(Done())


async def get_templates(request: web.Request) -> web.StreamResponse:
    return json_reply(request.app[LAB].templates.find())


async def put_template(request: web.Request) -> web.StreamResponse:
    change = await body_as(request, TemplateChange)
    lab = request.app[LAB]
    template = lab.templates.put(
        SandboxTemplate(
            change.name, change.language, change.category, change.components, status=change.status
        )
    )
    lab.save_templates()
    return json_reply(template.entry())


async def remove_template(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    name = request.match_info["name"]
    if not lab.templates.has(name):
        raise not_found(f"template {name}")
    lab.templates.delete(name)
    lab.save_templates()
    return json_reply(Done())


async def get_review(request: web.Request) -> web.StreamResponse:
    return json_reply(request.app[LAB].templates.review)


async def put_review(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    lab.templates.review = await body_as(request, Review)
    return json_reply(lab.templates.review)


async def get_callbacks(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    settings = lab.callbacks.settings
    if settings.secret is not None:
        settings = msgspec.structs.replace(settings, secret="…")
    return json_reply(CallbackReport(settings, lab.planner.delivery, lab.callbacks.state))


async def put_callbacks(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    change = await body_as(request, CallbackChange)
    lab.callback_hosts.check(change.settings.url)
    lab.set_callbacks(change.settings)
    lab.planner.set(change.delivery)
    return await get_callbacks(request)


async def probe_callbacks(request: web.Request) -> web.StreamResponse:
    error = await request.app[LAB].callbacks.probe()
    if error is not None:
        raise Refusal(3003, f"the callback address failed: {error}")
    return json_reply(Done())


async def notify(request: web.Request) -> web.StreamResponse:
    report = await body_as(request, NotificationReport)
    request.app[LAB].callbacks.add([notification_row(report, int(time.time()))])
    return json_reply(Done())


CONTROL_ROUTES = [
    Route(
        method="POST",
        path="/sandbox/replies",
        handler=reply_as_user,
        summary="Write to a sending number as a person; opens that person's 24-hour window",
        takes=UserReply,
        gives=Record,
        status=201,
    ),
    Route(
        method="GET",
        path="/sandbox/faults",
        handler=get_faults,
        summary="The random faults, and every fault there is",
        gives=FaultReport,
    ),
    Route(
        method="PUT",
        path="/sandbox/faults",
        handler=put_faults,
        summary="Set the random faults",
        takes=FaultSettings,
        gives=FaultReport,
    ),
    Route(
        method="DELETE",
        path="/sandbox/faults",
        handler=delete_faults,
        summary="End the random faults",
        gives=FaultReport,
    ),
    Route(method="GET", path="/sandbox/keys", handler=get_keys, summary="The API keys", gives=list[KeyEntry]),
    Route(
        method="POST",
        path="/sandbox/keys",
        handler=post_key,
        summary="Add an API key, or change one",
        takes=Key,
        gives=KeyEntry,
        status=201,
    ),
    Route(
        method="DELETE",
        path="/sandbox/keys/{key}",
        handler=delete_key,
        summary="Remove an API key",
        gives=Done,
        refuses=(404,),
    ),
    Route(
        method="GET",
        path="/sandbox/templates",
        handler=get_templates,
        summary="All templates",
        gives=list[TemplateEntry],
    ),
    Route(
        method="PUT",
        path="/sandbox/templates",
        handler=put_template,
        summary="Store a template with any status, without review",
        takes=TemplateChange,
        gives=TemplateEntry,
    ),
    Route(
        method="DELETE",
        path="/sandbox/templates/{name}",
        handler=remove_template,
        summary="Delete every language of a template",
        gives=Done,
        refuses=(404,),
    ),
    Route(
        method="GET",
        path="/sandbox/review",
        handler=get_review,
        summary="How new templates are reviewed",
        gives=Review,
    ),
    Route(
        method="PUT",
        path="/sandbox/review",
        handler=put_review,
        summary="Approve new templates at once, after a while, or never",
        takes=Review,
        gives=Review,
    ),
    Route(
        method="GET",
        path="/sandbox/callbacks",
        handler=get_callbacks,
        summary="Where callbacks go, how messages are delivered, and how many callbacks were missed",
        gives=CallbackReport,
    ),
    Route(
        method="PUT",
        path="/sandbox/callbacks",
        handler=put_callbacks,
        summary="Set where callbacks go and how messages are delivered",
        takes=CallbackChange,
        gives=CallbackReport,
    ),
    Route(
        method="POST",
        path="/sandbox/callbacks/probe",
        handler=probe_callbacks,
        summary="Post the empty request that a new callback address is tried with",
        gives=Done,
        refuses=(400,),
    ),
    Route(
        method="POST",
        path="/sandbox/callbacks/notification",
        handler=notify,
        summary="Post a notification to the callback address",
        takes=NotificationReport,
        gives=Done,
    ),
]
