"""One client, one event loop, one process: anything else is told before a byte leaves."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.send.client_ground import HELLO, Ground, echoing, hellos
from wa_bulk import Client, Message, Status

OTHER_LOOP = "belongs to another event loop"


def test_another_event_loop_is_told_and_nothing_is_sent(client_ground: Ground) -> None:
    drawn: list[Message] = []

    def messages() -> Iterator[Message]:
        for message in hellos(3):
            drawn.append(message)
            yield message

    async def use(client: Client) -> None:
        with pytest.raises(RuntimeError, match=OTHER_LOOP):
            await client.send(HELLO)
        with pytest.raises(RuntimeError, match=OTHER_LOOP):
            _ = [outcome async for outcome in client.send_many(messages())]
        with pytest.raises(RuntimeError, match=OTHER_LOOP):
            await client.templates.list()
        with pytest.raises(RuntimeError, match=OTHER_LOOP):
            await client.close()

    client = client_ground.client()
    with asyncio.Runner() as first:
        assert first.run(client.send(HELLO)).status == "accepted"
        client_ground.run(use(client))
        assert first.run(client.send(HELLO)).status == "accepted"
        first.run(client.close())
    client_ground.run(client.close())  # closed already: nothing is left to do
    assert len(client_ground.server.arrivals) == 2
    assert drawn == []


def test_another_thread_is_told_too(client_ground: Ground) -> None:
    told: list[str] = []

    def elsewhere(client: Client) -> None:
        async def use() -> None:
            try:
                await client.send(HELLO)
            except RuntimeError as error:
                told.append(str(error))

        asyncio.run(use())

    async def main() -> None:
        async with client_ground.client() as client:
            await client.send(HELLO)
            thread = threading.Thread(target=elsewhere, args=(client,))
            thread.start()
            while thread.is_alive():
                await client.send(HELLO)
            thread.join()

    client_ground.run(main())
    assert len(told) == 1
    assert OTHER_LOOP in told[0]


def test_a_client_made_outside_any_loop_belongs_to_the_first(client_ground: Ground) -> None:
    client = client_ground.client()
    outcomes = client.send_many(hellos(3))

    async def main() -> list[Status]:
        statuses = [outcome.status async for outcome in outcomes]
        await client.close()
        return statuses

    assert client_ground.run(main()) == ["accepted"] * 3


async def test_a_forked_child_goes_on_with_its_own_connections_and_places(client_ground: Ground) -> None:
    """Parent and child send at once, each message answered with its own id; see the program for the rest."""
    client_ground.server.answer = echoing(client_ground.server)
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.send.forking_client",
        client_ground.server.url,
        client_ground.transport,
        client_ground.loop,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await program.communicate()
    assert program.returncode == 0
    reports = [json.loads(line) for line in printed.splitlines()]
    assert sorted(report["who"] for report in reports) == ["child", "parent"]
    for report in reports:
        who = report["who"]
        assert report["ids"] == [f"{who}-{n}" for n in range(30)]
        assert report["left"] == 0
    sent = [arrival.message["request_id"] for arrival in client_ground.server.arrivals]
    assert len(sent) == len(set(sent)) == 1 + 2 * 30
