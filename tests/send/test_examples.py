"""The example services, run as they stand, against the sandbox, under concurrent requests."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer

from examples import service_aiohttp, service_fastapi
from wa_bulk.sandbox import Sandbox

# What the sandbox does with a message to these is in its table of behaviours.
KEY_REFUSED = "+99900002001"
TAKEN_THEN_RESET = "+99900000012"


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        monkeypatch.setenv("WA_BULK_DEV_KEY", running.key)
        monkeypatch.setenv("WA_BULK_DEV_SECRET", running.secret)
        monkeypatch.setenv("WA_BULK_BASE_URL", running.url)
        yield running


class TestAiohttp:
    async def test_concurrent_requests_share_one_client(self, sandbox: Sandbox) -> None:
        phones = [f"+4479111{number:05}" for number in range(40)]
        async with TestClient(TestServer(service_aiohttp.service())) as browser:

            async def ask(phone: str) -> dict[str, str]:
                async with browser.post("/codes", json={"phone": phone, "code": "482913"}) as reply:
                    assert reply.status == 200
                    answer: dict[str, str] = await reply.json()
                    return answer

            answers = await asyncio.gather(*(ask(phone) for phone in phones))
        assert {answer["status"] for answer in answers} == {"accepted"}
        assert {answer["message_id"] for answer in answers} == {m.message_id for m in sandbox.messages}
        assert sorted(message.to for message in sandbox.messages) == phones

    @pytest.mark.parametrize(
        ("phone", "http_status", "words"),
        [
            ("4.47912E+11", 422, "to: "),
            (KEY_REFUSED, 502, "failed, HTTP 401, code 2001"),
            (TAKEN_THEN_RESET, 502, "unknown"),
        ],
    )
    async def test_what_is_not_accepted(
        self, sandbox: Sandbox, phone: str, http_status: int, words: str
    ) -> None:
        async with (
            TestClient(TestServer(service_aiohttp.service())) as browser,
            browser.post("/codes", json={"phone": phone, "code": "482913"}) as reply,
        ):
            assert reply.status == http_status
            assert words in (await reply.json())["error"]


class TestFastapi:
    @pytest.fixture
    async def browser(self, sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
        app = service_fastapi.app
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        ):
            yield client

    async def test_concurrent_requests_share_one_client(
        self, sandbox: Sandbox, browser: httpx.AsyncClient
    ) -> None:
        customer = {"phone": "+447911123456", "name": "Ada", "total": "$24.90"}
        answers = await asyncio.gather(
            *(browser.post(f"/orders/{order}/sent", json=customer) for order in range(40))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert {message.request_id for message in sandbox.messages} == {f"order-{n}" for n in range(40)}
        rendered = sandbox.messages[0].rendered
        assert rendered is not None
        assert rendered.body == "Hello Ada, your order is on its way. Total: $24.90."

    @pytest.mark.parametrize(
        ("phone", "http_status", "words"),
        [("12", 422, "to: "), (KEY_REFUSED, 502, "code 2001"), (TAKEN_THEN_RESET, 502, "unknown")],
    )
    async def test_what_is_not_accepted(
        self, browser: httpx.AsyncClient, phone: str, http_status: int, words: str
    ) -> None:
        customer = {"phone": phone, "name": "Ada", "total": "$24.90"}
        answer = await browser.post("/orders/1/sent", json=customer)
        assert answer.status_code == http_status
        assert words in answer.text
