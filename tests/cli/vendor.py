"""A server in the place of EngageLab that answers as a test wants, however unlike the sandbox that is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec

Query = dict[str, str]
Answer = Callable[[str, str, Query], tuple[int, object]]
"""From method, path and query to HTTP status and body: text as it is, anything else as JSON."""


@contextmanager
def vendor(answer: Answer) -> Iterator[str]:
    """Serve at a free port of this machine; gives the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            status, body = answer(self.command, parts.path, query)
            data = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - their names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:  # of clients that did not wait
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def listed(
    name: str,
    language: str = "en",
    *components: Mapping[str, object],
    status: str = "APPROVED",
    category: str = "UTILITY",
    **more: object,
) -> dict[str, object]:
    """Make a template as it is listed; with one body of one variable unless there are `components`."""
    body: Mapping[str, object] = {"type": "BODY", "text": "Hello {{1}}", "example": {"body_text": [["Ada"]]}}
    return {
        "id": f"{name}-{language}",
        "name": name,
        "language": language,
        "category": category,
        "status": status,
        "components": list(components) or [body],
        **more,
    }


def listing(*templates: dict[str, object], first: int | None = None) -> Answer:
    """Answer as an account with these templates; with `first`, every list is cut after that many."""

    def answer(method: str, path: str, query: Query) -> tuple[int, object]:
        if method != "GET" or path != "/v1/templates":
            return 404, json.dumps({"code": 4001, "message": "no such thing"})
        found = [
            one
            for one in templates
            if query.get("name", "") in str(one["name"])
            and query.get("language_code", one["language"]) == one["language"]
        ]
        return 200, found[:first]

    return answer
