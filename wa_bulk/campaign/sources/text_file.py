"""From the bytes of the recipients' file to its characters, or to a clear word on why there are none."""

from __future__ import annotations

import codecs
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wa_bulk.campaign.sources.base import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 1 << 18

_SAVE_AS_CSV = "open it in your spreadsheet program and save it as CSV UTF-8"
_CHANGED = "was changed while this run used it: start again with a file that stays as it is"
_OTHER_FORMATS = {
    b"PK\x03\x04": f"is an Excel or OpenDocument workbook, or another zip file: {_SAVE_AS_CSV}",
    b"\xd0\xcf\x11\xe0": f"is an old Excel workbook: {_SAVE_AS_CSV}",
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "is a picture, and holds no table"),
    b"%PDF": "is a PDF: export its table as CSV UTF-8",
    b"\x1f\x8b": "is compressed (gzip): unpack it first",
    b"\xff\xfe\x00\x00": "is UTF-32: save it as CSV UTF-8",
    b"\x00\x00\xfe\xff": "is UTF-32: save it as CSV UTF-8",
}


class TextFile:
    """A text file whose encoding is known by its first bytes, and which must stay as it is.

    `encoding` is Python's name for it, `size` is in bytes.
    """

    def __init__(self, path: Path) -> None:
        """Look at the beginning. Raises SourceError if there is no file, or no text in it."""
        self.path = path
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise self.error("is no regular file; it must be one, for it is read more than once")
            with path.open("rb") as file:
                beginning = file.read(4)
        except OSError as error:
            raise self.error(f"cannot be read ({error.strerror})") from error
        self.size = status.st_size
        self._identity = _identity(status)
        if not beginning:
            raise self.error("is empty; its first line must name the columns")
        self.encoding = self._encoding(beginning)

    def error(self, fault: str, line: int | None = None, column: int | None = None) -> SourceError:
        """Return an error of this file, with its place."""
        place = "" if line is None else f", line {line}"
        place += "" if column is None else f", column {column}"
        return SourceError(f"{self.path}{place}: {fault}", line=line, column=column)

    def has_changed(self) -> bool:
        """Return whether the path names another file by now, or this one was written to."""
        try:
            return _identity(self.path.stat()) != self._identity
        except OSError:
            return True

    def _encoding(self, beginning: bytes) -> str:
        for mark, fault in _OTHER_FORMATS.items():
            if beginning.startswith(mark):
                raise self.error(fault)
        if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if 0 in beginning[:2]:
            raise self.error(f"is no text, or UTF-16 without a byte order mark: {_SAVE_AS_CSV}")
        return "utf-8-sig" if beginning.startswith(codecs.BOM_UTF8) else "utf-8"

    @contextmanager
    def open(self, on_bytes: Callable[[bytes], object] | None = None) -> Iterator[io.TextIOWrapper]:
        """Open the characters from the start, line breaks untouched; `on_bytes` sees every block of bytes.

        Raises SourceError, also for what goes wrong while it is read within the `with`.
        """
        try:
            raw = _RawFile(self.path, on_bytes, may_hold_nul=self.encoding == "utf-16")
            with io.TextIOWrapper(io.BufferedReader(raw, BLOCK_BYTES), self.encoding, newline="") as text:
                self._check_unchanged(raw)
                yield text
                self._check_unchanged(raw)
        except UnicodeDecodeError:
            raise self._undecodable() from None
        except OSError as error:
            raise self.error(f"cannot be read ({error.strerror})") from error

    def _check_unchanged(self, raw: io.FileIO) -> None:
        if _identity(os.fstat(raw.fileno())) != self._identity:
            raise self.error(_CHANGED)

    def _undecodable(self) -> SourceError:
        """Return where the first bytes are that are no text, found by reading again from the start."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        line_breaks = io.IncrementalNewlineDecoder(None, translate=True)
        line = 1
        before = ""
        with self.path.open("rb") as file:
            at_end = False
            while not at_end:
                block = file.read(BLOCK_BYTES)
                at_end = not block
                nul = -1 if self.encoding == "utf-16" else block.find(0)
                wrong_byte = None if nul < 0 else 0
                try:
                    text = decoder.decode(block if nul < 0 else block[:nul], final=at_end or nul >= 0)
                except UnicodeDecodeError as error:
                    wrong_byte = error.object[error.start]
                    text = error.object[: error.start].decode(error.encoding)
                text = line_breaks.decode(text, final=wrong_byte is not None)
                line += text.count("\n")
                before = (before + text).rpartition("\n")[2][-20:]
                if wrong_byte is not None:
                    return self.error(
                        f"byte 0x{wrong_byte:02X} after {before!r} is no {self.encoding[:6].upper()} text: "
                        + _SAVE_AS_CSV,
                        line,
                    )
        return self.error(_CHANGED)


class _RawFile(io.FileIO):
    """Lets every block be seen as it passes, and takes NUL for what it is in UTF-8: no text."""

    def __init__(self, path: Path, on_bytes: Callable[[bytes], object] | None, may_hold_nul: bool) -> None:
        super().__init__(path)
        self._on_bytes = on_bytes
        self._may_hold_nul = may_hold_nul

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        count = super().readinto(buffer)
        if count:
            block = bytes(memoryview(buffer)[:count])
            if not self._may_hold_nul and 0 in block:
                raise UnicodeDecodeError("utf-8", block, block.index(0), block.index(0) + 1, "NUL byte")
            if self._on_bytes is not None:
                self._on_bytes(block)
        return count


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
