"""docs/sandbox.md is a contract: it describes everything there is, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from tests.sandbox.api import Api
from wa_bulk.sandbox import BEHAVIOURS, CallbackSettings, Delivery, FaultSettings
from wa_bulk.sandbox.app import ROUTES
from wa_bulk.sandbox.inspection import MessagesQuery
from wa_bulk.sandbox.keys import initial_keys
from wa_bulk.sandbox.templates import initial_templates

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sandbox.md").read_text(encoding="utf-8")


def test_every_magic_recipient_is_in_its_table() -> None:
    written = dict(re.findall(r"^\| `(\+999\d{8})` \| (.*) \|$", PAGE, re.MULTILINE))
    assert set(written) == {row.number for row in BEHAVIOURS.values()}
    for row in BEHAVIOURS.values():
        assert row.description.removeprefix(f"taken, then fails with {row.name}: ") in written[row.number]


def test_every_control_route_is_in_its_table() -> None:
    written = set(re.findall(r"^\| `([A-Z]+ /sandbox/\S+)` \|", PAGE, re.MULTILINE))
    assert written == {
        f"{route.method} {route.path}" for route in ROUTES if route.path.startswith("/sandbox")
    }


@pytest.mark.parametrize("kind", [FaultSettings, CallbackSettings, Delivery, MessagesQuery])
def test_every_setting_is_described(kind: type[msgspec.Struct]) -> None:
    for name in kind.__struct_fields__:
        assert f"`{name}`" in PAGE


def test_every_initial_template_and_key_is_described() -> None:
    for template in initial_templates():
        assert f"`{template.name}`" in PAGE
        assert template.language in PAGE
    for key in initial_keys("sandbox", "sandbox"):
        assert f"| `{key.key}` |" in PAGE


def test_every_picture_is_there() -> None:
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", PAGE):
        assert (DOCS / picture).is_file()


def test_every_curl_of_the_page_works(api: Api) -> None:
    commands = re.findall(r"^curl .*?(?=^```)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(commands) == 6
    try:
        for command in commands:
            path = re.search(r"http://127\.0\.0\.1:8025(\S+)", command)
            data = re.search(r"--data '(.*)'", command, re.DOTALL)
            assert path is not None
            assert data is not None
            method = "PUT" if "-X PUT" in command else "POST"
            reply = api.call(method, path[1], json=json.loads(data[1]))
            assert reply.status_code in (200, 201) or "+99900000502" in command, reply.text
    finally:
        api.call("DELETE", "/sandbox/faults")
        api.call("PUT", "/sandbox/callbacks", json={})
