"""A service (FastAPI) that tells customers their order was sent: every request shares one client.

Try it without an account, in three terminals (uvicorn and FastAPI are yours to install):

    wa-bulk sandbox
    WA_BULK_DEV_KEY=sandbox WA_BULK_DEV_SECRET=sandbox WA_BULK_BASE_URL=http://127.0.0.1:8025 \\
        uvicorn --app-dir examples service_fastapi:app
    curl http://127.0.0.1:8000/orders/1017/sent -H 'Content-Type: application/json' \\
        -d '{"phone": "+447911123456", "name": "Ada", "total": "$24.90"}'

Told to stop (SIGTERM), uvicorn waits for the requests that were begun before it ends the lifespan. So the
client is closed on the signal itself: the messages on the wire have GRACE_S seconds, and every request is
answered with what became of its message.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from wa_bulk import Client, Message, SendError, ValidationError

GRACE_S = float(os.environ.get("GRACE_S", "10"))
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for the life of the service."""
    async with Client.from_env(rate=80) as client:
        app.state.client = client
        with closed_by_signals(client):
            yield


@contextmanager
def closed_by_signals(client: Client) -> Iterator[None]:
    """Close `client` when the process is told to stop, beside what the server does then."""
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    closing: list[asyncio.Task[None]] = []

    def close() -> None:
        closing.append(loop.create_task(client.close(timeout=GRACE_S)))

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(close)
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


app = FastAPI(lifespan=lifespan)


def shared_client(request: Request) -> Client:
    client: Client = request.app.state.client
    if client.closed:
        raise HTTPException(503, {"status": "failed", "error": "the service is stopping"})
    return client


class Customer(BaseModel):
    phone: str
    name: str
    total: str


@app.post("/orders/{order}/sent")
async def order_sent(
    order: str, customer: Customer, client: Annotated[Client, Depends(shared_client)]
) -> dict[str, str]:
    """Answers once EngageLab took the message, or did not."""
    message = Message.template(
        customer.phone,
        "order_update",
        "en",
        body=[customer.name, customer.total],
        request_id=f"order-{order}",
        custom_args={"order": order},
    )
    try:
        accepted = await client.send(message)
    except ValidationError as error:
        raise HTTPException(422, {"status": "rejected", "error": str(error)}) from None
    except SendError as error:
        # "unknown" may be on its way: the caller must not simply ask for the same again.
        raise HTTPException(502, {"status": error.outcome.status, "error": str(error)}) from None
    return {"status": accepted.status, "message_id": accepted.message_id}
