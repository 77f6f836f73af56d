"""A service (aiohttp) that receives callbacks at /whatsapp/ beside its own pages, and acts on messages.

    WA_BULK_CALLBACK_SECRET=… python examples/callbacks_aiohttp.py

Try it: `curl -d '{"rows": []}' http://127.0.0.1:8080/whatsapp/`. With a secret set, that is refused.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from wa_bulk.callbacks import CallbackRow, CallbackStore, receiver_app
from wa_bulk.history import history_path

REPLIES = web.AppKey("REPLIES", list[str])


def service(path: Path, secret: str | None) -> web.Application:
    """Return the service, with its callbacks kept in the file at `path`."""
    store = CallbackStore.open(path)
    replies: list[str] = []

    async def on_row(row: CallbackRow) -> None:
        """Note who wrote. Called once for each new row, after it is stored."""
        if row.response is not None and row.from_ is not None:
            replies.append(row.from_)

    async def with_store(_: web.Application) -> AsyncIterator[None]:
        """Close the store when everything that uses it has ended."""
        yield
        await store.close()

    app = web.Application()
    app[REPLIES] = replies
    app.cleanup_ctx.append(with_store)
    app.add_subapp("/whatsapp", receiver_app(store, secret, on_row))
    return app


if __name__ == "__main__":
    web.run_app(
        service(history_path(), os.environ.get("WA_BULK_CALLBACK_SECRET")),
        host="127.0.0.1",
        auto_decompress=False,  # receiver_app unpacks, and keeps aside what cannot be unpacked
    )
