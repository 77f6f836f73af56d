"""A file of recipients as bytes: what can be read, what it is packed in, and that it stays as it is."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
from pathlib import Path

import pytest

from wa_bulk.campaign.sources.base import SourceError
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.campaign.sources.source_file import BLOCK_BYTES, SourceFile

LARGE = random.Random(1).randbytes(3 * BLOCK_BYTES + 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipients.csv"


def file_of(path: Path, content: bytes) -> SourceFile:
    path.write_bytes(content)
    return SourceFile(path)


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def edit_in_place(path: Path, at: int, byte: bytes) -> None:
    """Change one byte and put the times back, as `rsync --inplace --times` does."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(byte)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("content", [b"a", LARGE[:BLOCK_BYTES], LARGE])
def test_all_bytes_come_in_blocks_of_a_bounded_size_as_often_as_one_likes(path: Path, content: bytes) -> None:
    file = file_of(path, content)
    for _ in range(2):
        blocks = list(file.blocks())
        assert b"".join(blocks) == content
        assert max(map(len, blocks)) <= BLOCK_BYTES
    assert (file.sha256(), file.size) == (hashed(content), len(content))


def test_only_a_file_that_is_there_can_be_read(path: Path) -> None:
    with pytest.raises(SourceError, match=r"recipients\.csv: cannot be read \(No such file"):
        SourceFile(path)
    path.mkdir()
    with pytest.raises(SourceError, match="is a folder"):
        SourceFile(path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(SourceError, match=r"is a pipe, which can be read only once: write .* to a file"):
        SourceFile(path)
    with pytest.raises(SourceError, match=r"is a pipe, which can be read only once: .* --recipients -"):
        open_source(path)
    with pytest.raises(SourceError, match="is no regular file"):
        SourceFile(Path("/dev/null"))
    path.unlink()
    with pytest.raises(SourceError, match=r"is empty"):
        file_of(path, b"")


class TestChanges:
    def test_a_file_that_grew_went_or_was_replaced_has_changed(self, path: Path) -> None:
        file = file_of(path, b"one\ntwo\n")
        assert not file.has_changed()
        with path.open("ab") as more:
            more.write(b"three\n")
        assert file.has_changed()
        with pytest.raises(SourceError, match="was changed while this run used it"):
            list(file.blocks())

        file = file_of(path, b"one\ntwo\n")
        path.rename(path.with_name("old"))
        assert file.has_changed()
        path.write_bytes(b"one\ntwo\n")
        assert file.has_changed(), "another file, though it holds the same"

    def test_an_edit_in_place_with_the_time_put_back_is_seen(self, path: Path) -> None:
        file = file_of(path, LARGE)
        file.sha256()
        edit_in_place(path, len(LARGE) - 1, bytes([LARGE[-1] ^ 1]))
        assert file.has_changed()

    def test_not_even_one_whose_times_tell_nothing_is_read(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = file_of(path, LARGE)
        file.sha256()
        edit_in_place(path, BLOCK_BYTES + 5, bytes([LARGE[BLOCK_BYTES + 5] ^ 1]))
        monkeypatch.setattr("wa_bulk.campaign.sources.source_file._times", lambda _: file._times)
        assert not file.has_changed(), "as the file system tells it"
        blocks = file.blocks()
        assert next(blocks) == LARGE[:BLOCK_BYTES]
        with pytest.raises(SourceError, match="was changed"):
            next(blocks)

    def test_one_that_was_only_touched_goes_on(self, path: Path) -> None:
        file = file_of(path, LARGE)
        file.sha256()
        path.chmod(0o600)
        path.chmod(0o644)
        os.utime(path)
        assert not file.has_changed()
        assert b"".join(file.blocks()) == LARGE

    def test_one_that_was_touched_before_it_was_hashed_may_be_another(self, path: Path) -> None:
        file = file_of(path, LARGE)
        os.utime(path, ns=(0, 0))
        assert file.has_changed()
        with pytest.raises(SourceError, match="was changed"):
            file.sha256()


class TestGzip:
    @pytest.mark.parametrize(
        "content",
        [
            packed(LARGE),
            packed(LARGE[:10]) + packed(b"") + packed(LARGE[10:]),
            packed(LARGE) + bytes(1000),
        ],
    )
    def test_is_unpacked_and_hashed_as_it_is(self, path: Path, content: bytes) -> None:
        file = file_of(path, content)
        for _ in range(2):
            assert b"".join(file.blocks()) == LARGE
        assert file.sha256() == hashed(content)
        assert file.beginning == LARGE[: len(file.beginning)]

    def test_of_very_much_is_held_in_pieces(self, path: Path) -> None:
        file = file_of(path, packed(bytes(10_000_000)))
        assert max(map(len, file.blocks())) <= BLOCK_BYTES

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (packed(LARGE)[:-3], "breaks off"),
            (packed(LARGE)[:-8] + bytes(8), "is damaged"),
            (packed(LARGE) + b"more", "is damaged"),
            (b"\x1f\x8b\x08\x00" + bytes(range(120, 170)), "is damaged"),
            (packed(b""), "is empty"),
        ],
    )
    def test_that_is_damaged_is_said(self, path: Path, content: bytes, words: str) -> None:
        with pytest.raises(SourceError, match=words):
            list(file_of(path, content).blocks())
