"""Small real files of every kind the vendor's table names, and of some that it does not."""

import io
import struct
import zlib

from PIL import Image


def picture(
    form: str, mode: str = "RGB", colour: tuple[int, ...] = (200, 30, 30), **options: object
) -> bytes:
    data = io.BytesIO()
    Image.new(mode, (32, 24), colour).save(data, form, **options)
    return data.getvalue()


def saved(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def palette_png() -> bytes:
    """A picture of two colours, of which the first is transparent."""
    data = io.BytesIO()
    Image.new("P", (8, 8), 0).save(data, "PNG", transparency=0)
    return data.getvalue()


def jpeg() -> bytes:
    return picture("JPEG")


def png(mode: str = "RGB", colour: tuple[int, ...] = (200, 30, 30)) -> bytes:
    return picture("PNG", mode, colour)


def webp(frames: int = 1) -> bytes:
    if frames == 1:
        return picture("WEBP")
    first, *rest = [Image.new("RGB", (32, 32), (i * 40, 0, 0)) for i in range(frames)]
    data = io.BytesIO()
    first.save(data, "WEBP", save_all=True, append_images=rest, duration=100)
    return data.getvalue()


def png_by_hand(
    width: int, rows: list[bytes], *, colour: int = 6, depth: int = 8, interlaced: bool = False
) -> bytes:
    """A PNG of these rows, each with its filter before it."""
    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, interlaced)
    data = zlib.compress(b"".join(rows))
    half = len(data) // 2
    chunks = (
        (b"IHDR", head),
        (b"IDAT", data[:half]),
        (b"tEXt", b"a\0b"),
        (b"IDAT", data[half:]),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def track(handler: bytes, entry: bytes) -> bytes:
    described = box(b"stsd", struct.pack(">II", 0, 1), entry)
    table = box(b"stbl", described)
    return box(
        b"trak",
        box(b"tkhd", bytes(84)),
        box(
            b"mdia", box(b"hdlr", bytes(8), handler, bytes(13)), box(b"minf", box(b"vmhd", bytes(12)), table)
        ),
    )


def video_track(codec: bytes = b"avc1") -> bytes:
    return track(b"vide", box(codec, bytes(78)))


def sound_track(codec: bytes = b"mp4a", object_type: int = 0x40) -> bytes:
    description = bytes([0x04, 13, object_type]) + bytes(12)
    stream = bytes([0x03, 0x80, 0x80, 3 + len(description), 0, 1, 0]) + description
    esds = box(b"esds", bytes(4), stream) if codec == b"mp4a" else b""
    return track(b"soun", box(codec, bytes(28), esds))


def film(*tracks: bytes, brand: bytes = b"isom", data: int = 1000, moov_last: bool = False) -> bytes:
    head = box(b"ftyp", brand, bytes(4), b"isom")
    moov = box(b"moov", box(b"mvhd", bytes(100)), *tracks)
    content = box(b"mdat", bytes(data))
    return head + (content + moov if moov_last else moov + content)


def ogg(first_packet: bytes) -> bytes:
    return b"OggS\0\x02" + bytes(20) + bytes([1, len(first_packet)]) + first_packet


OPUS = ogg(b"OpusHead\x01\x01" + bytes(9))
VORBIS = ogg(b"\x01vorbis" + bytes(23))
AAC = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(40)
MP3 = b"\xff\xfb\x90\x00" + bytes(413)
TAGGED_MP3 = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + MP3
AMR = b"#!AMR\n" + bytes(32)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
DOCX = b"PK\x03\x04" + bytes(26) + b"word/document.xml"
PAGE = b"<!DOCTYPE html>\n<html><body>Sign in</body></html>"
