"""The OpenAPI document, and the server fuzzed by it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.sandbox.api import Api
from tests.sandbox.conftest import AT_ONCE
from wa_bulk.sandbox import Sandbox, SandboxSettings
from wa_bulk.sandbox.app import ROUTES
from wa_bulk.sandbox.openapi import document

AnyCase = Case[Any]
CHECKS = [
    not_a_server_error,
    negative_data_rejection,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
LEFT_OUT = ["/sandbox/events", "/sandbox/callbacks/probe"]
"""One never ends, the other calls whatever address the fuzzer has thought of."""


def signed_in() -> dict[str, Any]:
    """The document without its word on signing in, which every case does; the contract's tests do not."""
    described = document(ROUTES)
    for methods in described["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    return described


schema = schemathesis.openapi.from_dict(signed_in()).exclude(path=LEFT_OUT)
OPERATIONS: dict[str, Any] = {
    found.ok().label: found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)
}
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
FUZZED = [
    *((label, POSITIVE) for label in OPERATIONS),
    *((label, NEGATIVE) for label, operation in OPERATIONS.items() if operation.body),
    # What is wrong with a request that is all path takes long to think of: left to longer runs.
    *(
        pytest.param(label, NEGATIVE, marks=pytest.mark.soak)
        for label, operation in OPERATIONS.items()
        if not operation.body
    ),
]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = ("sandbox", "sandbox")
        yield session


def call(case: AnyCase, sandbox: Sandbox, client: requests.Session) -> None:
    """Sends the case; faults, callbacks and keys of earlier cases do not outlive it."""
    reply = case.call(base_url=sandbox.url, session=client, timeout=20)
    if reply.status_code < 300 and case.method in ("PUT", "POST", "DELETE"):
        if case.path == "/sandbox/faults":
            client.delete(f"{sandbox.url}/sandbox/faults", timeout=20)
        elif case.path == "/sandbox/callbacks":
            client.put(f"{sandbox.url}/sandbox/callbacks", json={}, timeout=20)
        elif case.path.startswith("/sandbox/keys"):
            key = {"key": "sandbox", "secret": "sandbox"}
            client.post(f"{sandbox.url}/sandbox/keys", json=key, timeout=20)
    case.validate_response(reply, checks=CHECKS)


@pytest.mark.properties
@pytest.mark.parametrize(("label", "mode"), FUZZED)
def test_nothing_the_fuzzer_sends_breaks_the_contract(
    label: str, mode: GenerationMode, fuzzed: Sandbox, client: requests.Session
) -> None:
    @given(OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=max(3, settings().max_examples // 8),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def fuzz(case: AnyCase) -> None:
        call(case, fuzzed, client)

    with contextlib.suppress(Unsatisfiable):
        fuzz()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_nor_in_the_long_run(fuzzed: Sandbox, tmp_path: Path) -> None:
    """Schemathesis by itself, all its phases; what would change the sandbox's own behaviour left out."""
    program = str(Path(sys.executable).with_name("schemathesis"))
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(signed_in()))
    # Not from URLs in replies: it breaks down on one that a message brought and that has no host, http://[x].
    (tmp_path / "schemathesis.toml").write_text(
        '[phases.stateful.inference]\nalgorithms = ["dependency-analysis"]\n'
    )
    changing = ["put_faults", "put_callbacks", "post_key", "delete_key", "put_review"]
    run = subprocess.run(
        [
            *(program, "run", str(described), "--url", fuzzed.url, "--auth", "sandbox:sandbox"),
            *(part for path in LEFT_OUT for part in ("--exclude-path", path)),
            *(part for name in changing for part in ("--exclude-operation-id", name)),
            *("--checks", ",".join(check.__name__ for check in CHECKS), "--max-examples", "300"),
            *("--no-color", "--suppress-health-check", "all", "--request-timeout", "20"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr


def test_the_document_is_served_and_covers_every_route(api: Api) -> None:
    served = api.get("/sandbox/openapi.json")
    assert served["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    operations = [
        operation["operationId"] for methods in served["paths"].values() for operation in methods.values()
    ]
    assert len(set(operations)) == len(operations)


def test_the_rules_of_the_page_stand_in_the_document(api: Api) -> None:
    schemas = api.get("/sandbox/openapi.json")["components"]["schemas"]
    assert schemas["Text"]["properties"]["body"]["maxLength"] == 4096
    assert schemas["Template"]["properties"]["name"]["pattern"] == "^(?:[a-z0-9_]{1,512})$"
    assert schemas["Message"]["required"] == ["to", "body"]
    kinds = schemas["Message"]["properties"]["body"]["discriminator"]["mapping"]
    assert set(kinds) == {"template", "text", "image", "video", "audio", "document", "sticker"}
