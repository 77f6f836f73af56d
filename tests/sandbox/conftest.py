from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.api import Api
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

AT_ONCE = Delivery(sent_after_s=0, delivered_after_s=0, read_after_s=0, timeout_s=0, spread=0)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for a module of tests that leave it as they found it, messages aside."""
    with Sandbox(SandboxSettings(delivery=AT_ONCE)) as sandbox:
        yield sandbox


@pytest.fixture
def api(running: Sandbox) -> Iterator[Api]:
    running.clear()
    with Api(running.url) as client:
        yield client
