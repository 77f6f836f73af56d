"""A service that receives callbacks, and sending to the sandbox from the same event loop."""

from __future__ import annotations

import aiohttp
import msgspec
from aiohttp import web

from tests.sandbox.api import ADA, Json
from wa_bulk.api.callbacks import CallbackBatch
from wa_bulk.sandbox import Sandbox


class Receiver:
    """The developer's service: keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.status = 200
        self.log: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        self.log.append("callback")
        return web.Response(status=self.status)

    @property
    def batches(self) -> list[Json]:
        """Each checked against the vendor's form."""
        bodies = [body for _, body in self.requests if body]
        for body in bodies:
            msgspec.json.decode(body, type=CallbackBatch)
        return [msgspec.json.decode(body) for body in bodies]

    @property
    def rows(self) -> list[Json]:
        return [row for batch in self.batches for row in batch["rows"]]

    def statuses(self, to: str = ADA) -> list[str]:
        return [row["status"]["message_status"] for row in self.rows if row.get("to") == to]


async def send(client: aiohttp.ClientSession, sandbox: Sandbox, message: Json) -> str:
    async with client.post(f"{sandbox.url}/v1/messages", json=message) as reply:
        assert reply.status == 200, await reply.text()
        return str((await reply.json())["message_id"])
