"""Whether WhatsApp takes a file for what it is sent as: the vendor's table, held against what the file is."""

from __future__ import annotations

from email.message import Message as Header

from wa_bulk.api.media import ANIMATED_STICKER, MEDIA_RULES, PDF, MediaKind, SizeLimit
from wa_bulk.media.formats import format_of, ogg_codec
from wa_bulk.media.mp4 import tracks_of
from wa_bulk.media.png import PIXELS_MAX, OpacityScan, png_head
from wa_bulk.media.remote_file import RemoteFile

_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "audio/aacp": "audio/aac",
    "video/3gp": "video/3gpp",
    "application/x-pdf": PDF,
}
"""Names that servers have for types of the table."""

_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_ISO_FILES = frozenset({"video/mp4", "video/3gpp", "audio/mp4"})


class Judge:
    """Gathers the problems and warnings of one file."""

    def __init__(self, kind: MediaKind, *, in_header: bool) -> None:
        self.kind = kind
        self.types = (PDF,) if kind == "document" and in_header else MEDIA_RULES[kind].types
        self.problems: list[str] = []
        self.warnings: list[str] = []

    @property
    def expected(self) -> str:
        """The types that are taken, in words."""
        names = ", ".join(self.types[:-1]) + f" or {self.types[-1]}" if self.types[1:] else self.types[0]
        place = "a template's header" if self.types == (PDF,) else f"{_A[self.kind]}"
        return f"expected {names} for {place}"

    def size(self, size: int, *, animated: bool = False) -> None:
        """Judge the size in bytes."""
        limit = ANIMATED_STICKER if animated else MEDIA_RULES[self.kind].limit
        what = (
            _A[self.kind]
            if self.kind != "sticker"
            else f"{'an animated' if animated else 'a static'} sticker"
        )
        if size == 0:
            self.problems.append("is empty")
        elif size > limit.binary:
            self.problems.append(f"has {size:,} bytes; expected at most {limit} for {what}")
        elif size > limit.decimal:
            self.warnings.append(_near(size, limit, what))

    def content_type(self, value: str | None, found: str | None) -> None:
        """Judge the type that the server says, beside the one `found` by the file's first bytes."""
        if not self.types:
            return
        name, codecs = _parsed(value)
        known = _SAME.get(name, name)
        if name in _SAYS_NOTHING:
            said = f"as {name}" if name else "without a Content-Type"
            self.warnings.append(f"is served {said}, which does not say what it is; {self.expected}")
        elif known not in self.types:
            self.problems.append(f"is served as {name}; {self.expected}")
        elif known != name:
            self.warnings.append(f"is served as {name}; its proper name is {known}")
        elif found is not None and found in self.types and not _agree(known, found):
            self.warnings.append(f"is served as {name} and is {found}")
        if known == "audio/ogg":
            if codecs and codecs != "opus":
                self.problems.append(f"is served as audio/ogg with codecs={codecs}; expected codecs=opus")
            elif not codecs:
                self.warnings.append("is served as audio/ogg alone; expected audio/ogg; codecs=opus")

    async def content(self, file: RemoteFile) -> str | None:
        """Judge the file's content; return its type by its first bytes, None where they do not tell."""
        found = format_of(file.head)
        if not self.types:
            return found
        if found in _ISO_FILES and self.kind in ("video", "audio"):
            found = await self._film(file, found)
        elif found is None:
            self.problems.append(f"does not begin like a file of its kind; {self.expected}")
        elif found not in self.types:
            self.problems.append(f"is {found} by its content; {self.expected}")
        elif found == "audio/ogg":
            codec = ogg_codec(file.head)
            if codec != "opus":
                self.problems.append(f"is Ogg with {codec or 'an unknown codec'}; expected opus")
        elif found == "image/png":
            await self._png(file)
        return found

    async def _film(self, file: RemoteFile, found: str) -> str:
        tracks = await tracks_of(file.read, file.size)
        if tracks is None:
            if found not in self.types and (found, self.kind) != ("video/mp4", "audio"):
                self.problems.append(f"is {found} by its content; {self.expected}")
            self.warnings.append("has no table of tracks that can be read: its codecs are not known")
            return found
        if self.kind == "audio":
            if tracks.video:
                self.problems.append(f"has pictures ({', '.join(tracks.video)}); {self.expected}")
            return "audio/mp4" if not tracks.video else found
        if not tracks.video:
            self.problems.append("has no pictures, only sound; expected a video")
        for codec in tracks.video:
            self._codec(codec, "H.264", "video")
        for codec in tracks.sound:
            self._codec(codec, "AAC", "sound")
        return found

    def _codec(self, codec: str, expected: str, what: str) -> None:
        if codec.startswith("'"):
            self.warnings.append(f"has {what} in a codec called {codec}; expected {expected}")
        elif codec != expected:
            self.problems.append(f"has {what} in {codec}; expected {expected}")

    async def _png(self, file: RemoteFile) -> None:
        head = png_head(file.head)
        if head is None:
            self.problems.append("is no PNG that can be read")
        elif head.makes_colours_transparent:
            self.problems.append(_TRANSPARENT)
        elif head.has_alpha:
            if head.width * head.height > PIXELS_MAX or (file.size or 0) > MEDIA_RULES["image"].limit.binary:
                return
            scan = OpacityScan(head)
            try:
                async for piece in file.stream():
                    scan.feed(piece)
                    if scan.transparent is not None:
                        break
            except ValueError:
                pass
            if scan.transparent is None:
                self.warnings.append(
                    "has opacity in it, and cannot be read to its end: it may be transparent"
                )
            elif scan.transparent:
                self.problems.append(_TRANSPARENT)


_TRANSPARENT = "is partly transparent; expected a picture without a transparent background"

_A: dict[MediaKind, str] = {
    "image": "an image",
    "video": "a video",
    "audio": "audio",
    "document": "a document",
    "sticker": "a sticker",
}


def _near(size: int, limit: SizeLimit, what: str) -> str:
    return (
        f"has {size:,} bytes, more than {limit.decimal:,}: too large where {limit} means that; "
        f"expected at most {limit} for {what}"
    )


def _parsed(value: str | None) -> tuple[str, str]:
    """Return the type in lower case and its `codecs`."""
    header = Header()
    header["Content-Type"] = value or ""
    if not value or "/" not in value:
        return "", ""
    codecs = header.get_param("codecs", "")
    return header.get_content_type(), codecs.strip().lower() if isinstance(codecs, str) else ""


def _agree(said: str, found: str) -> bool:
    return said == found or {said, found} <= _ISO_FILES
