"""Live updates, as a page in a browser receives them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.sandbox.api import ADA, Json, template, text
from tests.sandbox.conftest import AT_ONCE
from wa_bulk.sandbox import Sandbox, SandboxSettings
from wa_bulk.sandbox.events import BACKLOG_MAX, Events, event


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(delivery=AT_ONCE)) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def next_event(stream: aiohttp.ClientResponse, *names: str) -> tuple[str, Json]:
    """The next event of one of these names."""
    while True:
        name = (await stream.content.readline()).decode().removeprefix("event: ").strip()
        data = (await stream.content.readline()).decode().removeprefix("data: ")
        assert await stream.content.readline() == b"\n"
        if name in names:
            return name, json.loads(data)


async def test_messages_their_statuses_replies_and_clearing(
    sandbox: Sandbox, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{sandbox.url}/sandbox/events") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        _, first = await next_event(stream, "stats")
        assert first["messages"] == 0
        async with client.post(f"{sandbox.url}/v1/messages", json=template()) as reply:
            assert reply.status == 200
        received = [await next_event(stream, "message", "status") for _ in range(4)]
        assert [name for name, _ in received] == ["message", "status", "status", "status"]
        record = received[0][1]
        assert record["to"] == ADA
        assert [data["status"] for _, data in received[1:]] == ["sent", "delivered", "read"]
        assert {data["id"] for _, data in received[1:]} == {record["id"]}

        async with client.post(f"{sandbox.url}/v1/messages", json=text()) as reply:
            assert reply.status == 200
        received = [await next_event(stream, "message", "status") for _ in range(2)]
        assert received[1][1]["error"]["code"] == 131047

        sandbox.reply(ADA, "Hello?")
        _, heard = await next_event(stream, "message")
        assert heard["direction"] == "in"

        async with client.delete(f"{sandbox.url}/sandbox/messages") as reply:
            assert reply.status == 200
        assert await next_event(stream, "cleared") == ("cleared", {})
        _, stats = await next_event(stream, "stats")
        assert stats["messages"] == 0


async def test_a_flood_arrives_as_one_reload(sandbox: Sandbox, client: aiohttp.ClientSession) -> None:
    async with client.get(f"{sandbox.url}/sandbox/events") as stream:
        await next_event(stream, "stats")
        flood = text([f"+44791112{number:04}" for number in range(1_000)])
        async with client.post(f"{sandbox.url}/v1/messages", json=flood) as reply:
            assert reply.status == 200
        assert (await next_event(stream, "message", "reload"))[0] == "reload"


async def test_a_listener_that_does_not_keep_up_is_asked_to_reload() -> None:
    events = Events(dict)
    queue = events.subscribe()
    for number in range(BACKLOG_MAX + 1):
        events.publish(event("status", {"id": number}))
    assert queue.get_nowait() == event("reload", {})
    assert queue.empty()


async def test_listeners_that_disconnect_are_removed(sandbox: Sandbox, client: aiohttp.ClientSession) -> None:
    for _ in range(3):
        async with client.get(f"{sandbox.url}/sandbox/events") as stream:
            await next_event(stream, "stats")
    async with client.post(f"{sandbox.url}/v1/messages", json=text()) as reply:
        assert reply.status == 200
    assert len(sandbox.messages) == 1
