"""What a strict HTTP client, in any language, relies on."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.sandbox.api import Api, connect, exchange, raw_request, text
from wa_bulk.sandbox import Sandbox
from wa_bulk.sandbox.app import ROUTES


def test_an_unknown_path_is_404_as_json(api: Api) -> None:
    for path in ("/v2/messages", "/v1/messages/", "/inbox/../server.py", "/inbox/nothing.js", "/sandbox/x/y"):
        reply = api.call("GET", path)
        assert reply.status_code == 404
        assert reply.headers["Content-Type"] == "application/json"
        assert reply.json()["code"] == 404


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_another_method_is_405_as_json_and_options_names_those_there_are(api: Api, path: str) -> None:
    methods = {route.method for route in ROUTES if route.path == path}
    methods |= {"HEAD"} if "GET" in methods else set()
    path = re.sub(r"\{\w+\}", "1", path)
    reply = api.call("PATCH", path)
    assert reply.status_code == 405
    assert reply.json()["code"] == 405
    assert set(reply.headers["Allow"].split(", ")) == methods | {"OPTIONS"}
    options = api.call("OPTIONS", path)
    assert options.status_code == 204
    assert options.content == b""
    assert options.headers["Allow"] == reply.headers["Allow"]


def test_head_is_get_without_the_body(api: Api) -> None:
    head, get = api.call("HEAD", "/v1/templates"), api.call("GET", "/v1/templates")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(get.content))


def test_a_long_query_is_read(api: Api) -> None:
    assert api.get("/sandbox/messages", q="x" * 60_000)["total"] == 0


def test_a_large_body_is_refused(api: Api) -> None:
    reply = api.call("POST", "/v1/messages", data=b"x" * (1024 * 1024 + 1))
    assert (reply.status_code, reply.json()["code"]) == (413, 413)


def test_a_connection_is_kept_for_the_next_request(running: Sandbox) -> None:
    with connect(running.url) as connection:
        stream = connection.makefile("rb")
        messages: list[object] = [text(), {}, text(), []]
        for message in messages:
            connection.sendall(raw_request(message, keep_alive=True))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += stream.readline()
            assert b"Connection: close" not in head
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"Length" in line)
            assert json.loads(stream.read(length))


def test_requests_sent_at_once_are_answered_in_turn(running: Sandbox) -> None:
    request = raw_request(text() | {"request_id": "one"}, keep_alive=True)
    last = raw_request(text() | {"request_id": "two"})
    received = exchange(running.url, request + last)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b'"one"') < received.index(b'"two"')


def test_a_chunked_body_is_read(running: Sandbox) -> None:
    head, body = raw_request(text()).split(b"\r\n\r\n")
    head = b"\r\n".join(line for line in head.split(b"\r\n") if b"Length" not in line)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    received = exchange(running.url, head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert received.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01 hello\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/9\r\n\r\n"]
)
def test_what_is_no_http_is_no_server_error(running: Sandbox, nonsense: bytes) -> None:
    assert b" 500 " not in exchange(running.url, nonsense).split(b"\r\n")[0]


def test_curl_as_the_vendors_page_has_it(running: Sandbox) -> None:
    curl = [
        *("curl", "--silent", "--user", "sandbox:sandbox", "--header", "Content-Type: application/json"),
        *("--data", json.dumps(text() | {"request_id": "mine"}), running.url + "/v1/messages"),
    ]
    reply = json.loads(subprocess.run(curl, capture_output=True, check=True, timeout=20).stdout)
    assert reply["request_id"] == "mine"
    assert len(reply["message_id"]) == 20
