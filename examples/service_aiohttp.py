"""A service (aiohttp) that sends login codes by WhatsApp: every request shares one client.

Try it without an account, in three terminals:

    wa-bulk sandbox
    WA_BULK_DEV_KEY=sandbox WA_BULK_DEV_SECRET=sandbox WA_BULK_BASE_URL=http://127.0.0.1:8025 \\
        python examples/service_aiohttp.py
    curl -d '{"phone": "+447911123456", "code": "482913"}' http://127.0.0.1:8080/codes

Told to stop (SIGTERM), it takes no more requests, gives the messages on the wire GRACE_S seconds, and answers
every request it has begun with what became of its message.
"""

import os
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web

from wa_bulk import Client, Message, SendError, ValidationError

CLIENT = web.AppKey("client", Client)
GRACE_S = float(os.environ.get("GRACE_S", "10"))


async def with_client(app: web.Application) -> AsyncIterator[None]:
    """One client for the life of the service, over the session its other calls use too.

    Leave `session` out and the client brings its own connections, which are faster.
    """
    async with ClientSession() as session, Client.from_env(session=session) as client:
        app[CLIENT] = client
        yield


async def close_client(app: web.Application) -> None:
    """Called once nobody can connect any more, while the requests begun before are still being answered."""
    await app[CLIENT].close(timeout=GRACE_S)


async def send_code(request: web.Request) -> web.Response:
    """POST {"phone", "code"}: answers once EngageLab took the message, or did not."""
    client = request.app[CLIENT]
    if client.closed:
        return web.json_response({"status": "failed", "error": "the service is stopping"}, status=503)
    wanted = await request.json()
    message = Message.template(wanted["phone"], "code", "en", body=[wanted["code"]])
    try:
        accepted = await client.send(message)
    except ValidationError as error:
        return web.json_response({"status": "rejected", "error": str(error)}, status=422)
    except SendError as error:
        # "unknown" may be on its way: the caller must not simply ask for the same again.
        return web.json_response({"status": error.outcome.status, "error": str(error)}, status=502)
    return web.json_response({"status": accepted.status, "message_id": accepted.message_id})


def service() -> web.Application:
    """The application, for a server to run."""
    app = web.Application()
    app.cleanup_ctx.append(with_client)
    app.on_shutdown.append(close_client)
    app.router.add_post("/codes", send_code)
    return app


if __name__ == "__main__":
    web.run_app(service(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
