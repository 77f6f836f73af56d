"""Faults on purpose, each by the recipient number that asks for it."""

from __future__ import annotations

import contextlib
import gzip
import json

import pytest

from tests.sandbox.api import ADA, Api, connect, exchange, raw_request, template, text
from wa_bulk.api import ERROR_CODES
from wa_bulk.api.callbacks import META_ERRORS
from wa_bulk.sandbox import BEHAVIOURS, Behaviour, Sandbox
from wa_bulk.sandbox.refusal import UNDOCUMENTED_CODES


def numbers_of(*kinds: str) -> list[object]:
    return [pytest.param(row, id=row.name) for row in BEHAVIOURS.values() if row.kind in kinds]


def taken(running: Sandbox) -> int:
    return len(running.messages)


@pytest.mark.parametrize("row", numbers_of("error"))
def test_each_code_by_its_number(api: Api, row: Behaviour) -> None:
    reply = api.send(text(row.number))
    assert reply.status_code == (ERROR_CODES | UNDOCUMENTED_CODES)[row.value].http_status
    assert reply.json()["code"] == row.value
    assert api.get("/sandbox/messages")["total"] == 0


def test_too_fast(api: Api) -> None:
    reply = api.send(text("+99900000429"))
    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "1"
    assert reply.json()["code"] == 429


@pytest.mark.parametrize("row", numbers_of("gateway"))
def test_a_gateways_page(api: Api, row: Behaviour) -> None:
    reply = api.send(text(row.number))
    assert reply.status_code == row.value
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "<html>" in reply.text
    assert api.get("/sandbox/messages")["total"] == 0


