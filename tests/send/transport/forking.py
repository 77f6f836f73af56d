"""A program that sends, forks and goes on in both: `python -m tests.send.transport.forking KIND URL`."""

import asyncio
import os
import sys

from wa_bulk.send.transport import Reply, make_transport

kind, url = sys.argv[1:]
transport = make_transport(kind, url, {}, connections=2, timeout=10)  # type: ignore[arg-type]


async def post_all(who: str, numbers: range) -> None:
    for number in numbers:
        payload = f"{who} {number}".encode()
        reply = await transport.post(payload)
        assert reply == Reply(200, payload), reply


async def child() -> None:
    await post_all("child", range(20))
    await transport.close()


loop = asyncio.new_event_loop()
loop.run_until_complete(post_all("parent", range(2)))
pid = os.fork()
if not pid:
    try:
        asyncio.run(child())
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
loop.run_until_complete(post_all("parent", range(2, 22)))
_, status = os.waitpid(pid, 0)
loop.run_until_complete(transport.close())
loop.run_until_complete(asyncio.sleep(0))
loop.close()
sys.exit(os.waitstatus_to_exitcode(status))
