"""Callbacks as a real HTTP server receives them."""

from __future__ import annotations

import asyncio
import hmac

import aiohttp
import msgspec
import pytest

from tests.sandbox.api import ADA, Json, template, text
from tests.sandbox.conftest import AT_ONCE
from tests.sandbox.receiver import Receiver, send
from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.sandbox import CallbackSettings, Delivery, Sandbox, SandboxSettings
from wa_bulk.sandbox.reports import ACCOUNT_ID, PHONE_ID

BOB = "+447911123457"


def posting_to(receiver: Receiver, delivery: Delivery = AT_ONCE, **more: object) -> Sandbox:
    settings = msgspec.convert({"url": receiver.url, "batch_wait_s": 0.01, **more}, CallbackSettings)
    return Sandbox(SandboxSettings(callbacks=settings, delivery=delivery))


async def test_every_step_of_a_message(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        args = {"order_id": "A-1", "deep": {"list": [1, None]}}
        message_id = await send(client, sandbox, template() | {"custom_args": args, "from": "447900000000"})
        await sandbox.settled()
    assert receiver.statuses() == ["plan", "target_valid", "sent", "delivered", "read"]
    for row in receiver.rows:
        assert row["server"] == row["channel"] == "whatsapp"
        assert (row["message_id"], row["from"], row["to"]) == (message_id, "+447900000000", ADA)
        assert row["custom_args"] == args
        assert row["status"]["error_code"] == 0
        assert row["status"]["status_data"]["msg_time"] <= row["itime"]


async def test_the_default_number_stands_in_for_a_from_left_out(
    receiver: Receiver, client: aiohttp.ClientSession
) -> None:
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, template())
        await sandbox.settled()
    assert {row["from"] for row in receiver.rows} == {"+8613800138000"}
    assert all("custom_args" not in row for row in receiver.rows)


@pytest.mark.parametrize(
    ("to", "statuses", "code", "loss"),
    [
        (BOB, ["plan", "target_valid", "sent_failed"], 131047, {"loss_step": 2, "loss_source": "meta"}),
        (
            "+99900131026",
            ["plan", "target_valid", "sent", "delivered_failed"],
            131026,
            {"loss_step": 3, "loss_source": "meta"},
        ),
        (
            "+99900000033",
            ["plan", "target_invalid"],
            131026,
            {"loss_step": 1, "loss_source": "engagelab"},
        ),
        (
            "+99900132015",
            ["plan", "target_valid", "sent_failed"],
            132015,
            {"loss_step": 2, "loss_source": "meta"},
        ),
    ],
)
async def test_what_fails_says_where_and_why(
    receiver: Receiver,
    client: aiohttp.ClientSession,
    to: str,
    statuses: list[str],
    code: int,
    loss: Json,
) -> None:
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, text(to))
        await sandbox.settled()
    assert receiver.statuses(to) == statuses
    last = receiver.rows[-1]["status"]
    assert (last["error_code"], last["loss"]) == (code, loss)
    assert last["error_detail"]["message"]


async def test_delivery_that_is_never_confirmed(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, template(to="+99900000031"))
        await sandbox.settled()
        assert sandbox.messages[0].status == "sent"
    assert receiver.statuses("+99900000031") == ["plan", "target_valid", "sent", "delivered_timeout"]
    assert "loss" not in receiver.rows[-1]["status"]


