"""The account's templates, over HTTP: against the sandbox, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from wa_bulk import ApiError, Client, SendError, ValidationError
from wa_bulk.api import (
    BodyDefinition,
    Button,
    ButtonsDefinition,
    HeaderDefinition,
    TemplateDefinition,
    TemplateUpdate,
)
from wa_bulk.api.account_template import AccountTemplate, OtherComponent, read_template
from wa_bulk.api.template_definition import ComponentDefinition
from wa_bulk.sandbox import Sandbox

SECRET = "2b4f8e7c9d1a3f5e"
OTHER = {"Authorization": "Basic c29tZWJvZHk6ZWxzZQ=="}
INVITATION = TemplateDefinition(
    "invitation",
    "en",
    "MARKETING",
    [
        HeaderDefinition("text", text="For {{1}}"),
        BodyDefinition("Come on {{1}}, at {{2}}."),
        ButtonsDefinition([Button("URL", "Answer", url="https://example.com/{{1}}")]),
    ],
)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with (
        Sandbox() as sandbox,
        Client(sandbox.key, sandbox.secret, base_url=sandbox.url) as running,
    ):
        yield running


class TestSandbox:
    async def test_created_it_is_found(self, client: Client) -> None:
        template_id = await client.templates.create(INVITATION)
        found = await client.templates.get(template_id)
        assert (found.id, found.name, found.language) == (template_id, "invitation", "en")
        assert (found.category, found.status) == ("MARKETING", "APPROVED")
        assert found.components == INVITATION.components
        assert found.raw["name"] == "invitation"

    async def test_a_list_is_what_matches_all_that_is_given(self, client: Client) -> None:
        everything = await client.templates.list()
        assert len(everything) > 3
        await client.templates.create(INVITATION)
        await client.templates.create(msgspec.structs.replace(INVITATION, language="pt_BR"))
        by_name = await client.templates.list("vitati")
        assert sorted(found.language for found in by_name) == ["en", "pt_BR"]
        (one,) = await client.templates.list("invitation", language="pt_BR", category="MARKETING")
        assert one.language == "pt_BR"
        assert await client.templates.list("invitation", status="REJECTED") == []
        assert len(await client.templates.list()) == len(everything) + 2

    @pytest.mark.parametrize("as_update", [True, False])
    async def test_updated_it_is_changed(self, client: Client, as_update: bool) -> None:
        template_id = await client.templates.create(INVITATION)
        components: list[ComponentDefinition] = [BodyDefinition("Come, {{1}}.")]
        change = (
            TemplateUpdate(components=components)
            if as_update
            else msgspec.structs.replace(INVITATION, components=components)
        )
        await client.templates.update(template_id, change)
        found = await client.templates.get(template_id)
        assert found.components == components
        assert found.category == "MARKETING"

    async def test_deleted_it_is_gone_in_every_language(self, client: Client) -> None:
        await client.templates.create(INVITATION)
        await client.templates.create(msgspec.structs.replace(INVITATION, language="pt_BR"))
        await client.templates.delete("invitation")
        assert await client.templates.list("invitation") == []

    async def test_what_is_not_there_is_rejected(self, client: Client) -> None:
        with pytest.raises(
            ApiError, match="rejected, HTTP 400, code 4001: template 1 does not exist"
        ) as caught:
            await client.templates.get("1")
        assert not isinstance(caught.value, SendError)
        assert (caught.value.outcome.status, caught.value.outcome.code) == ("rejected", 4001)
        with pytest.raises(ApiError, match="4001"):
            await client.templates.delete("nothing/../of?this")

    async def test_one_that_is_there_already_is_rejected(self, client: Client) -> None:
        await client.templates.create(INVITATION)
        with pytest.raises(ApiError) as caught:
            await client.templates.create(INVITATION)
        assert caught.value.outcome.status == "rejected"

    async def test_what_breaks_a_rule_is_refused_before_any_io(self, client: Client) -> None:
        with pytest.raises(ValidationError, match="components: has no BODY"):
            await client.templates.create(msgspec.structs.replace(INVITATION, components=[]))
        with pytest.raises(ValidationError, match=r"components\[0\]"):
            await client.templates.update("1", TemplateUpdate(components=[BodyDefinition("{{2}}")]))

    async def test_a_wrong_key_is_told(self) -> None:
        async with (
            Sandbox() as sandbox,
            Client("nobody", SECRET, base_url=sandbox.url) as stranger,
        ):
            with pytest.raises(ApiError, match="failed, HTTP 401, code 2001") as caught:
                await stranger.templates.list()
        assert caught.value.outcome.fatal

    async def test_the_hosts_session_is_used_with_the_accounts_credentials(self) -> None:
        async with Sandbox() as sandbox, aiohttp.ClientSession(headers=OTHER) as session:
            async with Client(sandbox.key, sandbox.secret, base_url=sandbox.url, session=session) as host:
                assert await host.templates.list("code")
            assert not session.closed


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answered_by(handler: Handler, **settings: float) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with (
        TestServer(app, host="127.0.0.1") as server,
        Client("key", SECRET, base_url=str(server.make_url("")), **settings) as client,  # type: ignore[arg-type]
    ):
        yield client


def always(status: int, text: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    return answer


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silence(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


class TestTrouble:
    @pytest.mark.parametrize(
        ("handler", "reading", "changing"),
        [
            (always(400, '{"code":5002,"message":"Meta says no"}'), "rejected", "rejected"),
            (always(400, '{"code":"4001"}'), "rejected", "rejected"),
            (always(500, '{"code":1000}'), "failed", "failed"),
            (always(502, "<html>"), "failed", "unknown"),
            (always(404, "<html>"), "failed", "failed"),
            (always(429, ""), "failed", "failed"),
            (always(302, ""), "failed", "failed"),
            (always(200, '{"code":3002,"message":"no"}'), "rejected", "rejected"),
            (reset, "failed", "unknown"),
            (silence, "failed", "unknown"),
        ],
    )
    async def test_what_is_known_of_what_was_not_done(
        self, handler: Handler, reading: str, changing: str
    ) -> None:
        async with answered_by(handler, timeout=0.2) as client:
            templates = client.templates
            for call, status in (
                (templates.list, reading),
                (lambda: templates.get("1"), reading),
                (lambda: templates.create(INVITATION), changing),
                (lambda: templates.update("1", INVITATION), changing),
                (lambda: templates.delete("invitation"), changing),
            ):
                with pytest.raises(ApiError) as caught:
                    await call()
                assert caught.value.outcome.status == status
                assert caught.value.outcome.message

    @pytest.mark.parametrize(
        ("text", "words"),
        [("<html>", "not JSON"), ("{}", "expected a list"), ('[{"a":1}]', "an object with a name")],
    )
    async def test_a_list_that_cannot_be_read(self, text: str, words: str) -> None:
        async with answered_by(always(200, text)) as client:
            with pytest.raises(ApiError, match=words):
                await client.templates.list()

    async def test_what_cannot_be_read_of_a_list_is_left_out_with_a_warning(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        body = '[{"name":"a"},{"nom":"%s"},7,{"name":"b","components":[null]},{"name":null}]' % ("z" * 10_000)
        async with answered_by(always(200, body)) as client:
            assert [found.name for found in await client.templates.list()] == ["a", "b"]
        warnings = [record.getMessage() for record in caplog.records]
        assert [warning[: len("item 2")] for warning in warnings] == ["item 2", "item 3", "item 5"]
        assert all("an object with a name" in warning and len(warning) < 200 for warning in warnings)

    async def test_a_byte_order_mark_and_a_gateways_code_hide_nothing(self) -> None:
        async with answered_by(always(200, '\ufeff[{"name":"a"}]')) as client:
            assert [found.name for found in await client.templates.list()] == ["a"]
        async with answered_by(always(200, '{"code":200,"message":"success"}')) as client:
            await client.templates.delete("a")

    async def test_a_secret_within_a_template_is_hidden(self, caplog: pytest.LogCaptureFixture) -> None:
        body = f'[{{"name":"a","status":"{SECRET}","x":["\\n{SECRET}"]}},{{"nom":"{SECRET}"}}]'
        async with answered_by(always(200, body)) as client:
            (found,) = await client.templates.list()
        assert (found.status, found.raw["x"]) == ("***", ["\n***"])
        assert SECRET not in caplog.text

    async def test_created_without_an_id_it_is_unknown(self) -> None:
        async with answered_by(always(200, "<html>")) as client:
            with pytest.raises(ApiError, match="created, most likely") as caught:
                await client.templates.create(INVITATION)
        assert caught.value.outcome.status == "unknown"

    async def test_an_id_may_be_a_number(self) -> None:
        async with answered_by(always(200, '{"template_id":406979728071589}')) as client:
            assert await client.templates.create(INVITATION) == "406979728071589"

    async def test_nobody_there_is_failed_even_for_a_change(self, unused_tcp_port: int) -> None:
        async with Client("key", SECRET, base_url=f"http://127.0.0.1:{unused_tcp_port}") as client:
            with pytest.raises(ApiError, match="failed: no connection") as caught:
                await client.templates.create(INVITATION)
        assert caught.value.outcome.status == "failed"

    async def test_a_closed_client_asks_nothing(self) -> None:
        client = Client("key", SECRET, base_url="http://127.0.0.1:9")
        await client.close()
        with pytest.raises(RuntimeError, match="closed"):
            await client.templates.list()

    async def test_no_error_shows_a_secret(self) -> None:
        async def echo(request: web.Request) -> web.StreamResponse:
            return web.Response(status=400, text=f"no {request.headers['Authorization']} {SECRET}")

        for handler in (echo, reset, silence):
            async with answered_by(handler, timeout=0.2) as client:
                with pytest.raises(ApiError) as caught:
                    await client.templates.list()
            lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
            shown = "".join(lines)
            assert SECRET not in shown
            assert "Basic " not in shown.replace("Basic ***", "")


class TestReading:
    def test_what_is_not_known_is_kept(self) -> None:
        carousel: dict[str, object] = {"type": "CAROUSEL", "cards": [1, 2]}
        found = read_template(
            {
                "id": 7,
                "name": "n",
                "status": "LIMIT_EXCEEDED",
                "components": [{"type": "body", "text": "Hi", "add_security_recommendation": True}, carousel],
                "quality_score": {"score": "GREEN"},
            }
        )
        assert found == AccountTemplate(
            "7",
            "n",
            "",
            "",
            "LIMIT_EXCEEDED",
            [BodyDefinition("Hi"), OtherComponent("CAROUSEL", carousel)],
            found.raw,
        )
        assert found.raw["quality_score"] == {"score": "GREEN"}

    def test_capitals_mean_nothing_and_a_language_is_a_text(self) -> None:
        found = read_template(
            {"name": "n", "language": {"code": "en"}, "category": "utility", "status": "Approved"}
        )
        assert (found.language, found.category, found.status) == ("", "UTILITY", "APPROVED")

    @pytest.mark.parametrize("odd", [None, "x", 3, [], {"type": "BODY"}, {"type": 4, "text": "x"}])
    def test_an_odd_component_hides_no_template(self, odd: object) -> None:
        found = read_template({"name": "n", "components": [odd, {"type": "BODY", "text": "Hi"}]})
        assert found.components[1] == BodyDefinition("Hi")
        assert isinstance(found.components[0], OtherComponent)

    def test_what_is_no_template_is_told(self) -> None:
        with pytest.raises(ValueError, match="an object with a name; found \\[\\]"):
            read_template([])
