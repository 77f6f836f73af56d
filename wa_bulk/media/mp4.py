"""The tracks of an MP4 or 3GPP file and their codecs, as its boxes name them (ISO 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

Read = Callable[[int, int], Awaitable[bytes]]
"""Read (offset, length) bytes of a file; fewer at its end."""

_MOOV_MAX = 4 * 1024 * 1024
_BOXES_MAX = 200

_VIDEO = {
    b"avc1": "H.264",
    b"avc3": "H.264",
    b"hvc1": "H.265",
    b"hev1": "H.265",
    b"av01": "AV1",
    b"vp08": "VP8",
    b"vp09": "VP9",
    b"mp4v": "MPEG-4 Visual",
    b"s263": "H.263",
    b"h263": "H.263",
    b"jpeg": "Motion JPEG",
}
_SOUND = {
    b"samr": "AMR",
    b"sawb": "AMR-WB",
    b"Opus": "Opus",
    b"ac-3": "AC-3",
    b"ec-3": "E-AC-3",
    b"alac": "ALAC",
    b"fLaC": "FLAC",
    b".mp3": "MP3",
}
_MPEG_SOUND = {0x40: "AAC", 0x66: "AAC", 0x67: "AAC", 0x68: "AAC", 0x69: "MP3", 0x6B: "MP3"}
_CONTAINERS = frozenset({b"trak", b"mdia", b"minf", b"stbl"})


class Tracks(NamedTuple):
    """The codecs of a film's pictures and of its sound, a name a track; unknown ones in their own letters."""

    video: list[str]
    sound: list[str]


async def tracks_of(read: Read, size: int | None) -> Tracks | None:
    """Find the tracks wherever they stand in the file; None where there is no table of them we can read."""
    at = 0
    for _ in range(_BOXES_MAX):
        head = await read(at, 16)
        if len(head) < 8:
            return None
        length, name = struct.unpack_from(">I4s", head)
        begin = 8
        if length == 1 and len(head) == 16:
            length, begin = struct.unpack_from(">Q", head, 8)[0], 16
        elif length == 0 and size is not None:
            length = size - at
        if length < begin:
            return None
        if name == b"moov":
            if length > _MOOV_MAX:
                return None
            moov = await read(at + begin, length - begin)
            return _tracks(moov) if len(moov) == length - begin else None
        at += length
        if size is not None and at >= size:
            return None
    return None


def _tracks(moov: bytes) -> Tracks | None:
    found = Tracks([], [])
    for name, trak in _boxes(moov):
        if name == b"trak":
            parts = dict(_inside(trak))
            handler = parts.get(b"hdlr", b"")[8:12]
            entries = list(_boxes(parts.get(b"stsd", b"")[8:]))
            if handler == b"vide":
                found.video.extend(_VIDEO.get(kind, _letters(kind)) for kind, _ in entries)
            elif handler == b"soun":
                found.sound.extend(_sound(kind, entry) for kind, entry in entries)
    return found if any(found) else None


def _inside(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes of a track, those within others too."""
    for name, content in _boxes(data):
        if name in _CONTAINERS:
            yield from _inside(content)
        else:
            yield name, content


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if length < 8:
            return
        yield name, data[at + 8 : at + length]
        at += length


def _sound(kind: bytes, entry: bytes) -> str:
    if kind != b"mp4a":
        return _SOUND.get(kind, _letters(kind))
    esds = dict(_boxes(entry[28:])).get(b"esds", b"")
    code = _object_type(esds[4:])
    return _letters(kind) if code is None else _MPEG_SOUND.get(code, f"MPEG-4 audio 0x{code:02x}")


def _object_type(descriptors: bytes) -> int | None:
    """Return the codec's number in a stream descriptor (ISO 14496-1, 7.2.6)."""
    at = _content(descriptors, 0, 0x03)
    if at is None or len(descriptors) < at + 3:
        return None
    flags = descriptors[at + 2]
    at += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    if flags & 0x40:
        at += 1 + descriptors[at] if at < len(descriptors) else 0
    at = _content(descriptors, at, 0x04)
    return descriptors[at] if at is not None and at < len(descriptors) else None


def _content(descriptors: bytes, at: int, tag: int) -> int | None:
    """Return where the descriptor at `at` has its content, behind a length of one to four bytes."""
    if descriptors[at : at + 1] != bytes([tag]):
        return None
    at += 1
    while at < len(descriptors) and descriptors[at] & 0x80:
        at += 1
    return at + 1


def _letters(kind: bytes) -> str:
    return repr(kind.decode("latin-1"))
