"""A program that sends, forks, and goes on sending in both: `python -m tests.send.forking_client URL …`.

The parent forks in the middle of a loop, with every place of its client taken. Each prints one line of JSON.
"""

import asyncio
import json
import os
import sys

from tests.send.client_ground import LOOPS, SECRET
from wa_bulk import Client, Message


async def send_all(client: Client, who: str) -> None:
    sends = (client.send(Message.text("+447911123456", "Hello", request_id=f"{who}-{n}")) for n in range(30))
    accepted = await asyncio.gather(*sends)
    report = {"who": who, "ids": [one.message_id for one in accepted], "left": client._in_flight.count}
    os.write(1, json.dumps(report).encode() + b"\n")


async def in_child(client: Client) -> None:
    await send_all(client, "child")
    await client.close()


async def main(url: str, transport: str, loop: str) -> None:
    client = Client("key", SECRET, base_url=url, transport=transport, rate=0, concurrency=2)  # type: ignore[arg-type]
    await client.send(Message.text("+447911123456", "Hello", request_id="first"))
    in_parent = asyncio.create_task(send_all(client, "parent"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # both places are taken, and 28 wait in line
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
                runner.run(in_child(client))
            status = 0
        finally:
            os._exit(status)
    await in_parent
    await client.close()
    _, code = await asyncio.to_thread(os.waitpid, child, 0)
    if code:
        sys.exit(f"the child ended with {code}")


if __name__ == "__main__":
    url, transport, loop = sys.argv[1:]
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main(url, transport, loop))
