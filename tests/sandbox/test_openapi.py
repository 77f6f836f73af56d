"""The OpenAPI document, and the server fuzzed by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
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
LEFT_OUT = ("/sandbox/events", "/sandbox/callbacks/probe")
"""One never ends, the other calls whatever address the fuzzer has thought of."""


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox:
        yield sandbox


def signed_in() -> dict[str, Any]:
    """The document without its word on signing in, which every case does; the contract's tests do not."""
    described = document(ROUTES)
    for methods in described["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    return described


schema = schemathesis.openapi.from_dict(signed_in()).exclude(path=list(LEFT_OUT))


def call(case: AnyCase, sandbox: Sandbox) -> None:
    """Sends the case; faults, callbacks and keys of earlier cases do not outlive it."""
    with Api(sandbox.url) as api:
        reply = case.call(base_url=sandbox.url, auth=("sandbox", "sandbox"), timeout=20)
        if case.path in ("/sandbox/faults", "/sandbox/callbacks", "/sandbox/keys"):
            api.call("DELETE", "/sandbox/faults")
            api.call("PUT", "/sandbox/callbacks", json={})
            api.call("POST", "/sandbox/keys", json={"key": "sandbox", "secret": "sandbox"})
    case.validate_response(reply, checks=CHECKS)


@schema.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_the_fuzzer_sends_breaks_the_contract(case: AnyCase, fuzzed: Sandbox) -> None:
    call(case, fuzzed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@schema.parametrize()
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_nor_in_the_long_run(case: AnyCase, fuzzed: Sandbox) -> None:
    call(case, fuzzed)


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
