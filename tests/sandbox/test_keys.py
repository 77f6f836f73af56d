"""API keys: found by their header, stored without their secret."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path

import pytest
import requests

from tests.sandbox.api import Api, text
from wa_bulk.sandbox import Sandbox, SandboxSettings
from wa_bulk.sandbox.keys import Key, Keys
from wa_bulk.sandbox.refusal import Refusal

SECRET = "a-secret-that-nothing-else-contains"


def header(key: str, secret: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(f'{key}:{secret}'.encode()).decode()}"


@pytest.mark.parametrize(
    ("key", "secret", "status", "code"),
    [
        ("nobody", "sandbox", 401, 2001),
        ("sandbox", "wrong", 401, 2001),
        ("disabled", "sandbox", 401, 2002),
        ("refused", "sandbox", 400, 2003),
    ],
)
def test_keys_that_may_not(running: Sandbox, key: str, secret: str, status: int, code: int) -> None:
    with Api(running.url, key, secret) as api:
        for reply in (api.send(text()), api.call("GET", "/v1/templates")):
            assert (reply.status_code, reply.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "header", [None, "", "Basic", "Basic !!!", "Bearer c2FuZGJveDpzYW5kYm94", "Basic //8="]
)
def test_credentials_of_another_form(running: Sandbox, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    reply = requests.post(running.url + "/v1/messages", json=text(), headers=headers, timeout=20)
    assert (reply.status_code, reply.json()["code"]) == (401, 2001)
    assert reply.headers["WWW-Authenticate"].startswith("Basic")


def test_the_scheme_is_found_whatever_its_case(running: Sandbox) -> None:
    headers = {"Authorization": "basic c2FuZGJveDpzYW5kYm94"}
    reply = requests.post(running.url + "/v1/messages", json=text(), headers=headers, timeout=20)
    assert reply.status_code == 200


def test_a_key_limited_to_some_numbers(running: Sandbox) -> None:
    with Api(running.url, "limited") as api:
        assert api.send(text()).status_code == 200
        assert api.send(text() | {"from": "8613800138000"}).status_code == 200
        reply = api.send(text() | {"from": "+447900000000"})
        assert (reply.status_code, reply.json()["code"]) == (403, 2004)
        assert "+447900000000" in reply.json()["message"]


def test_a_stored_key_knows_its_secret_and_does_not_contain_it() -> None:
    stored = Key(key="mine", secret=SECRET, numbers=["+8613800138000"]).stored()
    assert stored.has_secret(SECRET)
    assert not stored.has_secret(SECRET + "x")
    assert SECRET not in repr(stored)
    assert stored.stored() is stored
    assert stored.entry() == Key(key="mine", secret="", numbers=["+8613800138000"]).entry()
    assert stored.digest != Key(key="mine", secret=SECRET).stored().digest, "each has a salt of its own"


def test_a_stored_key_signs_in_until_it_is_removed_or_replaced() -> None:
    keys = Keys([Key(key="mine", secret=SECRET).stored()])
    for scheme in ("Basic", "basic", "Basic"):
        assert keys.authenticate(header("mine", SECRET, scheme)).key == "mine"
    with pytest.raises(Refusal, match="not its secret"):
        keys.authenticate(header("mine", "wrong"))
    keys.put(Key(key="mine", secret="other"))
    with pytest.raises(Refusal, match="not its secret"):
        keys.authenticate(header("mine", SECRET))
    assert keys.authenticate(header("mine", "other")).key == "mine"
    assert keys.remove("mine")
    assert not keys.remove("mine")
    with pytest.raises(Refusal, match="no such API key"):
        keys.authenticate(header("mine", "other"))


def test_no_secret_is_in_the_database(tmp_path: Path) -> None:
    settings = SandboxSettings(db=str(tmp_path / "sandbox.db"), secret=SECRET)
    with Sandbox(settings) as sandbox, Api(sandbox.url, "sandbox", SECRET) as api:
        added = {"key": "second", "secret": SECRET + "-2"}
        assert api.call("POST", "/sandbox/keys", json=added).status_code == 201
        assert api.send(text()).status_code == 200
        assert not any(SECRET.encode() in file.read_bytes() for file in tmp_path.iterdir())
    assert not any(SECRET.encode() in file.read_bytes() for file in tmp_path.iterdir())
    with Sandbox(settings) as sandbox:
        for key, secret in (("second", SECRET + "-2"), ("limited", SECRET), ("sandbox", SECRET)):
            with Api(sandbox.url, key, secret) as api:
                assert api.send(text()).status_code == 200
        with Api(sandbox.url, "second", SECRET) as api:
            assert api.send(text()).json()["code"] == 2001


def test_secrets_that_an_earlier_version_stored_are_hashed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(SandboxSettings(db=str(path))):
        pass
    plain = json.dumps({"key": "old", "secret": SECRET}).encode()
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO settings VALUES (?, ?, ?)", [("key", "", b""), ("key", "old", plain)]
        )
    database.close()
    with Sandbox(SandboxSettings(db=str(path))) as sandbox, Api(sandbox.url, "old", SECRET) as api:
        assert api.send(text()).status_code == 200
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT value FROM settings WHERE kind = 'key'").fetchall()
    database.close()
    assert len(rows) == 3
    assert not any(SECRET.encode() in value for (value,) in rows)
