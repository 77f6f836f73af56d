"""What a client may be given: a pacer, a default sender, an observer, a list of whom not to write to."""

import asyncio
import logging
import re
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from tests.send.client_ground import HELLO, SECRET, Ground, client, hellos
from tests.send.engagelab import Answer, EngageLab, Trouble, accepted, error
from wa_bulk import Client, Message, Outcome, SendError, __version__
from wa_bulk.observe import LoggingObserver, Observer
from wa_bulk.send.pacing import LocalPacer, SenderPacer

NUMBERS = ["+447911123456", "+447911123457", "+447911123458"]


class CountingPacer:
    """A pacer of somebody else's: lets everything through, and counts it."""

    def __init__(self) -> None:
        self.tokens: Counter[str | None] = Counter()
        self.released = False

    def of(self, sender: str | None, /) -> SenderPacer:
        return _Counting(self, sender)

    def release(self) -> None:
        self.released = True


class _Counting:
    rate = pace = 1.0
    not_before = 0.0

    def __init__(self, counts: CountingPacer, sender: str | None) -> None:
        self._counts = counts
        self._sender = sender

    def try_take(self, tokens: int = 1, /) -> bool:
        self._counts.tokens[self._sender] += tokens
        return True

    async def take(self, tokens: int = 1, /) -> None:
        raise AssertionError("nothing has to wait")

    def hold(self, tokens: int = 1, /) -> None:
        pass

    def use(self, tokens: int = 1, /) -> None:
        pass

    def give_back(self, tokens: int = 1, /) -> None:
        self._counts.tokens[self._sender] -= tokens

    def slow_down(self, retry_after: float | None = None, /) -> None:
        pass

    def release(self) -> None:
        pass


class TestPacer:
    def test_each_recipient_takes_a_token(self, client_ground: Ground) -> None:
        pacer = CountingPacer()

        async def main() -> None:
            async with client_ground.client(rate=None, pacer=pacer, max_recipients=100) as sender:
                for first in range(6):
                    numbers = [f"+4479{first}1{n:05}" for n in range(100)]
                    await sender.send(Message.text(numbers, "Hello"))
                await sender.send(HELLO)

        client_ground.run(main())
        assert pacer.tokens == {None: 601}
        assert pacer.released

    async def test_a_known_default_number_has_one_pace(self) -> None:
        pacer = CountingPacer()
        async with (
            EngageLab() as server,
            client(server, rate=None, pacer=pacer, default_sender="0086 13800138000") as sender,
        ):
            await sender.send(HELLO)
            await sender.send(Message.text("+447911123456", "Hello", from_="8613800138000"))
            await sender.send(Message.text("+447911123456", "Hello", from_="+8613800138001"))
        assert pacer.tokens == {"+8613800138000": 2, "+8613800138001": 1}
        assert "from" not in server.arrivals[0].message

    async def test_an_unknown_one_has_a_pace_of_its_own(self) -> None:
        pacer = CountingPacer()
        async with EngageLab() as server, client(server, rate=None, pacer=pacer) as sender:
            await sender.send(HELLO)
            await sender.send(Message.text("+447911123456", "Hello", from_="+8613800138000"))
        assert pacer.tokens == {None: 1, "+8613800138000": 1}

    async def test_a_pacer_of_ours_can_be_handed_in(self) -> None:
        async with EngageLab() as server, client(server, rate=None, pacer=LocalPacer(1000)) as sender:
            assert (await sender.send(HELLO)).status == "accepted"


class Stopped:
    """A suppression list."""

    def __init__(self, *numbers: str) -> None:
        self.numbers = set(numbers)
        self.asked: list[str] = []

    def reason(self, number: str, /) -> str | None:
        self.asked.append(number)
        return "wrote STOP" if number in self.numbers else None


