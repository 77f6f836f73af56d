"""What holds for every test."""

import re

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")

_ON_THE_STANDARD_LOOP = re.compile(r"\[(?:.*-)?asyncio(?:-.*)?\]$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on both kinds of event loop: the everyday run takes uvloop alone."""
    for item in items:
        if "/send/" in item.nodeid and _ON_THE_STANDARD_LOOP.search(item.name):
            item.add_marker("loops")
