"""A service (aiohttp) that sends login codes by WhatsApp: every request shares one client.

Try it without an account, in three terminals:

    wa-bulk sandbox
    WA_BULK_DEV_KEY=sandbox WA_BULK_DEV_SECRET=sandbox WA_BULK_BASE_URL=http://127.0.0.1:8025 \\
        python examples/service_aiohttp.py
    curl -d '{"phone": "+447911123456", "code": "482913"}' http://127.0.0.1:8080/codes
"""

from collections.abc import AsyncIterator

from aiohttp import ClientSession, web

from wa_bulk import BodyComponent, Client, Message, SendError, TextParameter, ValidationError

CLIENT = web.AppKey("client", Client)


async def with_client(app: web.Application) -> AsyncIterator[None]:
    """One client for the life of the service, over the session its other calls use too.

    Leave `session` out and the client brings its own connections, which are faster. Either way, leaving it
    waits for the messages still in flight.
    """
    async with ClientSession() as session, Client.from_env(session=session) as client:
        app[CLIENT] = client
        yield


async def send_code(request: web.Request) -> web.Response:
    """POST {"phone", "code"}: answers once EngageLab took the message, or did not."""
    wanted = await request.json()
    message = Message.template(
        wanted["phone"], "code", "en", components=[BodyComponent([TextParameter(wanted["code"])])]
    )
    try:
        accepted = await request.app[CLIENT].send(message)
    except ValidationError as error:
        return web.json_response({"error": str(error)}, status=422)
    except SendError as error:
        # "unknown" may be on its way: the caller must not simply ask for the same again.
        return web.json_response({"status": error.outcome.status, "error": str(error)}, status=502)
    return web.json_response({"status": accepted.status, "message_id": accepted.message_id})


def service() -> web.Application:
    """The application, for a server to run."""
    app = web.Application()
    app.cleanup_ctx.append(with_client)
    app.router.add_post("/codes", send_code)
    return app


if __name__ == "__main__":
    web.run_app(service(), host="127.0.0.1", port=8080)
