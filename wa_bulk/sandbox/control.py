"""The sandbox's own endpoints: looking into it, and making it behave as wanted."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from wa_bulk.api import e164
from wa_bulk.api.callback import NotificationReport
from wa_bulk.api.definition import Done, TemplateDefinition, TemplateEntry, TemplateStatus
from wa_bulk.sandbox.behaviour import BEHAVIOURS, Behaviour
from wa_bulk.sandbox.callbacks import CallbackSettings, CallbackState
from wa_bulk.sandbox.engagelab import Stats
from wa_bulk.sandbox.faults import FaultSettings
from wa_bulk.sandbox.journey import Delivery
from wa_bulk.sandbox.keys import Key, KeyEntry
from wa_bulk.sandbox.record import Detail, Record, Status, Type
from wa_bulk.sandbox.refusal import Refusal
from wa_bulk.sandbox.reply import json_reply
from wa_bulk.sandbox.reports import UserReply, notification_row
from wa_bulk.sandbox.route import LAB, Route, body_as, id_in_path, not_there, query_as
from wa_bulk.sandbox.store import ConversationPage, Filter, MessagePage
from wa_bulk.sandbox.templates import Review, SandboxTemplate

RowId = Annotated[int, Meta(ge=0, le=2**62)]


class PageQuery(Struct, frozen=True):
    before: RowId | UnsetType = UNSET
    after: RowId | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class MessagesQuery(PageQuery, frozen=True):
    """`q` is looked for in numbers, template names and texts; `duplicates` leaves only what came twice."""

    q: str | UnsetType = UNSET
    to: str | UnsetType = UNSET
    template: str | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    type: Type | UnsetType = UNSET
    duplicates: bool = False


class ConversationsQuery(Struct, frozen=True):
    q: str | UnsetType = UNSET
    before: RowId | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class CallbackReport(Struct, frozen=True):
    """The settings, a secret hidden, and what came of them."""

    settings: CallbackSettings
    delivery: Delivery
    state: CallbackState


class CallbackChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out goes back to its default."""

    settings: CallbackSettings = CallbackSettings()
    delivery: Delivery = Delivery()


class FaultReport(Struct, frozen=True):
    """The settings, what is left of an outage, and every behaviour there is, with its magic recipient."""

    settings: FaultSettings
    outage_left_s: float
    behaviours: list[Behaviour]


class TemplateChange(TemplateDefinition, frozen=True, kw_only=True):
    """A template put in place as it is, whatever a review would say."""

    status: TemplateStatus = "APPROVED"


async def messages(request: web.Request) -> web.StreamResponse:
    query = query_as(request, MessagesQuery)
    chosen = Filter(
        q=query.q or None,
        contact=_contact(query.to or None),
        template=query.template or None,
        status=query.status or None,
        type=query.type or None,
        duplicates=query.duplicates,
    )
    return _page(request, chosen, query)


async def message(request: web.Request) -> web.StreamResponse:
    number = id_in_path(request)
    found = request.app[LAB].store.detail(number)
    if found is None:
        raise not_there(f"message {number}")
    return json_reply(found)


async def clear(request: web.Request) -> web.StreamResponse:
    request.app[LAB].clear()
    return json_reply(Done())


async def conversations(request: web.Request) -> web.StreamResponse:
    query = query_as(request, ConversationsQuery)
    before = None if query.before is UNSET else query.before
    return json_reply(request.app[LAB].store.conversations(query.q or None, before, query.limit))


async def conversation(request: web.Request) -> web.StreamResponse:
    query = query_as(request, PageQuery)
    chosen = Filter(contact=_contact(request.match_info["contact"]))
    return _page(request, chosen, query)


def _page(request: web.Request, chosen: Filter, query: PageQuery) -> web.StreamResponse:
    before = None if query.before is UNSET else query.before
    after = None if query.after is UNSET else query.after
    return json_reply(request.app[LAB].store.page(chosen, before, after, query.limit))


async def events(request: web.Request) -> web.StreamResponse:
    return await request.app[LAB].events.serve(request)


async def stats(request: web.Request) -> web.StreamResponse:
    return json_reply(request.app[LAB].stats())


