"""The bytes of a file of recipients, and whether they are still those that a run began with."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from wa_bulk.campaign.sources.base import SourceError

BLOCK_BYTES = 1 << 18

_BEGINNING_BYTES = 1 << 12
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
"""What zlib calls a gzip header and the largest window."""
_CHANGED = "was changed while this run used it: start again with a file that stays as it is"


class SourceFile:
    """A file that is read more than once and must stay as it is. What is packed by gzip comes unpacked.

    The first time that its blocks are read to the end, they are hashed, and each time after that they must
    be the same. `beginning` are the first bytes, `size` is what it takes on the disk, in bytes.
    """

    def __init__(
        self,
        path: Path,
        *,
        shown: Path | None = None,
        kept_by: object = None,
        instead_of_pipe: str = "write what comes through it to a file, and give that",
    ) -> None:
        """Look at the beginning. `shown` is what a person calls it, if that is not its path; `kept_by` keeps
        it from going; `instead_of_pipe` says what to give in place of a pipe.

        Raises SourceError where it cannot be read, is empty, or is no file that can be read again.
        """
        self.path = path
        self.shown = shown or path
        self._kept_by = kept_by
        self._instead_of_pipe = instead_of_pipe
        with self._opened() as file:
            status = os.fstat(file.fileno())
            self.is_packed = file.read(len(_GZIP)) == _GZIP
        self.size = status.st_size
        self._identity, self._times = _identity(status), _times(status)
        self._digests: list[bytes] | None = None
        self.beginning = next(self.blocks(), b"")[:_BEGINNING_BYTES]
        if not self.beginning:
            raise self.error("is empty; its first line must name the columns")

    def error(self, fault: str, line: int | None = None, column: int | None = None) -> SourceError:
        """Return an error of this file, with its place."""
        place = "" if line is None else f", line {line}"
        place += "" if column is None else f", column {column}"
        return SourceError(f"{self.shown}{place}: {fault}", line=line, column=column)

    def changed(self) -> SourceError:
        """Return the error of a file that is no longer what it was."""
        return self.error(_CHANGED)

    def blocks(self) -> Iterator[bytes]:
        """Stream the bytes from the start, unpacked.

        Raises SourceError as soon as they are not what they were when they were first read to the end.
        """
        return self._unpacked(self._stored()) if self.is_packed else self._stored()

    def sha256(self) -> str:
        """Return the hash of the file as it is on the disk, in hex. Raises SourceError."""
        if self._digests is None:
            for _ in self._stored():
                pass
        assert self._digests
        return self._digests[-1].hex()

    def has_changed(self) -> bool:
        """Return whether the path names another file by now, or this one holds something else.

        Where the system only says that it was touched, it is hashed again.
        """
        try:
            status = self.path.stat()
            if _identity(status) != self._identity:
                return True
            if _times(status) == self._times:
                return False
            if self._digests is None:
                return True
            for _ in self._stored():
                pass
        except (OSError, SourceError):
            return True
        self._times = _times(status)
        return False

    def _opened(self) -> BinaryIO:
        """Open it, without waiting for whoever would write to a pipe."""
        try:
            fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            mode = os.fstat(fd).st_mode
            if stat.S_ISREG(mode):
                return os.fdopen(fd, "rb", BLOCK_BYTES)
            os.close(fd)
        except OSError as error:
            raise self._unreadable(error) from error
        if stat.S_ISFIFO(mode):
            raise self.error(f"is a pipe, which can be read only once: {self._instead_of_pipe}")
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise self.error(f"is {what}; expected a file of recipients, CSV or a workbook")

    def _stored(self) -> Iterator[bytes]:
        """Stream the bytes as they are on the disk. The digest of a block is that of all up to its end."""
        running, known = hashlib.sha256(), self._digests
        digests: list[bytes] = []
        with self._opened() as file:
            if _identity(os.fstat(file.fileno())) != self._identity:
                raise self.changed()
            while block := self._read(file):
                running.update(block)
                digests.append(running.digest())
                if known is not None and known[len(digests) - 1 : len(digests)] != digests[-1:]:
                    raise self.changed()
                yield block
            status = os.fstat(file.fileno())
        if known is None:
            if (_identity(status), _times(status)) != (self._identity, self._times):
                raise self.changed()
            self._digests = digests
        elif len(known) != len(digests):
            raise self.changed()

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(BLOCK_BYTES)
        except OSError as error:
            raise self._unreadable(error) from error

    def _unpacked(self, packed: Iterable[bytes]) -> Iterator[bytes]:
        """Undo gzip, in pieces of a bounded size, of one member or of several behind each other."""
        decoder = zlib.decompressobj(_GZIP_WINDOW)
        try:
            for block in packed:
                while block:
                    if decoder.eof:
                        block = block.lstrip(b"\0")  # what some tapes and tools fill up with
                        decoder = zlib.decompressobj(_GZIP_WINDOW) if block else decoder
                        continue
                    while piece := decoder.decompress(block, BLOCK_BYTES):
                        yield piece
                        block = decoder.unconsumed_tail
                    block = decoder.unused_data
        except zlib.error as error:
            raise self.error(f"is damaged: what gzip packed cannot be unpacked ({error})") from None
        if not decoder.eof:
            raise self.error("breaks off: a part of what gzip packed is missing")

    def _unreadable(self, error: OSError) -> SourceError:
        return self.error(f"cannot be read ({error.strerror})")


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size


def _times(status: os.stat_result) -> tuple[int, ...]:
    return status.st_mtime_ns, status.st_ctime_ns
