"""The client as a service uses it, over real sockets."""

import asyncio
import copy
import io
import json
import logging
import pickle
import traceback
from base64 import b64encode
from collections.abc import Callable

import aiohttp
import pytest

from tests.send.client_ground import HELLO, SECRET, client, hellos
from tests.send.engagelab import Answer, EngageLab, Reply, Trouble, accepted, error
from wa_bulk import Accepted, Client, Message, SendError, ValidationError
from wa_bulk.send.client import Settings
from wa_bulk.send.pacing import LocalPacer

TOKEN = b64encode(f"key:{SECRET}".encode()).decode()


class TestSend:
    async def test_an_accepted_message(self) -> None:
        async with EngageLab() as server, client(server) as sender:
            sent = await sender.send(Message.text("0044 7911-123456", "Hello", from_="8613800138000"))
        assert isinstance(sent, Accepted)
        assert (sent.status, sent.message_id, sent.to) == ("accepted", "id-1", "+447911123456")
        assert server.arrivals[0].message == {
            "from": "+8613800138000",
            "to": ["+447911123456"],
            "body": {"type": "text", "text": {"body": "Hello"}},
        }
        assert server.arrivals[0].authorization == f"Basic {TOKEN}"

    async def test_a_bad_message_is_refused_before_any_io(self) -> None:
        async with EngageLab() as server, client(server) as sender:
            with pytest.raises(ValidationError, match=r"body\.text\.body"):
                await sender.send(Message.text("+447911123456", ""))
            with pytest.raises(ValidationError, match="at most 1 a request"):
                await sender.send(Message.text(["+447911123456", "+447911123457"], "Hello"))
            with pytest.raises(TypeError, match="expected a Message, got dict"):
                await sender.send({"to": "+447911123456"})  # type: ignore[arg-type]
        assert server.arrivals == []

    async def test_several_recipients_where_they_are_allowed(self) -> None:
        async with EngageLab() as server, client(server, max_recipients=2) as sender:
            sent = await sender.send(Message.text(["0044 7911 123456", "+447911123457"], "Hello"))
        assert sent.recipients == ("+447911123456", "+447911123457")
        assert server.arrivals[0].message["to"] == ["+447911123456", "+447911123457"]

    async def test_one_recipient_is_several_of_one(self) -> None:
        async with EngageLab() as server, client(server) as sender:
            assert (await sender.send(HELLO)).recipients == ("+447911123456",)

    @pytest.mark.parametrize(
        ("answer", "status", "attempts"),
        [
            (error(400, 3002, "to: is empty"), "rejected", 1),
            (error(500, 1000), "failed", 2),
            (Trouble.RESET, "unknown", 1),
            (Trouble.SILENCE, "unknown", 1),
            (Reply(200, b"<html>"), "unknown", 1),
        ],
    )
    async def test_what_is_not_accepted_is_raised(self, answer: Answer, status: str, attempts: int) -> None:
        async with EngageLab(lambda _: answer) as server, client(server, tries=2, timeout=0.5) as sender:
            with pytest.raises(SendError, match=status) as caught:
                await sender.send(Message.text("+447911123456", "Hello", request_id="order-7"))
        outcome = caught.value.outcome
        assert (outcome.status, outcome.attempts) == (status, attempts)
        assert (outcome.to, outcome.request_id) == ("+447911123456", "order-7")

    async def test_any_number_of_tasks_share_one_client(self) -> None:
        async with EngageLab() as server, client(server, concurrency=16) as sender:
            sent = await asyncio.gather(*(sender.send(message) for message in hellos(500)))
        assert len({accepted.message_id for accepted in sent}) == 500
        assert sorted(accepted.to or "" for accepted in sent) == [str(message.to) for message in hellos(500)]
        assert server.most_open <= 16

    async def test_cancelling_one_hurts_no_other(self) -> None:
        async with (
            EngageLab(lambda number: accepted(number, after=0.2)) as server,
            client(server, concurrency=4) as sender,
        ):
            tasks = [asyncio.create_task(sender.send(message)) for message in hellos(12)]
            await server.arrived(4)
            for task in (tasks[1], tasks[2], tasks[6], tasks[11]):  # two on the wire, two in line
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await sender.send(HELLO)
        kinds = [type(result) for result in results]
        assert kinds.count(Accepted) == 8
        assert [place for place, kind in enumerate(kinds) if kind is asyncio.CancelledError] == [1, 2, 6, 11]

    async def test_a_timeout_of_the_callers_own(self) -> None:
        async with EngageLab(lambda _: Trouble.SILENCE) as server, client(server) as sender:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sender.send(HELLO), 0.1)


class TestClose:
    async def test_closed_it_sends_no_more(self) -> None:
        async with EngageLab() as server:
            async with client(server) as sender:
                await sender.send(HELLO)
            with pytest.raises(RuntimeError, match="closed"):
                await sender.send(HELLO)
            with pytest.raises(RuntimeError, match="closed"):
                _ = [outcome async for outcome in sender.send_many([HELLO])]
            await sender.close()
        assert len(server.arrivals) == 1

    async def test_a_client_never_used_closes_too(self) -> None:
        async with EngageLab() as server:
            await client(server).close()


