"""The endpoints that show what is in the sandbox: messages, conversations, live updates, counters."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from wa_bulk.api import e164
from wa_bulk.api.template_definition import Done
from wa_bulk.sandbox.engagelab import Stats
from wa_bulk.sandbox.models import Detail, Status, Type
from wa_bulk.sandbox.queries import ConversationPage, Filter, MessagePage
from wa_bulk.sandbox.reply import json_reply
from wa_bulk.sandbox.route import LAB, Route, id_in_path, not_found, query_as

RowId = Annotated[int, Meta(ge=0, le=2**62)]


class PageQuery(Struct, frozen=True):
    before: RowId | UnsetType = UNSET
    after: RowId | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class MessagesQuery(PageQuery, frozen=True):
    """`q` is searched for in numbers, template names and texts; `duplicates` keeps only repeats."""

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
    found = request.app[LAB].queries.detail(number)
    if found is None:
        raise not_found(f"message {number}")
    return json_reply(found)


async def clear(request: web.Request) -> web.StreamResponse:
    request.app[LAB].clear()
    return json_reply(Done())


async def conversations(request: web.Request) -> web.StreamResponse:
    query = query_as(request, ConversationsQuery)
    before = None if query.before is UNSET else query.before
    return json_reply(request.app[LAB].queries.conversations(query.q or None, before, query.limit))


async def conversation(request: web.Request) -> web.StreamResponse:
    query = query_as(request, PageQuery)
    chosen = Filter(contact=_contact(request.match_info["contact"]))
    return _page(request, chosen, query)


def _page(request: web.Request, chosen: Filter, query: PageQuery) -> web.StreamResponse:
    before = None if query.before is UNSET else query.before
    after = None if query.after is UNSET else query.after
    return json_reply(request.app[LAB].queries.page(chosen, before, after, query.limit))


async def events(request: web.Request) -> web.StreamResponse:
    return await request.app[LAB].events.serve(request)


async def stats(request: web.Request) -> web.StreamResponse:
    return json_reply(request.app[LAB].stats())


def _contact(text: str | None) -> str | None:
    """Return the number as it is stored; text that is not a number stays as it is and matches nothing."""
    try:
        return None if text is None else e164(text)
    except ValueError:
        return text


INSPECTION_ROUTES = [
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
        summary="Live updates as Server-Sent Events: message, status, cleared, stats, reload",
        gives=str,
        media="text/event-stream",
    ),
    Route(method="GET", path="/sandbox/stats", handler=stats, summary="The counters", gives=Stats),
]