async def test_one_set_of_rows_for_each_recipient(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        message_id = await send(client, sandbox, text([ADA, BOB]))
        await sandbox.settled()
    assert receiver.statuses(ADA) == receiver.statuses(BOB) == ["plan", "target_valid", "sent_failed"]
    assert {row["message_id"] for row in receiver.rows} == {message_id}


async def test_rows_come_in_batches_no_larger_than_asked(
    receiver: Receiver, client: aiohttp.ClientSession
) -> None:
    async with posting_to(receiver, batch_max=7) as sandbox:
        await asyncio.gather(*(send(client, sandbox, template(to=f"+4479111234{n:02}")) for n in range(10)))
        await sandbox.settled()
    sizes = [len(batch["rows"]) for batch in receiver.batches]
    assert sizes == [batch["total"] for batch in receiver.batches]
    assert sum(sizes) == 50
    assert max(sizes) == 7


async def test_every_callback_twice(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, template(to="+99900000042"))
        await sandbox.settled()
    steps = ["plan", "target_valid", "sent", "delivered", "read"]
    assert receiver.statuses("+99900000042") == [step for step in steps for _ in (1, 2)]


async def test_in_reverse_order(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, template(to="+99900000043"))
        await sandbox.settled()
    steps = ["plan", "target_valid", "sent", "delivered", "read"]
    assert receiver.statuses("+99900000043") == steps[::-1]


async def test_late(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver, late_s=0.3) as sandbox:
        await send(client, sandbox, template(to="+99900000041"))
        await send(client, sandbox, template())
        await sandbox.settled()
    order = [row["to"] for row in receiver.rows]
    assert order == [ADA] * 5 + ["+99900000041"] * 5


async def test_before_the_reply(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver, delivery=Delivery()) as sandbox:
        await send(client, sandbox, template(to="+99900000044"))
        receiver.log.append("reply")
    assert receiver.log[:2] == ["callback", "reply"]
    assert receiver.statuses("+99900000044")[:3] == ["plan", "target_valid", "sent"]


async def test_random_repeats_are_the_same_for_the_same_seed(
    receiver: Receiver, client: aiohttp.ClientSession
) -> None:
    seen = []
    for _ in range(2):
        receiver.requests.clear()
        async with posting_to(receiver, repeated_share=0.5) as sandbox:
            for number in range(20):
                await send(client, sandbox, template(to=f"+4479111234{number:02}"))
            await sandbox.settled()
        seen.append([row["to"] for row in receiver.rows])
    assert seen[0] == seen[1]
    assert 100 < len(seen[0]) < 200


async def test_a_secret_signs_every_request(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver, secret="s3cret", username="me") as sandbox:
        await send(client, sandbox, template())
        await sandbox.settled()
        async with client.get(f"{sandbox.url}/sandbox/callbacks") as reply:
            assert "s3cret" not in await reply.text()
    headers, _ = receiver.requests[0]
    parts = dict(part.split("=", 1) for part in headers["X-CALLBACK-ID"].split(";"))
    signed = (parts["timestamp"] + parts["nonce"] + parts["username"]).encode()
    assert parts["username"] == "me"
    assert parts["signature"] == hmac.digest(b"s3cret", signed, "sha256").hex()


async def test_a_missed_callback_is_not_sent_again(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    receiver.status = 500
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, template())
        await sandbox.settled()
        async with client.get(f"{sandbox.url}/sandbox/callbacks") as reply:
            state = (await reply.json())["state"]
    assert len(receiver.rows) == 5
    assert (state["delivered"], state["missed"], state["waiting"]) == (0, 5, 0)
    assert "answered 500" in state["last_error"]


async def test_nobody_listens(client: aiohttp.ClientSession) -> None:
    settings = CallbackSettings(url="http://127.0.0.1:1/", batch_wait_s=0)
    async with Sandbox(SandboxSettings(callbacks=settings, delivery=AT_ONCE)) as sandbox:
        await send(client, sandbox, template())
        await sandbox.settled()
        assert sandbox.messages[0].status == "read"
        async with client.get(f"{sandbox.url}/sandbox/callbacks") as reply:
            state = (await reply.json())["state"]
        assert state["missed"] == 5
        assert "http://127.0.0.1:1/: cannot connect: Connect" in state["last_error"]


async def test_a_user_writes(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        sandbox.reply(ADA, "Hello?", to=BOB)
        answer = {"from": ADA, "text": "Yes", "to": BOB, "event": "reply", "reply_to": "m1"}
        async with client.post(f"{sandbox.url}/sandbox/replies", json=answer) as reply:
            assert reply.status == 201
        await sandbox.settled()
    first, second = receiver.rows
    assert (first["from"], first["to"]) == (ADA, BOB)
    assert first["response"]["event"] == "received"
    assert first["response"]["response_data"]["message"] == {"type": "text", "text": {"body": "Hello?"}}
    assert second["response"]["event"] == "reply"
    data = second["response"]["response_data"]
    assert data["message"] == {"type": "text", "text": {"body": "Yes"}}
    assert data["contact"] == {"profile": {"name": ADA}, "wa_id": ADA.removeprefix("+")}
    assert data["whatsapp_business_account_id"] == ACCOUNT_ID
    assert data["message_context"] == {
        "origin_from_phone": BOB.removeprefix("+"),
        "origin_channel_message_id": "wamid.m1",
        "origin_from_phone_id": PHONE_ID,
        "origin_message_id": "m1",
    }


async def test_a_notification_on_request(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with posting_to(receiver) as sandbox:
        news = {"event": "insufficient_balance", "notification_data": {"remain_balance": -1.5}}
        async with client.post(f"{sandbox.url}/sandbox/callbacks/notification", json=news) as reply:
            assert reply.status == 200
        await sandbox.settled()
    (row,) = receiver.rows
    assert row["notification"] == {
        "event": "insufficient_balance",
        "notification_data": {
            "whatsapp_business_account_id": ACCOUNT_ID,
            "remain_balance": -1.5,
            "balance_threshold": 10,
        },
    }
    assert "status" not in row


async def test_the_empty_probe_of_a_new_address(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    async with Sandbox() as sandbox:
        probe = f"{sandbox.url}/sandbox/callbacks/probe"
        async with client.post(probe) as reply:
            assert (reply.status, (await reply.json())["code"]) == (400, 3003)
        change = {"settings": {"url": receiver.url}}
        async with client.put(f"{sandbox.url}/sandbox/callbacks", json=change) as reply:
            assert reply.status == 200
        async with client.post(probe) as reply:
            assert reply.status == 200
        receiver.status = 404
        async with client.post(probe) as reply:
            assert "answered 404" in (await reply.json())["message"]
    assert [body for _, body in receiver.requests] == [b"", b""]


async def test_the_pace_is_kept_step_by_step(receiver: Receiver, client: aiohttp.ClientSession) -> None:
    delivery = Delivery(sent_after_s=0.05, delivered_after_s=0.05, read_after_s=0.05, spread=0)
    async with posting_to(receiver, delivery=delivery) as sandbox:
        await send(client, sandbox, template())
        assert [record.status for record in sandbox.messages] == ["accepted"]
        await sandbox.settled()
        assert [record.status for record in sandbox.messages] == ["read"]
    assert receiver.statuses() == ["plan", "target_valid", "sent", "delivered", "read"]


class ClosingReceiver:
    """Answers the first request of each connection, unless it is `silent`, and closes it at the second."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent
        self.bodies: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        body = await self._request(reader)
        if body is not None and not self.silent:
            self.bodies.append(body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            await reader.read(1)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes | None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"Length" in line)
        return await reader.readexactly(length)


async def test_a_receiver_that_closes_connections_between_requests_misses_nothing(
    client: aiohttp.ClientSession,
) -> None:
    closing = ClosingReceiver()
    async with await asyncio.start_server(closing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = CallbackSettings(url=f"http://127.0.0.1:{port}/", batch_max=1, batch_wait_s=0)
        async with Sandbox(SandboxSettings(callbacks=settings, delivery=AT_ONCE)) as sandbox:
            await send(client, sandbox, template())
            await sandbox.settled()
            assert sandbox.stats.callbacks_missed == 0
    rows = [row for body in closing.bodies for row in msgspec.json.decode(body)["rows"]]
    assert [row["status"]["message_status"] for row in rows] == [
        *("plan", "target_valid", "sent", "delivered", "read")
    ]
    assert closing.connections == 5


async def test_a_receiver_that_closes_instead_of_answering_misses_its_rows(
    client: aiohttp.ClientSession,
) -> None:
    closing = ClosingReceiver(silent=True)
    async with await asyncio.start_server(closing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = CallbackSettings(url=f"http://127.0.0.1:{port}/", batch_wait_s=0.01)
        async with Sandbox(SandboxSettings(callbacks=settings, delivery=AT_ONCE)) as sandbox:
            await send(client, sandbox, template())
            await sandbox.settled()
            stats = sandbox.stats
    assert stats.callbacks_missed == 5
    assert "Server disconnected" in str(stats.callback_error)
    assert closing.connections == 1, "a row that was missed is not posted again"


async def test_a_row_that_cannot_be_written_as_json_costs_no_other(
    receiver: Receiver, client: aiohttp.ClientSession
) -> None:
    async with posting_to(receiver, batch_max=1) as sandbox:
        odd = CallbackRow(server="whatsapp", itime=1, custom_args={"odd": object()})
        assert sandbox._lab is not None
        sandbox._lab.callbacks.add([odd])
        await send(client, sandbox, template())
        await sandbox.settled()
        assert sandbox.stats.callbacks_missed == 1
        assert "cannot be written as JSON" in str(sandbox.stats.callback_error)
    assert len(receiver.rows) == 5


async def test_in_an_open_window_the_customer_began(
    receiver: Receiver, client: aiohttp.ClientSession
) -> None:
    async with posting_to(receiver) as sandbox:
        await send(client, sandbox, template())
        sandbox.reply(ADA, "Hello?")
        for message in (template(), text()):
            await send(client, sandbox, message)
        await sandbox.settled()
    delivered = [row["status"]["status_data"] for row in receiver.rows if "status" in row][3::5]
    origins = [data["conversation"]["origin"]["type"] for data in delivered]
    assert origins == ["business_initiated", "customer_initiated", "customer_initiated"]
    assert [data["pricing"]["category"] for data in delivered] == origins


async def test_a_reply_names_the_number_that_the_message_came_from(
    receiver: Receiver, client: aiohttp.ClientSession
) -> None:
    async with posting_to(receiver) as sandbox:
        message_id = await send(client, sandbox, template() | {"from": "+447900000000"})
        answer = {"from": ADA, "text": "Yes", "event": "reply", "reply_to": message_id}
        async with client.post(f"{sandbox.url}/sandbox/replies", json=answer) as reply:
            assert reply.status == 201
        await sandbox.settled()
    context = receiver.rows[-1]["response"]["response_data"]["message_context"]
    assert context["origin_from_phone"] == "447900000000"
    assert context["origin_channel_message_id"] == f"wamid.{message_id}"
