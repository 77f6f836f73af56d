"""What the API takes as media: the vendor's table of formats and sizes, and where a message has media.

A MB is 1024 × 1024 bytes, a KB 1024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, get_args

from msgspec import Struct

from wa_bulk.api.message import (
    Audio,
    AudioBody,
    DocumentBody,
    ImageBody,
    Message,
    Sticker,
    StickerBody,
    TemplateBody,
    VideoBody,
)
from wa_bulk.api.template import (
    Document,
    DocumentParameter,
    HeaderComponent,
    Image,
    ImageParameter,
    Video,
    VideoParameter,
)

MediaKind = Literal["image", "video", "audio", "document", "sticker"]

MEDIA_KINDS: tuple[MediaKind, ...] = get_args(MediaKind)

PDF = "application/pdf"


class SizeLimit(Struct, frozen=True):
    """A limit of `number` MB or KB. A file above `decimal` bytes is too large where a MB is read as 1,000,000
    bytes, above `binary` bytes in any case."""

    number: int
    unit: Literal["MB", "KB"]

    @property
    def decimal(self) -> int:
        """The limit in bytes, read as powers of 1000."""
        return self.number * (1_000_000 if self.unit == "MB" else 1_000)

    @property
    def binary(self) -> int:
        """The limit in bytes, read as powers of 1024."""
        return self.number * (1024 * 1024 if self.unit == "MB" else 1024)

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


class MediaRule(Struct, frozen=True):
    """The types (empty: any) and the size of one kind of media."""

    types: tuple[str, ...]
    limit: SizeLimit


MEDIA_RULES: dict[MediaKind, MediaRule] = {
    "image": MediaRule(("image/jpeg", "image/png"), SizeLimit(5, "MB")),
    "video": MediaRule(("video/mp4", "video/3gpp"), SizeLimit(16, "MB")),
    "audio": MediaRule(
        ("audio/aac", "audio/mp4", "audio/amr", "audio/mpeg", "audio/ogg"), SizeLimit(16, "MB")
    ),
    "document": MediaRule((), SizeLimit(100, "MB")),
    "sticker": MediaRule(("image/webp",), SizeLimit(100, "KB")),
}
"""The vendor's table "Media Message Format requirements"; audio/ogg only with the opus codec, video only as
H.264 and AAC, pictures without a transparent background, stickers that move up to ANIMATED_STICKER."""

ANIMATED_STICKER = SizeLimit(500, "KB")


_ENDINGS: dict[MediaKind, tuple[str, ...]] = {
    "image": ("jpg", "jpeg", "jpe", "jfif", "png"),
    "video": ("mp4", "m4v", "3gp", "3gpp"),
    "audio": ("aac", "m4a", "mp4", "amr", "mp3", "mpga", "mpeg", "ogg", "oga", "opus"),
    "sticker": ("webp",),
}
_FORMATS = frozenset(
    "gif bmp tif tiff heic heif avif svg ico psd eps pdf doc docx xls xlsx ppt pptx txt htm html zip "
    "mov avi mkv webm wmv flv 3g2 wav flac wma aiff mid midi tgs".split()
).union(*_ENDINGS.values())
_ending = re.compile(r"https?://[^/?#]+/[^?#]*\.([a-z0-9]{2,5})(?:[?#].*)?", re.IGNORECASE).fullmatch


def odd_ending(link: str, kind: MediaKind) -> str | None:
    """Say that a link ends as files of a format do that WhatsApp does not take as that kind; else None.

    Only the file itself tells what it is, so this is no reason to refuse the link.
    """
    found, taken = _ending(link), _ENDINGS.get(kind)
    if found is None or taken is None or (ending := found[1].lower()) in taken or ending not in _FORMATS:
        return None
    types = ", ".join(MEDIA_RULES[kind].types)
    return f"ends in .{ending}, and WhatsApp takes {types} as {kind}"


class Medium(Struct, frozen=True):
    """A medium of a message: where it stands, what it is, and its `link` or its `id`, or both."""

    path: str
    kind: MediaKind
    in_header: bool
    id: str | None
    link: str | None


def media_of(message: Message) -> Iterator[Medium]:
    """Yield the media of a message; those of a template stand in its header."""
    body = message.body
    match body:
        case ImageBody(medium) | VideoBody(medium) | AudioBody(medium):
            yield _medium(f"body.{body.__struct_config__.tag}", medium, in_header=False)
        case DocumentBody(medium) | StickerBody(medium):
            yield _medium(f"body.{body.__struct_config__.tag}", medium, in_header=False)
        case TemplateBody(template):
            for i, component in enumerate(template.components or ()):
                if isinstance(component, HeaderComponent):
                    for j, parameter in enumerate(component.parameters):
                        at = f"body.template.components[{i}].parameters[{j}]"
                        match parameter:
                            case ImageParameter(medium) | VideoParameter(medium) | DocumentParameter(medium):
                                tag = parameter.__struct_config__.tag
                                yield _medium(f"{at}.{tag}", medium, in_header=True)
                            case _:
                                pass
        case _:
            pass


_KINDS: dict[type[Struct], MediaKind] = {
    Image: "image",
    Video: "video",
    Audio: "audio",
    Document: "document",
    Sticker: "sticker",
}


def _medium(path: str, medium: Image | Video | Audio | Document | Sticker, *, in_header: bool) -> Medium:
    return Medium(path, _KINDS[type(medium)], in_header, medium.id, medium.link)
