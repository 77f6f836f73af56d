"""Whether a PNG lets the background through, told exactly and without unpacking the picture in memory.

Each of a PNG's filters works on the bytes of one channel alone. As long as all rows so far were opaque, what
a filter makes of another opaque row is known beforehand: rows are compared with that, and nothing is decoded.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

PIXELS_MAX = 100_000_000
_SIGNATURE = 8
_STEP = 256 * 1024  # bytes unpacked at a time
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class PngHead(NamedTuple):
    """What a PNG says of itself before its pixels: `transparent_colours` is its tRNS chunk."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    transparent_colours: bytes | None

    @property
    def has_alpha(self) -> bool:
        """Whether each pixel has an opacity of its own."""
        return self.colour in (4, 6)

    @property
    def makes_colours_transparent(self) -> bool:
        """Whether some colours, or entries of the palette, are not opaque."""
        transparent = self.transparent_colours
        if transparent is None:
            return False
        return self.colour != 3 or any(opacity != 255 for opacity in transparent)


def png_head(head: bytes) -> PngHead | None:
    """Read what stands before the pixels; None where it cannot be read."""
    transparent: bytes | None = None
    fields: tuple[int, int, int, int, int] | None = None
    at = _SIGNATURE
    while at + 8 <= len(head):
        length, name = struct.unpack_from(">I4s", head, at)
        data = head[at + 8 : at + 8 + length]
        if name == b"IHDR" and len(data) == 13:
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data)
            fields = width, height, depth, colour, interlaced
        elif name == b"tRNS":
            transparent = data
        elif name == b"IDAT":
            break
        at += 12 + length
    if fields is None:
        return None
    width, height, depth, colour, interlaced = fields
    return PngHead(width, height, depth, colour, bool(interlaced), transparent)


class OpacityScan:
    """Looks for a pixel that is not opaque while the file's bytes come in, in pieces of any size.

    `transparent` is True once there was one, False once all were opaque, None while that is not known.
    """

    def __init__(self, head: PngHead) -> None:
        self.transparent: bool | None = None
        self._rows = _rows(head)
        self._alpha_bytes = head.depth // 8
        self._pixel_bytes = self._alpha_bytes * (2 if head.colour == 4 else 4)
        self._row = next(self._rows, None)
        self._inflate = zlib.decompressobj()
        self._chunks = bytearray()
        self._left_in_idat = 0
        self._seen_signature = False
        self._pixels = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the file. Raises ValueError where they are no PNG's."""
        buffer = self._chunks
        buffer += data
        if not self._seen_signature:
            if len(buffer) < _SIGNATURE:
                return
            del buffer[:_SIGNATURE]
            self._seen_signature = True
        while buffer and self.transparent is None:
            if self._left_in_idat > 4:
                piece = bytes(buffer[: self._left_in_idat - 4])
                del buffer[: len(piece)]
                self._left_in_idat -= len(piece)
                self._unpack(piece)
                continue
            if len(buffer) < self._left_in_idat + 8:
                return
            length, name = struct.unpack_from(">I4s", buffer, self._left_in_idat)
            if name == b"IDAT":
                del buffer[: self._left_in_idat + 8]
                self._left_in_idat = length + 4  # with the checksum
            elif len(buffer) < self._left_in_idat + 12 + length:
                return
            else:
                del buffer[: self._left_in_idat + 12 + length]
                self._left_in_idat = 0

    def _unpack(self, piece: bytes) -> None:
        try:
            while piece and self.transparent is None:
                self._pixels += self._inflate.decompress(piece, _STEP)
                piece = self._inflate.unconsumed_tail
                self._compare()
        except zlib.error as error:
            raise ValueError(str(error)) from None

    def _compare(self) -> None:
        pixels, at = self._pixels, 0
        while self._row is not None:
            width, is_first = self._row
            end = at + 1 + width * self._pixel_bytes
            if end > len(pixels):
                break
            expected = _OPAQUE.get((pixels[at], is_first))
            if expected is None:
                raise ValueError("no such filter")
            first, rest = expected
            wanted = bytes([first]) + bytes([rest]) * (width - 1)
            for place in range(self._pixel_bytes - self._alpha_bytes, self._pixel_bytes):
                if pixels[at + 1 + place : end : self._pixel_bytes] != wanted:
                    self.transparent = True
                    return
            at = end
            self._row = next(self._rows, None)
        del pixels[:at]
        if self._row is None:
            self.transparent = False


_OPAQUE = {
    (0, True): (255, 255),
    (0, False): (255, 255),
    (1, True): (255, 0),
    (1, False): (255, 0),
    (2, True): (255, 255),
    (2, False): (0, 0),
    (3, True): (255, 128),
    (3, False): (128, 0),
    (4, True): (255, 0),
    (4, False): (0, 0),
}
"""What each filter, in a picture's first row or a later one, makes of the opacity of the first pixel and of
the others where all are opaque (PNG specification, 9.2)."""


def _rows(head: PngHead) -> Iterator[tuple[int, bool]]:
    """Yield each row's width in pixels, and whether it is the first of its pass."""
    passes = _ADAM7 if head.interlaced else ((0, 0, 1, 1),)
    for x, y, x_step, y_step in passes:
        width = max(0, -(-(head.width - x) // x_step))
        height = max(0, -(-(head.height - y) // y_step))
        if width:
            for row in range(height):
                yield width, row == 0
