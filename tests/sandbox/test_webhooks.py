"""A callback address registered over the API."""

from __future__ import annotations

import aiohttp
import pytest

from tests.sandbox.api import ADA, template
from tests.sandbox.conftest import AT_ONCE
from tests.sandbox.receiver import Receiver, send
from wa_bulk.sandbox import Sandbox, SandboxSettings


async def test_it_is_tried_with_an_empty_request_and_then_used(
    receiver: Receiver,
    client: aiohttp.ClientSession,
) -> None:
    async with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox:
        webhook = {
            "description": "mine",
            "notify_url": receiver.url,
            "select_events": ["delivered", "received"],
        }
        async with client.post(f"{sandbox.url}/v1/webhooks", json=webhook) as reply:
            assert reply.status == 200
            assert (await reply.json())["webhook_id"]
        assert [body for _, body in receiver.requests] == [b""]
        await send(client, sandbox, template())
        sandbox.reply(ADA, "Thanks")
        await sandbox.settled()
    assert [(row.get("status") or row["response"]) for row in receiver.rows] != []
    assert receiver.statuses() == ["delivered"]
    assert [row["response"]["event"] for row in receiver.rows if "response" in row] == ["received"]


async def test_without_events_all_are_posted(
    receiver: Receiver,
    client: aiohttp.ClientSession,
) -> None:
    async with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox:
        async with client.post(f"{sandbox.url}/v1/webhooks", json={"notify_url": receiver.url}) as reply:
            assert reply.status == 200
        await send(client, sandbox, template())
        await sandbox.settled()
    assert len(receiver.statuses()) == 5


@pytest.mark.parametrize(
    ("webhook", "code", "words"),
    [
        ({}, 3002, "notify_url"),
        ({"notify_url": "nowhere"}, 3002, "notify_url"),
        ({"notify_url": "http://127.0.0.1:1/"}, 3003, "expected an address that answers"),
        ({"notify_url": "http://10.0.0.8/"}, 3003, "--allow-callback-host"),
    ],
)
async def test_an_address_that_cannot_be_used(
    client: aiohttp.ClientSession,
    webhook: dict[str, object],
    code: int,
    words: str,
) -> None:
    async with Sandbox() as sandbox:
        async with client.post(f"{sandbox.url}/v1/webhooks", json=webhook) as reply:
            body = await reply.json()
            assert (reply.status, body["code"]) == (400, code)
            assert words in body["message"]
        async with client.get(f"{sandbox.url}/sandbox/callbacks") as reply:
            assert (await reply.json())["settings"]["url"] is None


async def test_it_needs_a_key(receiver: Receiver) -> None:
    async with (
        Sandbox() as sandbox,
        aiohttp.ClientSession() as nobody,
        nobody.post(f"{sandbox.url}/v1/webhooks", json={"notify_url": receiver.url}) as reply,
    ):
        assert reply.status == 401
    assert receiver.requests == []
