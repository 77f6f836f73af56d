"""How the API looks to a type checker. It reads this file; nobody runs it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import assert_type

from aiohttp import ClientSession

from wa_bulk import (
    Accepted,
    ApiError,
    Client,
    Currency,
    DateTime,
    Document,
    Image,
    MediaReport,
    Message,
    Outcome,
    QuickReply,
    SendError,
    Status,
    Suppression,
    UrlSuffix,
    ValidationError,
    Video,
    __version__,
    check_media,
)
from wa_bulk.api import BodyDefinition, TemplateDefinition, TemplateUpdate
from wa_bulk.api.account_template import AccountTemplate
from wa_bulk.cluster import RedisPacer
from wa_bulk.observe import LoggingObserver, Observer
from wa_bulk.send.pacing import LocalPacer, Pacer

assert_type(__version__, str)
TO = "+447911123456"


async def looks() -> None:
    report = await check_media("https://example.com/a.pdf", "document", in_header=True, timeout_s=5)
    assert_type(report, MediaReport)
    assert_type(report.problems, tuple[str, ...])
    assert_type(report.unseen, str | None)
    await check_media("https://example.com/a.gif", "gif")  # type: ignore[arg-type]


def messages() -> Iterator[Message]:
    yield Message.text([TO, "+447911123457"], "Hello", custom_args={"order": 7})
    yield Message.template(TO, "n", "en", body=["Ada", Currency("$1", "USD", 1000), DateTime("now", 1)])
    yield Message.template(TO, "n", "en", body="Ada", header=Image(id="1"))
    yield Message.template(
        TO, "n", "en", header=Video(id="1"), buttons=[QuickReply("p"), None, UrlSuffix("s")]
    )
    yield Message.template(TO, "n", "en", header=Document(id="1"), body=("a", "b"))
    yield Message.template(TO, "n", "en", header=DateTime("now", 1))
    Message.template(TO, "n", "en", body=[7])  # type: ignore[list-item]
    Message.template(TO, "n", "en", buttons=["p"])  # type: ignore[list-item]
    Message.text(447911123456, "Hello")  # type: ignore[arg-type]


async def stream() -> AsyncIterator[Message]:
    for message in messages():
        yield message


class Stopped:
    def reason(self, number: str) -> str | None:
        return None


class Metrics:
    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None: ...
    def on_retry(self, *, attempt: int, wait_s: float) -> None: ...
    def on_slow_down(self, *, wait_s: float) -> None: ...
    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None: ...


def clients(session: ClientSession) -> Iterator[Client]:
    observer: Observer = Metrics()
    suppression: Suppression = Stopped()
    pacer: Pacer = LocalPacer(80)
    pacer = RedisPacer.from_url("redis://127.0.0.1:6379/0", rate=80)
    yield Client("key", "secret", rate=80, concurrency=64, default_sender="+8613800138000")
    yield Client("key", "secret", pacer=pacer, observer=observer, suppression=suppression)
    yield Client("key", "secret", session=session, transport="aiohttp", observer=LoggingObserver())
    yield Client.from_env(base_url="http://sandbox:8025", allow_http=True, rate=None, proxy=None)
    Client("key", "secret", observer=Stopped())  # type: ignore[arg-type]
    Client("key", "secret", pace=80)  # type: ignore[call-arg]
    Client.from_env(transport="quick")  # type: ignore[arg-type]


async def use(client: Client) -> None:
    async with client as same:
        assert_type(same, Client)
    assert_type(client.closed, bool)
    assert_type(await client.send(Message.text(TO, "Hello")), Accepted)
    assert_type(client.send_many(messages()), AsyncGenerator[Outcome, None])
    assert_type(client.send_many(stream()), AsyncGenerator[Outcome, None])
    await client.close(timeout=2)
    client.send_many(["Hello"])  # type: ignore[list-item]


async def know(client: Client) -> None:
    try:
        accepted = await client.send(Message.text(TO, "Hello"))
        assert_type(accepted.message_id, str)
        assert_type(accepted.recipients, tuple[str, ...])
    except ValidationError as error:
        assert_type((error.field, error.fault, error.rule), tuple[str, str, str])
    except SendError as error:
        outcome = error.outcome
        assert_type(outcome, Outcome)
        assert_type(outcome.status, Status)
        assert_type(outcome.message_id, str | None)
        assert_type((outcome.http_status, outcome.code), tuple[int | None, int | None])


async def manage(client: Client) -> None:
    templates = client.templates
    definition = TemplateDefinition("n", "en", "UTILITY", [BodyDefinition("Hello")])
    assert_type(await templates.create(definition), str)
    await templates.update("1", TemplateUpdate([BodyDefinition("Hi")]))
    await templates.update("1", definition)
    found = await templates.list("n", language="en", category="UTILITY", status="APPROVED")
    assert_type(found, list[AccountTemplate])
    assert_type((await templates.get("1")).status, str)
    try:
        await templates.delete("n")
    except ApiError as error:
        assert_type(error.outcome, Outcome)
    await templates.list(category="utility")  # type: ignore[arg-type]
