"""Many messages over one client: an outcome for each, as they come."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.send.client_ground import HELLO, client, hellos
from tests.send.engagelab import Answer, EngageLab, Trouble, accepted, error
from wa_bulk import Message


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
