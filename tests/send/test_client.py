"""The client as a service uses it, over real sockets."""

import asyncio
import gc
import io
import json
import logging
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.send.engagelab import Answer, EngageLab, Reply, Trouble, accepted, error
from wa_bulk import Accepted, Client, Message, SendError, ValidationError
from wa_bulk.send.client import Settings
from wa_bulk.send.pacing import LocalPacer

SECRET = "2b4f8e7c9d1a3f5e"
TOKEN = b64encode(f"key:{SECRET}".encode()).decode()
HELLO = Message.text("+447911123456", "Hello")


def client(server: EngageLab, **settings: object) -> Client:
    chosen: dict[str, object] = {"rate": 0, "timeout": 5.0, **settings}
    return Client("key", SECRET, base_url=server.url, **chosen)  # type: ignore[arg-type]


def hellos(count: int) -> list[Message]:
    return [
        Message.text(f"+4479111{number:05}", "Hello", request_id=f"r-{number}") for number in range(count)
    ]


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


class TestSendMany:
    async def test_every_message_has_its_outcome(self) -> None:
        async with EngageLab() as server, client(server, concurrency=8) as sender:
            outcomes = [outcome async for outcome in sender.send_many(hellos(100))]
        assert sorted(outcome.request_id or "" for outcome in outcomes) == sorted(
            message.request_id or "" for message in hellos(100)
        )
        assert {outcome.status for outcome in outcomes} == {"accepted"}
        assert server.most_open <= 8

    async def test_no_message_raises(self) -> None:
        def answer(number: int) -> Answer:
            answers: list[Answer] = [error(400, 3002), accepted(number), Trouble.RESET, error(401, 2001)]
            return answers[number % 4]

        messages = [
            *hellos(8),
            Message.text("12", "Hello"),
            Message.text("+447911123456", ""),
            Message.text([], "x"),
        ]
        async with EngageLab(answer) as server, client(server) as sender:
            outcomes = [outcome async for outcome in sender.send_many(messages)]
        assert sorted(outcome.status for outcome in outcomes) == (
            ["accepted"] * 2 + ["failed"] * 2 + ["rejected"] * 5 + ["unknown"] * 2
        )
        ours = [outcome for outcome in outcomes if not outcome.attempts]
        assert sorted((outcome.to, (outcome.message or "").split(":")[0]) for outcome in ours) == [
            ("", "to"),
            ("+447911123456", "body.text.body"),
            ("12", "to"),
        ]
        assert all(outcome.http_status is None for outcome in ours)

    async def test_each_recipient_has_an_outcome(self) -> None:
        def answer(number: int) -> Answer:
            return accepted(number) if number == 1 else error(400, 3002)

        numbers = ["+447911123456", "+447911123457", "+447911123458"]
        messages = [
            Message.text(numbers, "taken", request_id="1"),
            Message.text(numbers[:2], "refused", request_id="2"),
            Message.text(["12", *numbers[:1]], "not valid", request_id="3"),
            Message.text([numbers[0], "0044 7911 123456"], "twice", request_id="4"),
        ]
        async with EngageLab(answer) as server, client(server, max_recipients=3, concurrency=1) as sender:
            outcomes = [outcome async for outcome in sender.send_many(messages)]
        assert [(one.request_id, one.to, one.status, one.message_id) for one in outcomes] == [
            *(("1", number, "accepted", "id-1") for number in numbers),
            *(("2", number, "rejected", None) for number in numbers[:2]),
            ("3", "12", "rejected", None),
            ("3", numbers[0], "rejected", None),
            ("4", numbers[0], "rejected", None),
            ("4", "0044 7911 123456", "rejected", None),
        ]
        assert "is the same person as '+447911123456', to[0]" in (outcomes[-1].message or "")

    async def test_what_is_no_message_ends_it(self) -> None:
        async with EngageLab() as server, client(server) as sender:
            with pytest.raises(TypeError, match="expected a Message, got str"):
                _ = [outcome async for outcome in sender.send_many(["hello"])]  # type: ignore[list-item]

    async def test_an_async_iterable(self) -> None:
        async def messages() -> AsyncIterator[Message]:
            for message in hellos(50):
                await asyncio.sleep(0)
                yield message

        async with EngageLab() as server, client(server, concurrency=8) as sender:
            outcomes = [outcome async for outcome in sender.send_many(messages())]
        assert len({outcome.request_id for outcome in outcomes}) == 50

    async def test_nothing_to_send(self) -> None:
        async with EngageLab() as server, client(server) as sender:
            assert [outcome async for outcome in sender.send_many([])] == []

    async def test_results_come_while_messages_still_do(self) -> None:
        async def messages() -> AsyncIterator[Message]:
            yield HELLO
            await seen.wait()
            yield HELLO

        seen = asyncio.Event()
        async with EngageLab() as server, client(server) as sender:
            count = 0
            async for _ in sender.send_many(messages()):
                count += 1
                seen.set()
        assert count == 2

    async def test_messages_are_drawn_only_as_outcomes_are_read(self) -> None:
        drawn = 0

        def messages() -> Iterator[Message]:
            nonlocal drawn
            for message in hellos(1000):
                drawn += 1
                yield message

        async with EngageLab() as server, client(server, concurrency=4) as sender:
            outcomes = sender.send_many(messages())
            for read in range(1, 6):
                await anext(outcomes)
                await server.arrived(read + 4)
                for _ in range(50):
                    await asyncio.sleep(0)
                assert drawn <= read + 2 * 4
            await outcomes.aclose()

    @pytest.mark.parametrize("kind", ["plain", "async"])
    async def test_what_the_messages_raise_comes_after_what_was_sent(self, kind: str) -> None:
        def plain() -> Iterator[Message]:
            yield from hellos(5)
            raise OSError("the file is gone")

        async def asynchronous() -> AsyncIterator[Message]:
            for message in plain():
                yield message

        async with EngageLab(lambda n: accepted(n, after=0.05)) as server, client(server) as sender:
            sending = sender.send_many(plain() if kind == "plain" else asynchronous())
            statuses = [(await anext(sending)).status for _ in range(5)]
            with pytest.raises(OSError, match="the file is gone"):
                await anext(sending)
        assert statuses == ["accepted"] * 5

    @pytest.mark.parametrize("way", ["aclose", "break"])
    async def test_left_early_it_stops_and_says_what_is_lost(
        self, way: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def answer(number: int) -> Answer:
            return accepted(number) if number == 1 else Trouble.SILENCE

        async with EngageLab(answer) as server, client(server, concurrency=4) as sender:
            outcomes = sender.send_many(hellos(1000))
            async for outcome in outcomes:
                assert outcome.status == "accepted"
                break
            await server.arrived(5)
            if way == "aclose":
                await outcomes.aclose()
            del outcomes
            gc.collect()
            await sender.close()
            assert len(server.arrivals) == 5
        assert len(asyncio.all_tasks()) == 1
        assert "the fate of 4 messages being sent is unknown" in caplog.text

    async def test_messages_that_end_in_a_cancellation_leave_nobody_waiting(self) -> None:
        async def messages() -> AsyncIterator[Message]:
            yield HELLO
            raise asyncio.CancelledError

        async with EngageLab() as server, client(server) as sender:
            outcomes = sender.send_many(messages())
            assert (await anext(outcomes)).status == "accepted"
            with pytest.raises(asyncio.CancelledError):
                await anext(outcomes)

    async def test_cancelled_it_leaves_nothing_behind(self) -> None:
        async def everything() -> None:
            async for _ in sender.send_many(hellos(1000)):
                pass

        async with EngageLab(lambda _: Trouble.SILENCE) as server, client(server, concurrency=4) as sender:
            task = asyncio.create_task(everything())
            await server.arrived(4)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await sender.close()
        assert len(server.arrivals) == 4


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