def test_a_redirect(api: Api) -> None:
    reply = api.call("POST", "/v1/messages", json=text("+99900000301"), allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (301, "/v2/messages")
    assert api.get("/sandbox/messages")["total"] == 0


def test_a_code_as_text_and_an_object_as_message(api: Api) -> None:
    reply = api.send(text("+99900000019"))
    assert (reply.status_code, reply.json()["code"]) == (400, "2003")
    assert isinstance(reply.json()["message"], dict)


def test_a_408_ends_the_connection(api: Api, running: Sandbox) -> None:
    received = exchange(running.url, raw_request(text("+99900000408"), keep_alive=True))
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"Connection: close" in received


@pytest.mark.parametrize("row", numbers_of("taken_gateway", "taken_envoy", "taken_envelope"))
def test_a_gateway_that_answers_with_an_error_though_the_message_was_taken(
    api: Api, running: Sandbox, row: Behaviour
) -> None:
    reply = api.send(text(row.number))
    assert reply.status_code == row.value
    assert row.name.startswith(f"taken-{row.value}")
    assert "message_id" not in reply.text
    assert taken(running) == 1


def test_the_words_of_envoy_and_the_json_of_a_gateway(api: Api) -> None:
    assert api.send(text("+99900101503")).text.startswith("upstream connect error")
    assert api.send(text("+99900101502")).json() == {"code": 502, "message": "Bad Gateway"}


def test_every_odd_reply_names_the_message_that_was_taken(api: Api, running: Sandbox) -> None:
    rows = [row for row in BEHAVIOURS.values() if row.kind == "odd_reply"]
    for row in rows:
        reply = api.send(text(row.number) | {"request_id": f"r-{row.name}"})
        assert reply.status_code == row.value
        fields = json.loads(reply.content.decode("utf-8-sig"))
        assert str(fields["message_id"]) == running.messages[-1].message_id
        assert running.messages[-1].to == row.number
    assert taken(running) == len(rows) > 5


def test_ids_as_numbers(api: Api) -> None:
    assert isinstance(api.send(text("+99900000021")).json()["message_id"], int)
    reply = api.send(text("+99900000022") | {"request_id": "mine"}).json()
    assert isinstance(reply["request_id"], int)
    assert len({api.send(text("+99900000021")).json()["message_id"] for _ in range(20)}) == 20


def test_a_byte_order_mark(api: Api) -> None:
    assert api.send(text("+99900000023")).content.startswith(b"\xef\xbb\xbf{")


def test_gzip_though_nobody_asked_for_it(running: Sandbox) -> None:
    received = exchange(running.url, raw_request(text("+99900000024")))
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert "message_id" in json.loads(gzip.decompress(body))


def test_echoes_of_the_request_id(api: Api) -> None:
    api.send(text() | {"request_id": "first"})
    cut = api.send(text("+99900000025") | {"request_id": "orders-17"}).json()["request_id"]
    assert cut == "orde"
    assert api.send(text("+99900000025") | {"request_id": "x"}).json()["request_id"] == "xx"
    assert "request_id" not in api.send(text("+99900000025")).json()
    api.send(text() | {"request_id": "before"})
    assert api.send(text("+99900000026") | {"request_id": "mine"}).json()["request_id"] == "before"
    assert "request_id" not in api.send(text("+99900000027") | {"request_id": "mine"}).json()


def test_a_reset_before_the_message_is_taken(api: Api, running: Sandbox) -> None:
    with pytest.raises(ConnectionResetError):
        exchange(running.url, raw_request(text("+99900000011")))
    assert taken(running) == 0


def test_a_reset_after_the_message_is_taken(api: Api, running: Sandbox) -> None:
    with pytest.raises(ConnectionResetError):
        exchange(running.url, raw_request(text("+99900000012")))
    assert taken(running) == 1


def test_a_close_after_the_message_is_taken(api: Api, running: Sandbox) -> None:
    assert exchange(running.url, raw_request(text("+99900000013"), keep_alive=True)) == b""
    assert taken(running) == 1


def test_silence_after_the_message_is_taken(api: Api, running: Sandbox) -> None:
    with connect(running.url) as connection:
        connection.sendall(raw_request(text("+99900000014")))
        while not taken(running):
            pass
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_half_a_reply(api: Api, running: Sandbox) -> None:
    received = b""
    with connect(running.url) as connection, contextlib.suppress(ConnectionResetError):
        connection.sendall(raw_request(text("+99900000015")))
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert 0 < len(body) < 37
    assert taken(running) == 1


def test_a_slow_reply_comes_in_the_end(api: Api, running: Sandbox) -> None:
    with connect(running.url) as connection:
        connection.sendall(raw_request(text("+99900000016")))
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    assert len(parts) > 10
    assert "message_id" in json.loads(b"".join(parts).partition(b"\r\n\r\n")[2])


def test_a_reply_that_is_no_json(api: Api, running: Sandbox) -> None:
    reply = api.send(text("+99900000017"))
    assert reply.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        reply.json()
    assert taken(running) == 1


def test_a_reply_without_a_body(api: Api, running: Sandbox) -> None:
    reply = api.send(text("+99900000018"))
    assert (reply.status_code, reply.content) == (200, b"")
    assert taken(running) == 1


def test_a_wait_of_any_length(api: Api) -> None:
    reply = api.send(text("+99910000150"))
    assert reply.status_code == 200
    assert reply.elapsed.total_seconds() >= 0.149


def test_the_first_recipient_that_asks_for_a_fault_gets_it(api: Api) -> None:
    assert api.send(text([ADA, "+99900003003", "+99900001000"])).json()["code"] == 3003


def test_a_wrong_message_is_refused_whatever_its_number(api: Api) -> None:
    assert api.send(text("+99900001000", body="")).json()["code"] == 3002


@pytest.mark.parametrize("row", [row for row in BEHAVIOURS.values() if row.kind == "delivery" and row.value])
def test_each_code_a_delivery_fails_with(api: Api, running: Sandbox, row: Behaviour) -> None:
    assert api.send(template(to=row.number)).status_code == 200
    (record,) = running.messages
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.code == row.value
    assert record.error.message == META_ERRORS[row.value].meaning


@pytest.mark.parametrize(
    ("number", "status"),
    [("+99900000031", "sent"), ("+99900000032", "delivered"), ("+99900000033", "failed"), (ADA, "read")],
)
def test_how_far_a_message_comes(api: Api, running: Sandbox, number: str, status: str) -> None:
    api.send(template(to=number))
    assert [record.status for record in running.messages] == [status]


def test_every_number_belongs_to_one_fault() -> None:
    numbers = [row.number for row in BEHAVIOURS.values()]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("+9990") and len(number) == 12 for number in numbers)
