"""A service (FastAPI, or any ASGI framework) that receives callbacks: stored first, answered after.

WA_BULK_CALLBACK_SECRET=… uvicorn --app-dir examples callbacks_fastapi:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from wa_bulk import ValidationError
from wa_bulk.callbacks import HEADER, CallbackStore, parse_callback, verify_signature
from wa_bulk.history import HistoryError, history_path

BODY_MOST = 4 * 1024 * 1024


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One store for the life of the service; leaving it finishes what waits."""
    async with CallbackStore.open(history_path()) as store:
        app.state.store = store
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/whatsapp")
async def callbacks(request: Request) -> Response:
    """Answer 200 once the rows are on disk: EngageLab waits 3 s, and posts each row once."""
    store: CallbackStore = request.app.state.store
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MOST:
            return Response(status_code=413)
    if not body.strip():
        return Response()  # how EngageLab tries a new address
    secret = os.environ.get("WA_BULK_CALLBACK_SECRET")
    try:
        if secret and not verify_signature(request.headers.get(HEADER), secret):
            await store.set_aside(body, "signature", "the signature is wrong or too old")
            return Response(status_code=401)
        await store.record(parse_callback(body))
    except ValidationError as error:
        return Response(str(error), status_code=400)
    except HistoryError:
        return Response(status_code=503)
    return Response()
