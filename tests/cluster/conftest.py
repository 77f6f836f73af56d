"""A Redis that a test may do with as it likes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.redis_server import RedisServer


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that a test may kill, fill or take away."""
    with RedisServer(tmp_path) as server:
        yield server