class TestSuppression:
    async def test_who_is_suppressed_is_not_written_to(self) -> None:
        stopped = Stopped(NUMBERS[1])
        async with EngageLab() as server, client(server, suppression=stopped) as sender:
            await sender.send(Message.text(NUMBERS[0], "Hello"))
            with pytest.raises(SendError, match="skipped: wrote STOP") as caught:
                await sender.send(Message.text("0044 7911 123457", "Hello", request_id="r"))
        outcome = caught.value.outcome
        assert (outcome.status, outcome.to, outcome.request_id) == ("skipped", NUMBERS[1], "r")
        assert outcome.attempts == 0
        assert [arrival.message["to"] for arrival in server.arrivals] == [[NUMBERS[0]]]
        assert stopped.asked == NUMBERS[:2]

    async def test_of_several_all_or_none_is_written_to(self) -> None:
        async with (
            EngageLab() as server,
            client(server, suppression=Stopped(NUMBERS[1]), max_recipients=3) as sender,
        ):
            with pytest.raises(SendError) as caught:
                await sender.send(Message.text(NUMBERS, "Hello"))
        assert caught.value.outcome.to == NUMBERS[1]
        assert server.arrivals == []

    async def test_send_many_writes_to_the_others(self) -> None:
        messages = [
            Message.text(NUMBERS, "Hello", request_id="1"),
            Message.text(NUMBERS[1:2], "Hello", request_id="2"),
            Message.text(NUMBERS[1], "Hello", request_id="3"),
        ]
        async with (
            EngageLab() as server,
            client(server, suppression=Stopped(NUMBERS[1]), max_recipients=3, concurrency=1) as sender,
        ):
            outcomes = [outcome async for outcome in sender.send_many(messages)]
        assert [(one.request_id, one.to, one.status) for one in outcomes] == [
            ("1", NUMBERS[1], "skipped"),
            ("1", NUMBERS[0], "accepted"),
            ("1", NUMBERS[2], "accepted"),
            ("2", NUMBERS[1], "skipped"),
            ("3", NUMBERS[1], "skipped"),
        ]
        assert [arrival.message["to"] for arrival in server.arrivals] == [[NUMBERS[0], NUMBERS[2]]]

    async def test_a_list_that_cannot_be_asked_lets_nobody_through(self) -> None:
        class Broken:
            def reason(self, number: str, /) -> str | None:
                raise OSError("the list is gone")

        async with EngageLab() as server, client(server, suppression=Broken()) as sender:
            with pytest.raises(OSError, match="the list is gone"):
                await sender.send(HELLO)
            with pytest.raises(OSError, match="the list is gone"):
                _ = [outcome async for outcome in sender.send_many(hellos(3))]
        assert server.arrivals == []


class Recorder:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.attempts: list[tuple[int | None, int | None]] = []
        self.retries: list[tuple[int, float]] = []
        self.slow_downs: list[float] = []
        self.settled: list[tuple[str, int]] = []
        self.latencies: list[float | None] = []

    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None:
        self.attempts.append((http_status, code))
        self.latencies.append(latency_ms)

    def on_retry(self, *, attempt: int, wait_s: float) -> None:
        self.retries.append((attempt, wait_s))

    def on_slow_down(self, *, wait_s: float) -> None:
        self.slow_downs.append(wait_s)

    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None:
        self.settled.append((status, attempts))


class Raising(Recorder):
    """An observer that raises whatever it is told."""

    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None:
        raise ValueError("not my day")

    def on_retry(self, *, attempt: int, wait_s: float) -> None:
        raise KeyError(attempt)

    def on_slow_down(self, *, wait_s: float) -> None:
        raise ZeroDivisionError

    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None:
        raise OSError(status)


