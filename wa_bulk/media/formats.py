"""What a file is, told by its first bytes."""

from __future__ import annotations

import re

HEAD_BYTES = 64 * 1024
"""How much of a file is enough to tell."""

_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*<\?xml|\s*<svg\b", re.IGNORECASE)

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\xd0\xcf\x11\xe0", "application/msword"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"FWS", "application/x-shockwave-flash"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: tuple[tuple[bytes, str], ...] = (
    (b"M4A", "audio/mp4"),
    (b"M4B", "audio/mp4"),
    (b"3g2", "video/3gpp2"),
    (b"3g", "video/3gpp"),
    (b"qt  ", "video/quicktime"),
    (b"hei", "image/heic"),
    (b"hev", "image/heic"),
    (b"mif1", "image/heic"),
    (b"avi", "image/avif"),
)
_OGG_CODECS: tuple[tuple[bytes, str], ...] = (
    (b"OpusHead", "opus"),
    (b"\x01vorbis", "vorbis"),
    (b"\x7fFLAC", "flac"),
    (b"Speex", "speex"),
    (b"\x80theora", "theora"),
)


def format_of(head: bytes) -> str | None:
    """Return the media type of a file that begins with `head`, None where nothing tells."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return next((name for brand, name in _BRANDS if head[8:12].startswith(brand)), "video/mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide", b"skip"):
        return "video/quicktime"
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if _HTML.match(head[:1024]):
        return "text/html"
    if _XML.match(head[:1024]):
        return "image/svg+xml" if b"<svg" in head[:4096].lower() else "application/xml"
    return _mpeg_audio(head)


def _mpeg_audio(head: bytes) -> str | None:
    tagged = head[:3] == b"ID3" and len(head) >= 10
    at = (
        10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        if tagged
        else 0
    )
    frame = head[at : at + 2]
    if len(frame) == 2 and frame[0] == 0xFF and frame[1] & 0xE0 == 0xE0:
        if frame[1] & 0xF6 == 0xF0:
            return "audio/aac"
        if frame[1] & 0x06:  # a layer
            return "audio/mpeg"
    return "audio/mpeg" if tagged else None


def ogg_codec(head: bytes) -> str | None:
    """Return the codec that the first page of an Ogg file names, None where it names none we know.

    A page is 27 bytes, a table of its segments' lengths, and the segments (RFC 3533).
    """
    packet = head[27 + head[26] :] if len(head) > 26 else b""
    return next((name for magic, name in _OGG_CODECS if packet.startswith(magic)), None)


def is_animated_webp(head: bytes) -> bool:
    """Return whether a WebP file moves: its extended header says so, or has frames."""
    return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)
