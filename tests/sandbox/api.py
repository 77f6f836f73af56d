"""The sandbox as a client in plain `requests` sees it."""

from __future__ import annotations

import json
import socket
from typing import Any, Self
from urllib.parse import urlsplit

import requests

Json = dict[str, Any]
ADA = "+447911123456"


def text(to: str | list[str] = ADA, body: str = "Hello") -> Json:
    return {"to": to, "body": {"type": "text", "text": {"body": body}}}


def of_type(kind: str, **fields: object) -> Json:
    return {"to": [ADA], "body": {"type": kind, kind: fields}}


def template(
    name: str = "order_update",
    language: str = "en",
    components: list[Json] | None = None,
    to: str = ADA,
) -> Json:
    if components is None:
        components = [body_of("Ada", {"fallback_value": "$24.90", "code": "USD", "amount_1000": 24900})]
    return {
        "to": [to],
        "body": {
            "type": "template",
            "template": {"name": name, "language": language, "components": components},
        },
    }


def parameter(value: str | Json) -> Json:
    """A text from a string, a currency or a date_time from an object."""
    if isinstance(value, str):
        return {"type": "text", "text": value}
    kind = "currency" if "code" in value else "date_time"
    return {"type": kind, kind: value}


def body_of(*values: str | Json) -> Json:
    return {"type": "body", "parameters": [parameter(value) for value in values]}


class Api:
    def __init__(self, url: str, key: str = "sandbox", secret: str = "sandbox") -> None:
        self.url = url
        self._session = requests.Session()
        self._session.auth = (key, secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self._session.request(method, self.url + path, timeout=20, **more)

    def send(self, message: object) -> requests.Response:
        return self.call("POST", "/v1/messages", json=message)

    def get(self, path: str, **params: object) -> Any:
        reply = self.call("GET", path, params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def put(self, path: str, body: object) -> Any:
        reply = self.call("PUT", path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()


def raw_request(message: object, *, keep_alive: bool = False) -> bytes:
    body = json.dumps(message).encode()
    return (
        b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Basic c2FuZGJveDpzYW5kYm94\r\n"
        + (b"" if keep_alive else b"Connection: close\r\n")
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=20)


def exchange(url: str, request: bytes) -> bytes:
    """All that comes back until the other side closes. Raises ConnectionResetError."""
    with connect(url) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received
