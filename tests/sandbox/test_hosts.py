"""Which names the sandbox answers to, who may change it from a browser, and where callbacks may go."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.sandbox.api import Api, exchange, text
from wa_bulk.api.loopback import is_loopback
from wa_bulk.sandbox import CallbackSettings, Sandbox, SandboxSettings
from wa_bulk.sandbox.hosts import CallbackHosts
from wa_bulk.sandbox.refusal import Refusal

PATHS = ["/", "/inbox/app.js", "/sandbox/messages", "/sandbox/events", "/v1/templates", "/nowhere"]


@pytest.fixture(scope="module")
def named() -> Iterator[Sandbox]:
    settings = SandboxSettings(allow_hosts=("Box.Example.org",), allow_callback_hosts=("hooks.example",))
    with Sandbox(settings) as sandbox:
        yield sandbox


def status_for(sandbox: Sandbox, host: str, path: str = "/sandbox/stats") -> int:
    with requests.get(
        sandbox.url + path, headers={"Host": host}, auth=("sandbox", "sandbox"), timeout=20, stream=True
    ) as reply:
        return reply.status_code


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8025", "127.0.0.1", "192.168.1.5:8025", "[::1]:8025", "[fe80::1%25eth0]", "8.8.8.8"),
        *("localhost", "LocalHost:1", "api.localhost", "host.docker.internal:8025", "sandbox:8025", "my_box"),
        *("box.example.org", "BOX.example.ORG:8025"),
    ],
)
def test_hosts_that_are_answered(named: Sandbox, host: str) -> None:
    assert status_for(named, host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8025", "127.0.0.1.evil.example", "localhost.evil.example"),
        *(
            "localhost.",
            "notlocalhost.com",
            "example.org",
            "sub.box.example.org",
            "999.1.1.1",
            ":8025",
            "[::1",
            "evil.example@localhost",
            "localhost#evil.example",
            "localhost?evil.example",
            "localhost:8025:evil.example",
            "evil.example\\@localhost",
        ),
    ],
)
def test_hosts_that_are_not_answered(named: Sandbox, host: str) -> None:
    reply = requests.get(f"{named.url}/sandbox/messages", headers={"Host": host}, timeout=20)
    assert (reply.status_code, reply.json()["code"]) == (403, 403)
    assert "--allow-host" in reply.json()["message"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_at_all_is_answered_to_another_host(named: Sandbox, path: str) -> None:
    assert status_for(named, "evil.example", path) == 403
    assert status_for(named, "sandbox", path) == (404 if path == "/nowhere" else 200)


def test_a_message_to_another_host_is_not_taken(api: Api, running: Sandbox) -> None:
    reply = api.call("POST", "/v1/messages", json=text(), headers={"Host": "evil.example"})
    assert reply.status_code == 403
    assert running.messages == []


def test_a_request_without_a_host_comes_from_no_browser(running: Sandbox) -> None:
    assert exchange(running.url, b"GET /sandbox/stats HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")


def test_many_hosts_fill_no_memory_and_are_judged_all_the_same(named: Sandbox) -> None:
    with requests.Session() as session:
        for number in range(1_100):
            reply = session.get(named.url + "/nowhere", headers={"Host": f"box{number}"}, timeout=20)
            assert reply.status_code == 404
        last = session.get(named.url + "/nowhere", headers={"Host": "evil.example"}, timeout=20)
        assert last.status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("same", 200),
        ("http://box.example.org:9999", 200),
        ("https://evil.example", 403),
        ("http://localhost:3000", 403),
        ("null", 403),
    ],
)
def test_pages_of_other_origins_change_nothing(named: Sandbox, origin: str | None, status: int) -> None:
    """A probe needs no body, so a browser sends it from any page without asking first."""
    origin = f"http://{urlsplit(named.url).netloc}" if origin == "same" else origin
    headers = {} if origin is None else {"Origin": origin}
    reply = requests.delete(f"{named.url}/sandbox/messages", headers=headers, timeout=20)
    assert reply.status_code == status
    probe = requests.post(f"{named.url}/sandbox/callbacks/probe", headers=headers, timeout=20)
    assert probe.status_code == (400 if status == 200 else 403)
    assert requests.get(f"{named.url}/sandbox/stats", headers=headers, timeout=20).status_code == 200


def test_an_own_host_name_is_answered() -> None:
    with Sandbox(SandboxSettings(host="localhost")) as sandbox:
        assert requests.get(f"{sandbox.url}/sandbox/stats", timeout=20).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_listening_everywhere_the_url_can_be_used(host: str) -> None:
    with Sandbox(SandboxSettings(host=host)) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert requests.get(f"{sandbox.url}/sandbox/stats", timeout=20).status_code == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((name, True) for name in ("localhost", "LOCALHOST", "a.b.localhost", "127.8.9.1", "::1")),
        *((name, False) for name in ("localhost.com", "10.0.0.1", "0.0.0.0", "::", "example.com", "")),
    ],
)
def test_what_is_certainly_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:9000/x", True),
        ("http://[::1]:9000/x", True),
        ("https://hooks.localhost/x", True),
        ("http://HOOKS.example:1/", True),
        ("http://given.example/other", True),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://10.0.0.8/", False),
        ("http://127.0.0.1@evil.example/", False),
        ("http://hooks.example.evil.example/", False),
        ("http://[broken", False),
    ],
)
def test_where_callbacks_may_go(url: str, allowed: bool) -> None:
    hosts = CallbackHosts(("hooks.example",), "http://given.example/callback")
    if allowed:
        hosts.check(url)
    else:
        with pytest.raises(Refusal, match="--allow-callback-host") as refused:
            hosts.check(url)
        assert refused.value.code == 3003


def test_any_host_and_none() -> None:
    CallbackHosts(("*",), None).check("http://anywhere.example/")
    CallbackHosts((), None).check(None)


def test_the_control_api_refuses_a_callback_address_elsewhere(named: Sandbox) -> None:
    with Api(named.url) as api:
        change = {"settings": {"url": "http://10.0.0.8/"}}
        reply = api.call("PUT", "/sandbox/callbacks", json=change)
        assert (reply.status_code, reply.json()["code"]) == (400, 3003)
        assert api.get("/sandbox/callbacks")["settings"]["url"] is None
        reply = api.call("PUT", "/sandbox/callbacks", json={"settings": {"url": "http://hooks.example/"}})
        assert reply.status_code == 200


def test_the_program_that_runs_it_may_name_any_address() -> None:
    with Sandbox() as sandbox:
        sandbox.set_callbacks(CallbackSettings(url="http://10.0.0.8/"))
        with Api(sandbox.url) as api:
            assert api.get("/sandbox/callbacks")["settings"]["url"] == "http://10.0.0.8/"
