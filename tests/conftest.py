"""What holds for every test."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.cluster.redis_server import RedisServer

# How long an example takes says more about the machine than about the code.
settings.register_profile("few", deadline=None, max_examples=20)
settings.register_profile("many", deadline=None, max_examples=200)
settings.load_profile("few")

_ON_THE_STANDARD_LOOP = re.compile(r"\[(?:.*-)?asyncio(?:-.*)?\]$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a run of another kind takes up: another event loop, many more examples."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("properties")
        if "/send/" in item.nodeid and _ON_THE_STANDARD_LOOP.search(item.name):
            item.add_marker("loops")


@pytest.fixture(scope="session")
def redis_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_server(redis_of_session: RedisServer) -> RedisServer:
    """A server that all tests of the session share; each finds it empty."""
    redis_of_session.command("FLUSHALL")
    return redis_of_session