class TestObserver:
    def test_it_is_told_what_happens_in_numbers(self, client_ground: Ground) -> None:
        answers: list[Answer] = [
            error(500, 1000),
            error(429, None, headers="Retry-After: 0\r\n"),
            accepted(3),
            error(400, 3002),
            Trouble.RESET,
        ]
        client_ground.server.answer = lambda number: answers[number - 1]
        seen = Recorder()

        async def main() -> list[Outcome]:
            async with client_ground.client(observer=seen, concurrency=1) as sender:
                return [outcome async for outcome in sender.send_many(hellos(3))]

        outcomes = client_ground.run(main())
        assert [outcome.status for outcome in outcomes] == ["accepted", "rejected", "unknown"]
        assert seen.attempts == [(500, 1000), (429, None), (200, None), (400, 3002), (None, None)]
        assert all(latency is not None and latency >= 0 for latency in seen.latencies)
        assert [attempt for attempt, _ in seen.retries] == [1, 2]
        assert seen.slow_downs == [0]
        assert seen.settled == [("accepted", 3), ("rejected", 1), ("unknown", 1)]

    def test_no_message_suffers_from_one_that_raises(
        self, client_ground: Ground, caplog: pytest.LogCaptureFixture
    ) -> None:
        slow = error(429, None, headers="Retry-After: 0\r\n")
        answers: list[Answer] = [slow, accepted(2), Trouble.RESET]
        client_ground.server.answer = lambda number: answers[number - 1]

        async def main() -> list[Outcome]:
            async with client_ground.client(observer=Raising(), concurrency=1) as sender:
                return [outcome async for outcome in sender.send_many(hellos(2))]

        assert [outcome.status for outcome in client_ground.run(main())] == ["accepted", "unknown"]
        for name in ("on_attempt", "on_retry", "on_slow_down", "on_settled"):
            assert f"the observer raised in {name}" in caplog.text

    def test_one_that_lacks_a_method_is_told_at_once(self) -> None:
        with pytest.raises(TypeError, match="object has no on_attempt, on_retry, on_slow_down, on_settled"):
            Client("key", SECRET, observer=object())  # type: ignore[arg-type]

    async def test_what_never_left_is_settled_without_an_attempt(self) -> None:
        seen = Recorder()
        async with EngageLab(lambda _: Trouble.SILENCE) as server:
            sender = client(server, observer=seen, concurrency=1)
            tasks = [asyncio.create_task(sender.send(message)) for message in hellos(2)]
            await server.arrived(1)
            await sender.close(0)
            await asyncio.gather(*tasks, return_exceptions=True)
        assert sorted(seen.settled) == [("failed", 0), ("unknown", 1)]
        assert seen.attempts == [(None, None)]

    async def test_the_logging_one(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "wa_bulk.observe")
        observer: Observer = LoggingObserver()

        def answer(number: int) -> Answer:
            return error(429, None, headers="Retry-After: 0\r\n") if number == 1 else accepted(number)

        async with EngageLab(answer) as server, client(server, observer=observer) as sender:
            await sender.send(HELLO)
        messages = [record.getMessage() for record in caplog.records]
        assert [message.split(":")[0] for message in messages] == [
            "attempt",
            "slow down",
            "retry",
            "attempt",
            "settled",
        ]
        assert "HTTP 429" in messages[0]
        assert messages[-1] == "settled: accepted after 2 attempts"


class TestAddress:
    def test_plain_http_elsewhere_has_to_be_allowed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("WA_BULK_ALLOW_HTTP", raising=False)
        with pytest.raises(ValueError, match="allow_http=True"):
            Client("key", SECRET, base_url="http://sandbox:8025")
        Client("key", SECRET, base_url="http://sandbox:8025", allow_http=True)

    def test_requests_say_who_sends_them(self, client_ground: Ground) -> None:
        async def main() -> None:
            async with client_ground.client() as sender:
                await sender.send(HELLO)

        client_ground.run(main())
        assert f"user-agent: wa_bulk/{__version__}\r\n" in client_ground.server.arrivals[0].head.lower()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"rate": "80"}, "rate is str; expected a number"),
        ({"rate": True}, "rate is bool; expected a number"),
        ({"concurrency": 1.5}, "concurrency is float; expected a whole number"),
        ({"timeout": None}, "timeout is None; expected a number"),
        ({"tries": "5"}, "tries is str; expected a whole number"),
        ({"retry_total": [1]}, "retry_total is list; expected a number"),
        ({"max_recipients": None}, "max_recipients is None; expected a whole number"),
        ({"default_sender": 447911123456}, 'default_sender is int; expected text such as "+447911123456"'),
        ({"base_url": None}, "base_url is None; expected text"),
        ({"proxy": 3128}, "the argument proxy is int; expected text"),
        ({"session": "mine"}, "session is str; expected an aiohttp.ClientSession"),
        ({"pacer": 80}, "the pacer int has no of, release: see wa_bulk.send.pacing.Pacer"),
        ({"suppression": {"+447911123456"}}, "the suppression set has no reason: see "),
        ({"dev_key": b"key"}, "dev_key is bytes; expected text"),
    ],
)
def test_a_setting_of_another_type_is_told_with_what_was_expected(
    setting: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(words)}"):
        Client(**{"dev_key": "key", "dev_secret": SECRET, **setting})


def test_settings_may_be_numbers_and_texts_of_other_types() -> None:
    class Count:
        def __index__(self) -> int:
            return 3

    class Safe(str):
        __slots__ = ()

    Client(Safe("key"), SECRET, rate=Fraction(1, 2), concurrency=Count(), base_url=Safe("https://h"))  # type: ignore[arg-type]


async def test_one_message_is_no_iterable_of_messages() -> None:
    with pytest.raises(TypeError, match="expected an iterable of messages, got Message"):
        Client("key", SECRET).send_many(HELLO)  # type: ignore[arg-type]