async def reply_as_user(request: web.Request) -> web.StreamResponse:
    reply = await body_as(request, UserReply)
    if not reply.text.strip():
        raise Refusal(3002, "text field must be set correctly: is empty; expected 1 to 4096 characters")
    try:
        known = msgspec.structs.replace(reply, from_=e164(reply.from_), to=_number(reply.to))
    except ValueError as error:
        raise Refusal(3002, f"from field must be set correctly: {error}") from None
    return json_reply(request.app[LAB].hear(known), 201)


def _number(text: str | None) -> str | None:
    return None if text is None else e164(text)


def _contact(text: str | None) -> str | None:
    """The number as it is kept; what cannot be read as one is found nowhere."""
    try:
        return _number(text)
    except ValueError:
        return text


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
    lab.keep_keys()
    return json_reply(key.entry(), 201)


async def delete_key(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    name = request.match_info["key"]
    if not lab.keys.remove(name):
        raise not_there(f"key {name}")
    lab.keep_keys()
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
    lab.keep_templates()
    return json_reply(template.entry())


async def remove_template(request: web.Request) -> web.StreamResponse:
    lab = request.app[LAB]
    name = request.match_info["name"]
    if not lab.templates.has(name):
        raise not_there(f"template {name}")
    lab.templates.delete(name)
    lab.keep_templates()
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
    lab.callbacks.settings = change.settings
    lab.planner.set(change.delivery)
    return await get_callbacks(request)


async def probe_callbacks(request: web.Request) -> web.StreamResponse:
    error = await request.app[LAB].callbacks.probe()
    if error is not None:
        raise Refusal(3003, f"the callback address does not do: {error}")
    return json_reply(Done())


async def notify(request: web.Request) -> web.StreamResponse:
    report = await body_as(request, NotificationReport)
    request.app[LAB].callbacks.add([notification_row(report, int(time.time()))])
    return json_reply(Done())


CONTROL_ROUTES = [
    Route(
        method="GET",
        path="/sandbox/messages",
        handler=messages,
        summary="The messages that match, newest first",
        query=MessagesQuery,
        gives=MessagePage,
    ),
    Route(
        method="DELETE",
        path="/sandbox/messages",
        handler=clear,
        summary="Forget every message",
        gives=Done,
    ),
    Route(
        method="GET",
        path="/sandbox/messages/{id}",
        handler=message,
        summary="One message with the request and reply behind it",
        gives=Detail,
        refuses=(404,),
    ),
    Route(
        method="GET",
        path="/sandbox/conversations",
        handler=conversations,
        summary="The people written to or heard from, newest first",
        query=ConversationsQuery,
        gives=ConversationPage,
    ),
    Route(
        method="GET",
        path="/sandbox/conversations/{contact}/messages",
        handler=conversation,
        summary="The messages to and from one person, newest first",
        query=PageQuery,
        gives=MessagePage,
    ),
    Route(
        method="GET",
        path="/sandbox/events",
        handler=events,
        summary="Live news as Server-Sent Events: message, status, cleared, stats, reload",
        gives=str,
        media="text/event-stream",
    ),
    Route(method="GET", path="/sandbox/stats", handler=stats, summary="The counters", gives=Stats),
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
        summary="What goes wrong at random, and all that can",
        gives=FaultReport,
    ),
    Route(
        method="PUT",
        path="/sandbox/faults",
        handler=put_faults,
        summary="Have things go wrong at random",
        takes=FaultSettings,
        gives=FaultReport,
    ),
    Route(
        method="DELETE",
        path="/sandbox/faults",
        handler=delete_faults,
        summary="Have nothing go wrong any more",
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
        summary="Put a template in place with any status, without review",
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
    Route(method="GET", path="/sandbox/review", handler=get_review, summary="How reviews go", gives=Review),
    Route(
        method="PUT",
        path="/sandbox/review",
        handler=put_review,
        summary="Have reviews of templates approve at once, after a while, or never",
        takes=Review,
        gives=Review,
    ),
    Route(
        method="GET",
        path="/sandbox/callbacks",
        handler=get_callbacks,
        summary="Where callbacks go, how messages travel, and what came of it",
        gives=CallbackReport,
    ),
    Route(
        method="PUT",
        path="/sandbox/callbacks",
        handler=put_callbacks,
        summary="Say where callbacks go and how messages travel",
        takes=CallbackChange,
        gives=CallbackReport,
    ),
    Route(
        method="POST",
        path="/sandbox/callbacks/probe",
        handler=probe_callbacks,
        summary="Send the empty request that a new callback address is tried with",
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
