"""Random faults: how often, how slow, the same for the same seed."""

from __future__ import annotations

import pytest

from tests.sandbox.api import Api, exchange, raw_request, text
from tests.sandbox.conftest import AT_ONCE
from wa_bulk.sandbox import FaultSettings, Latency, Sandbox, SandboxSettings
from wa_bulk.sandbox.faults import RANDOM_FAULTS, Faults


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
def test_latency_is_around_its_median(shape: str, low: float, high: float) -> None:
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


def test_an_outage_leaves_the_control_api_alone(api: Api, running: Sandbox) -> None:
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


def test_faults_initial() -> None:
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


def test_faults_after_the_message_was_taken_come_at_random_too() -> None:
    settings = SandboxSettings(faults=FaultSettings(shares={"taken-502": 1.0}), delivery=AT_ONCE)
    with Sandbox(settings) as sandbox, Api(sandbox.url) as api:
        assert [api.send(text()).status_code for _ in range(3)] == [502, 502, 502]
        assert len(sandbox.messages) == 3


def test_a_message_id_that_is_a_number_comes_at_random_too() -> None:
    settings = SandboxSettings(faults=FaultSettings(shares={"numeric-message-id": 1.0}), delivery=AT_ONCE)
    with Sandbox(settings) as sandbox, Api(sandbox.url) as api:
        assert str(api.send(text()).json()["message_id"]) == sandbox.messages[0].message_id


@pytest.mark.parametrize("name", RANDOM_FAULTS)
def test_each_name_is_taken_as_a_share(name: str) -> None:
    assert drawn(FaultSettings(shares={name: 1.0}), times=1) == [name]
