"""A pytest plugin: the fixture `wa_bulk_sandbox` is a running sandbox, a new one for each test.

It runs in a thread of its own, so tests with and without asyncio can use it alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wa_bulk.sandbox import Sandbox


@pytest.fixture
def wa_bulk_sandbox() -> Iterator[Sandbox]:
    """Run a local EngageLab on a free port: point a client at its `url`, then read its `messages`."""
    from wa_bulk.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
