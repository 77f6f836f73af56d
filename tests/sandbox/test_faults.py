"""Faults on purpose: by the recipient's number, and by chance."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.sandbox.api import ADA, Api, connect, exchange, raw_request, template, text
from tests.sandbox.conftest import AT_ONCE
from wa_bulk.api import ERROR_CODES
from wa_bulk.api.callbacks import META_ERRORS
from wa_bulk.sandbox import BEHAVIOURS, Behaviour, FaultSettings, Latency, Sandbox, SandboxSettings
from wa_bulk.sandbox.faults import Faults


def numbers_of(*kinds: str) -> list[object]:
    return [pytest.param(row, id=row.name) for row in BEHAVIOURS.values() if row.kind in kinds]


def taken(running: Sandbox) -> int:
    return len(running.messages)


@pytest.mark.parametrize("row", numbers_of("error"))
def test_each_code_by_its_number(api: Api, row: Behaviour) -> None:
    reply = api.send(text(row.number))
    assert reply.status_code == ERROR_CODES[row.value].http_status
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


def test_the_first_recipient_that_calls_for_something_is_heard(api: Api) -> None:
    assert api.send(text([ADA, "+99900003003", "+99900001000"])).json()["code"] == 3003


def test_a_magic_number_says_nothing_of_what_is_wrong_anyway(api: Api) -> None:
    assert api.send(text("+99900001000", body="")).json()["code"] == 3002


@pytest.mark.parametrize("row", [row for row in BEHAVIOURS.values() if row.kind == "journey" and row.value])
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


def test_every_number_is_one_behaviours_alone() -> None:
    numbers = [row.number for row in BEHAVIOURS.values()]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("+9990") and len(number) == 12 for number in numbers)


# ---- by chance


def drawn(settings: FaultSettings, times: int = 2_000) -> list[str | None]:
    faults = Faults(settings)
    return [row.name if row else None for row, _ in (faults.next() for _ in range(times))]


def test_the_same_seed_gives_the_same_faults() -> None:
    settings = FaultSettings(shares={"1000": 0.1, "reset-after": 0.05, "429": 0.2}, seed=7)
    assert drawn(settings) == drawn(settings)
    assert drawn(settings) != drawn(FaultSettings(shares=settings.shares, seed=8))


def test_each_fault_comes_as_often_as_its_share_says() -> None:
    names = drawn(FaultSettings(shares={"1000": 0.1, "502": 0.3}), times=10_000)
    assert 900 < names.count("1000") < 1_100
    assert 2_800 < names.count("502") < 3_200
    assert names.count(None) == 10_000 - names.count("1000") - names.count("502")


@pytest.mark.parametrize(
    ("shape", "low", "high"), [("fixed", 100, 100), ("normal", 90, 110), ("long_tail", 90, 110)]
)
def test_latency_lies_around_its_middle(shape: str, low: float, high: float) -> None:
    latency = Latency(shape=shape, ms=100, spread_ms=20)  # type: ignore[arg-type]
    faults = Faults(FaultSettings(latency=latency))
    waits = sorted(faults.next()[1] for _ in range(5_001))
    assert low <= waits[2_500] <= high
    assert waits[0] >= 0
    if shape == "long_tail":
        assert waits[4_950] > 500


def test_above_the_rate_comes_429(api: Api) -> None:
    try:
        api.put("/sandbox/faults", {"max_per_second": 3, "retry_after_s": 2})
        replies = [api.send(text()) for _ in range(5)]
    finally:
        api.call("DELETE", "/sandbox/faults")
    assert [reply.status_code for reply in replies[:4]] == [200, 200, 200, 429]
    assert replies[3].headers["Retry-After"] == "2"
    assert api.send(text()).status_code == 200


def test_an_outage_spares_the_controls(api: Api, running: Sandbox) -> None:
    try:
        report = api.put("/sandbox/faults", {"outage_s": 600})
        assert 0 < report["outage_left_s"] <= 600
        with pytest.raises(ConnectionResetError):
            exchange(running.url, raw_request(text()))
        api.put("/sandbox/faults", {"outage_s": 600, "outage": "503"})
        assert api.send(text()).status_code == 503
        assert api.get("/sandbox/messages")["total"] == 0
    finally:
        api.call("DELETE", "/sandbox/faults")
    assert api.send(text()).status_code == 200


def test_faults_from_the_start() -> None:
    settings = SandboxSettings(faults=FaultSettings(shares={"1000": 1.0}), delivery=AT_ONCE)
    with Sandbox(settings) as sandbox, Api(sandbox.url) as api:
        assert api.send(text()).json()["code"] == 1000
        sandbox.set_faults(FaultSettings())
        assert api.send(text()).status_code == 200


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"shares": {"flood": 0.5}}, "no fault is called 'flood'"),
        ({"shares": {"1000": 0.6, "502": 0.6}}, "more than 1"),
        ({"shares": {"1000": 1.5}}, "shares"),
        ({"latency": {"shape": "round"}}, "latency.shape"),
        ({"colour": "red"}, "colour"),
        ([], "object"),
    ],
)
def test_settings_that_make_no_sense_are_refused(api: Api, settings: object, words: str) -> None:
    before = api.get("/sandbox/faults")["settings"]
    reply = api.call("PUT", "/sandbox/faults", json=settings)
    assert (reply.status_code, reply.json()["code"]) == (400, 3002)
    assert words in reply.json()["message"]
    assert api.get("/sandbox/faults")["settings"] == before
