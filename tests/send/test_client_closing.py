"""However a client is closed, it ends in time, and every message has an outcome that is true.

Its requests would take ten minutes to time out: a test that waits for that fails.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.send.client_ground import HELLO, Ground, hellos
from tests.send.engagelab import Answer, Trouble, accepted, error
from wa_bulk import Accepted, Client, Message, Outcome, SendError

NOT_SENT = "closed before it was sent"


async def outcome_of(client: Client, message: Message) -> Outcome:
    try:
        return await client.send(message)
    except SendError as error:
        return error.outcome


def sending(client: Client, count: int) -> list[asyncio.Task[Outcome]]:
    return [asyncio.create_task(outcome_of(client, message)) for message in hellos(count)]


def silence_after(answered: int) -> Callable[[int], Answer]:
    return lambda number: accepted(number) if number <= answered else Trouble.SILENCE


async def close_with_a_timeout(client: Client) -> None:
    await client.close(timeout=0.05)


async def cancel_the_close(client: Client) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.close(), 0.05)


async def close_at_once(client: Client) -> None:
    await client.close(0)


@pytest.mark.parametrize("close", [close_with_a_timeout, cancel_the_close, close_at_once])
def test_a_silent_server_holds_no_close_up(
    client_ground: Ground, close: Callable[[Client], Awaitable[None]]
) -> None:
    client_ground.server.answer = silence_after(2)

    async def main() -> list[Outcome]:
        client = client_ground.client(concurrency=4)
        for message in hellos(2):
            await client.send(message)
        tasks = sending(client, 10)
        await client_ground.arrived(2 + 4)
        await close(client)
        return await asyncio.gather(*tasks)

    outcomes = client_ground.run(main())
    assert [outcome.status for outcome in outcomes] == ["unknown"] * 4 + ["failed"] * 6
    assert {outcome.message for outcome in outcomes[4:]} == {NOT_SENT}
    assert {outcome.attempts for outcome in outcomes[4:]} == {0}
    assert len(client_ground.server.arrivals) == 2 + 4


def test_a_timeout_round_the_client_ends_in_time(client_ground: Ground) -> None:
    client_ground.server.answer = silence_after(0)
    others: list[asyncio.Task[Outcome]] = []

    async def use() -> None:
        async with asyncio.timeout(0.1), client_ground.client() as client:
            others.extend(sending(client, 3))
            await asyncio.Event().wait()

    async def main() -> list[Outcome]:
        with pytest.raises(TimeoutError):
            await use()
        return await asyncio.gather(*others)

    assert [outcome.status for outcome in client_ground.run(main())] == ["unknown"] * 3


def test_it_waits_for_what_is_on_the_wire(client_ground: Ground) -> None:
    client_ground.server.answer = lambda number: accepted(number, after=0.1)

    async def main() -> list[Outcome]:
        client = client_ground.client(concurrency=2)
        tasks = sending(client, 6)
        await client_ground.arrived(2)
        await client.close()
        assert all(task.done() for task in tasks)
        return await asyncio.gather(*tasks)

    outcomes = client_ground.run(main())
    assert [outcome.status for outcome in outcomes] == ["accepted"] * 2 + ["failed"] * 4


def test_what_waits_in_line_is_told_at_once(client_ground: Ground) -> None:
    client_ground.server.answer = silence_after(0)

    async def main() -> list[Outcome]:
        client = client_ground.client(concurrency=2)
        tasks = sending(client, 5)
        await client_ground.arrived(2)
        closing = asyncio.create_task(client.close())
        in_line = await asyncio.gather(*tasks[2:])
        assert not any(task.done() for task in (*tasks[:2], closing))
        await client.close(0)
        await asyncio.gather(*tasks, closing)
        return in_line

    assert [outcome.message for outcome in client_ground.run(main())] == [NOT_SENT] * 3


def test_retries_are_not_waited_for(client_ground: Ground) -> None:
    client_ground.server.answer = lambda _: error(503, None, "busy", "Retry-After: 60\r\n")

    async def main() -> list[Outcome]:
        client = client_ground.client()
        tasks = sending(client, 3)
        await client_ground.arrived(3)
        await client.close()
        return await asyncio.gather(*tasks)

    outcomes = client_ground.run(main())
    assert [(outcome.status, outcome.message) for outcome in outcomes] == [("failed", "busy")] * 3
    assert {outcome.attempts for outcome in outcomes} == {1}


def test_whoever_waits_for_the_pace_is_not_waited_for(client_ground: Ground) -> None:
    async def main() -> list[Outcome]:
        client = client_ground.client(rate=0.01)
        tasks = sending(client, 3)
        await client_ground.arrived(1)
        await client.close()
        return await asyncio.gather(*tasks)

    outcomes = client_ground.run(main())
    assert [outcome.status for outcome in outcomes] == ["accepted", "failed", "failed"]
    assert [outcome.message for outcome in outcomes[1:]] == [NOT_SENT] * 2


def test_a_task_that_went_on_after_a_cancellation_is_told_too(client_ground: Ground) -> None:
    async def last_words(client: Client) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            with pytest.raises(SendError) as raised:
                await client.send(HELLO)
            return raised.value.outcome.message or ""
        raise AssertionError("it was cancelled")

    async def main() -> str:
        client = client_ground.client(rate=0.01)
        await client.send(HELLO)
        task = asyncio.create_task(last_words(client))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        await client.close()
        return await task

    assert client_ground.run(main()) == NOT_SENT


def test_send_many_tells_what_became_of_all_it_drew(client_ground: Ground) -> None:
    client_ground.server.answer = silence_after(3)
    drawn: list[Message] = []

    async def messages() -> AsyncIterator[Message]:
        for message in hellos(100):
            drawn.append(message)
            yield message

    async def read_all(client: Client) -> None:
        async for outcome in client.send_many(messages()):
            outcomes.append(outcome)
            if len(outcomes) == 3:
                await client_ground.arrived(3 + 4)
                await client.close(0)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="this client is closed"):
            await read_all(client_ground.client(concurrency=4))

    outcomes: list[Outcome] = []
    client_ground.run(main())
    assert sorted(outcome.request_id or "" for outcome in outcomes) == sorted(
        message.request_id or "" for message in drawn
    )
    assert [outcome.status for outcome in outcomes[:3]] == ["accepted"] * 3
    assert [outcome.status for outcome in outcomes].count("unknown") == 4


def test_closed_twice_at_once(client_ground: Ground) -> None:
    client_ground.server.answer = silence_after(0)

    async def main() -> list[Outcome]:
        client = client_ground.client()
        tasks = sending(client, 2)
        await client_ground.arrived(2)
        patient = asyncio.create_task(client.close())
        await asyncio.sleep(0)
        await client.close(0)
        await patient
        return await asyncio.gather(*tasks)

    assert [outcome.status for outcome in client_ground.run(main())] == ["unknown"] * 2


@pytest.mark.parametrize("timeout", [-1, float("nan")])
async def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    client = Client("key", "secret")
    with pytest.raises(ValueError, match="expected 0 or more, or None"):
        await client.close(timeout)
    await client.close()


def test_the_fate_of_every_message_is_known_however_late_it_is_closed(client_ground: Ground) -> None:
    """Closed while messages are at every stage: in line, paced, on the wire, answered."""
    client_ground.server.answer = lambda number: accepted(number, after=0.01 * (number % 5))

    async def main() -> list[Outcome]:
        client = client_ground.client(concurrency=8, rate=500)
        tasks = sending(client, 300)
        await client_ground.arrived(100)
        await client.close(timeout=5)
        return await asyncio.gather(*tasks)

    outcomes = client_ground.run(main())
    arrived = [arrival.message["request_id"] for arrival in client_ground.server.arrivals]
    taken = {outcome.request_id for outcome in outcomes if isinstance(outcome, Accepted)}
    assert taken == set(arrived), [outcome for outcome in outcomes if outcome.status == "unknown"]
    assert {outcome.status for outcome in outcomes} == {"accepted", "failed"}
