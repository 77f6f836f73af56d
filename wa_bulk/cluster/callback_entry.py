"""Callbacks on their way from a receiver to the account's memory, as the bytes of a stream's entry."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks.row import raw_of, read_row
from wa_bulk.callbacks.set_aside import Cause

FORMAT = "1"
"""Of an entry. Receivers and collectors of other versions that keep to it work together."""
_FASTEST = 1


class ExtraWords(Struct, array_like=True, frozen=True):
    """Words by which people stop or start, beyond the built-in ones, as the receiver was told them."""

    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()


class ReceivedEntry(Struct, array_like=True, tag="received", gc=False):
    """The rows of one request, each with its JSON as it came."""

    rows: list[bytes]
    words: ExtraWords = ExtraWords()

    def parsed(self) -> list[CallbackRow]:
        """Read the rows."""
        return [read_row(row) for row in self.rows]

    @property
    def body(self) -> bytes:
        """The rows as one request."""
        return b'{"rows":[%b]}' % b",".join(self.rows)


class RefusedEntry(Struct, array_like=True, tag="refused", gc=False):
    """A request that was refused, and why."""

    cause: Cause
    reason: str
    body: bytes


CallbackEntry = ReceivedEntry | RefusedEntry

_encode = msgspec.msgpack.Encoder().encode
_decode: Callable[[bytes], CallbackEntry] = msgspec.msgpack.Decoder(CallbackEntry).decode


def received_entry(rows: Sequence[CallbackRow], words: ExtraWords) -> ReceivedEntry:
    """Make the entry of one request's rows."""
    return ReceivedEntry([raw_of(row) for row in rows], words)


def encode(entry: CallbackEntry) -> bytes:
    """Encode an entry."""
    return zlib.compress(_encode(entry), _FASTEST)


def decode(data: bytes) -> CallbackEntry:
    """Decode an entry."""
    return _decode(zlib.decompress(data))
