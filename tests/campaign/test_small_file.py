"""Whatever is named in the place of a small file, it is read or refused."""

import os
from pathlib import Path

import pytest

from wa_bulk.campaign.small_file import read_small


def test_a_file_and_a_pipe_are_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"some\0bytes")
    assert read_small(file) == b"some\0bytes"
    reading, writing = os.pipe()
    os.write(writing, b"substituted")
    os.close(writing)
    assert read_small(Path(f"/dev/fd/{reading}")) == b"substituted"
    os.close(reading)


def test_a_pipe_that_nobody_writes_to_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_small(tmp_path / "pipe") == b""


def test_what_never_ends_is_refused() -> None:
    with pytest.raises(OSError, match="has more than 16 MB"):
        read_small(Path("/dev/zero"))
