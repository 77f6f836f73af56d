"""A service (FastAPI) that tells customers their order was sent: every request shares one client.

Try it without an account, in three terminals (uvicorn and FastAPI are yours to install):

    wa-bulk sandbox
    WA_BULK_DEV_KEY=sandbox WA_BULK_DEV_SECRET=sandbox WA_BULK_BASE_URL=http://127.0.0.1:8025 \\
        uvicorn --app-dir examples service_fastapi:app
    curl http://127.0.0.1:8000/orders/1017/sent -H 'Content-Type: application/json' \\
        -d '{"phone": "+447911123456", "name": "Ada", "total": "$24.90"}'
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from wa_bulk import BodyComponent, Client, Message, SendError, TextParameter, ValidationError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for the life of the service; leaving it waits for the messages still in flight."""
    async with Client.from_env(rate=80) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


def shared_client(request: Request) -> Client:
    client: Client = request.app.state.client
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
        components=[BodyComponent([TextParameter(customer.name), TextParameter(customer.total)])],
        request_id=f"order-{order}",
        custom_args={"order": order},
    )
    try:
        accepted = await client.send(message)
    except ValidationError as error:
        raise HTTPException(422, str(error)) from None
    except SendError as error:
        # "unknown" may be on its way: the caller must not simply ask for the same again.
        raise HTTPException(502, {"status": error.outcome.status, "error": str(error)}) from None
    return {"status": accepted.status, "message_id": accepted.message_id}
