"""What was found fine is not fetched again while the server says that it is the same."""

import stat
from pathlib import Path

import pytest

from tests.media import files
from tests.media.web_server import MediaServer
from wa_bulk.media import MediaChecker, MediaReport
from wa_bulk.media.cache import MediaCache


async def look(path: Path, link: str) -> MediaReport:
    with MediaCache(path) as cache:
        async with MediaChecker(private=True, cache=cache) as checker:
            return await checker.look(link, "image")


@pytest.mark.parametrize(
    ("headers", "asked_again"),
    [
        ({"ETag": '"1"'}, {"HEAD": 1}),
        ({"Cache_Control": "public, max-age=600"}, {}),
        ({"Cache_Control": "max-age=600, no-cache", "ETag": '"1"'}, {"HEAD": 1}),
        ({"Cache_Control": "max-age=600, no-store"}, {"HEAD": 1, "GET": 1}),
        ({}, {"HEAD": 1, "GET": 1}),
    ],
)
async def test_a_second_look(
    server: MediaServer, tmp_path: Path, headers: dict[str, str], asked_again: dict[str, int]
) -> None:
    link = server.put("/a", files.jpeg(), "image/jpeg", **headers)
    first = await look(tmp_path / "cache" / "media.db", link)
    server.asked.clear()
    assert await look(tmp_path / "cache" / "media.db", link) == first
    assert {method: count for (method, _), count in server.asked.items()} == asked_again


async def test_a_changed_file_and_a_bad_one_are_looked_at_again(server: MediaServer, tmp_path: Path) -> None:
    link = server.put("/a", files.jpeg(), "image/jpeg", ETag='"1"')
    assert (await look(tmp_path / "media.db", link)).ok
    server.put("/a", files.webp(), "image/jpeg", ETag='"2"')
    assert not (await look(tmp_path / "media.db", link)).ok
    server.put("/a", files.jpeg(), "image/jpeg", ETag='"2"')
    assert (await look(tmp_path / "media.db", link)).ok


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    with MediaCache(tmp_path / "media.db"):
        assert stat.S_IMODE((tmp_path / "media.db").stat().st_mode) == 0o600