class TestSettings:
    async def test_the_hosts_own_session_is_used_and_left_open(self) -> None:
        async with EngageLab() as server, aiohttp.ClientSession() as session:
            async with client(server, session=session) as sender:
                await sender.send(HELLO)
            assert not session.closed
            async with session.post(server.url, data=b"{}", headers={"Authorization": "x"}) as reply:
                assert reply.status == 200

    async def test_a_session_that_can_send_nothing_is_no_fate_of_a_message(self) -> None:
        async with EngageLab() as server:
            session = aiohttp.ClientSession()
            async with client(server, session=session) as sender:
                await sender.send(HELLO)
                await session.close()
                with pytest.raises(RuntimeError, match="the given session is closed"):
                    await sender.send(HELLO)
                with pytest.raises(RuntimeError, match="the given session is closed"):
                    _ = [outcome async for outcome in sender.send_many(hellos(3))]
            assert len(server.arrivals) == 1

    async def test_from_env(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings: Settings = {"rate": 5, "transport": "aiohttp"}
        async with EngageLab() as server:
            monkeypatch.setenv("WA_BULK_DEV_KEY", "key")
            monkeypatch.setenv("WA_BULK_DEV_SECRET", SECRET)
            monkeypatch.setenv("WA_BULK_BASE_URL", server.url)
            async with Client.from_env(**settings) as sender:
                await sender.send(HELLO)
        assert server.arrivals[0].authorization == f"Basic {TOKEN}"
        monkeypatch.delenv("WA_BULK_DEV_SECRET")
        with pytest.raises(ValueError, match="WA_BULK_DEV_SECRET is not set"):
            Client.from_env()

    @pytest.mark.parametrize(
        "settings",
        [
            {"rate": -1},
            {"concurrency": 0},
            {"timeout": 0},
            {"tries": 0},
            {"retry_total": -1},
            {"transport": "quick"},
            {"max_recipients": 0},
            {"default_sender": "12"},
            {"rate": 5, "pacer": LocalPacer(5)},
            {"base_url": "http://wa.api.engagelab.cc"},
            {"base_url": f"https://key:{SECRET}@wa.api.engagelab.cc"},
            {"transport": "lean", "proxy": "http://127.0.0.1:1"},
        ],
    )
    def test_settings_out_of_range_are_refused(self, settings: dict[str, object]) -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - each with words of its own
            Client("key", SECRET, **settings)  # type: ignore[arg-type]
        shows_no_secret("".join(traceback.format_exception(caught.value)))


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_not_copied_and_its_repr_holds_no_secret(duplicate: Callable[[Client], object]) -> None:
    sender = Client("key", SECRET, base_url="http://127.0.0.1:8025")
    with pytest.raises(TypeError, match="a Client cannot be pickled or copied"):
        duplicate(sender)
    assert repr(sender) == "Client(dev_key='key', base_url='http://127.0.0.1:8025')"


@pytest.mark.parametrize("echo_form", ["{}", "id {}"])
async def test_no_id_shows_a_secret(echo_form: str) -> None:
    def answer(_: int) -> Answer:
        echo = echo_form.format(server.arrivals[-1].authorization.removeprefix("Basic "))
        return Reply(200, json.dumps({"message_id": echo}).encode())

    async with EngageLab(answer) as server, client(server) as sender:
        sent = await sender.send(HELLO)
    assert sent.message_id == echo_form.format("***")
    shows_no_secret(repr(sent))


@pytest.mark.parametrize("transport", ["lean", "aiohttp"])
async def test_no_error_shows_a_secret(transport: str, caplog: pytest.LogCaptureFixture) -> None:
    """Every way of failing, and every way of looking at it: text, repr, traceback with locals, log."""

    def answer(number: int) -> Answer:
        echo = server.arrivals[-1].authorization
        answers: list[Answer] = [
            error(401, 2001, f"not valid: {echo} {SECRET}"),
            error(500, 1000, echo),
            Reply(502, f"<html>{echo}</html>".encode()),
            Reply(200, json.dumps({"message": echo}).encode()),
            Reply(302, b"", f"Location: https://example.com/?{TOKEN}\r\n"),
            Trouble.RESET,
            Trouble.SILENCE,
            Trouble.GARBAGE,
        ]
        return answers[number % 8]

    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    shown = io.StringIO()
    async with (
        EngageLab(answer) as server,
        client(server, transport=transport, tries=1, timeout=0.3) as sender,
    ):
        for message in hellos(16):
            with pytest.raises(SendError) as caught:
                await sender.send(message)
            error_of_it = caught.value
            print(error_of_it, repr(error_of_it), repr(error_of_it.outcome), file=shown)
            lines = traceback.TracebackException.from_exception(error_of_it, capture_locals=True).format()
            shown.writelines(lines)
        print(sender, repr(sender), vars(sender), file=shown)
    assert len(server.arrivals) == 16
    shows_no_secret(shown.getvalue())
    shows_no_secret(caplog.text)


def shows_no_secret(text: str) -> None:
    assert text
    for secret in (SECRET, TOKEN, b64encode(SECRET.encode()).decode()):
        assert secret not in text
