"""The request: one message to one recipient (or several), field for field as the API takes it.

The structs mirror the vendor's page. They hold what they are given; `validate` in
`wa_bulk.api.validation` says whether the API would take it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from wa_bulk.api.template import Component, Document, Image, Template, Video


class Text(Struct, frozen=True):
    """A text of at most 4096 characters."""

    body: str


class Audio(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """AAC, MP4, AMR, MPEG or OGG (opus only), at most 16 MB, by media `id` or by `link`."""

    id: str | None = None
    link: str | None = None


class Sticker(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """WebP, at most 100 KB (500 KB when animated), by media `id` or by `link`."""

    id: str | None = None
    link: str | None = None


class TemplateBody(Struct, frozen=True, tag_field="type", tag="template"):
    template: Template


class TextBody(Struct, frozen=True, tag_field="type", tag="text"):
    text: Text


class ImageBody(Struct, frozen=True, tag_field="type", tag="image"):
    image: Image


class VideoBody(Struct, frozen=True, tag_field="type", tag="video"):
    video: Video


class AudioBody(Struct, frozen=True, tag_field="type", tag="audio"):
    audio: Audio


class DocumentBody(Struct, frozen=True, tag_field="type", tag="document"):
    document: Document


class StickerBody(Struct, frozen=True, tag_field="type", tag="sticker"):
    sticker: Sticker


Body = TemplateBody | TextBody | ImageBody | VideoBody | AudioBody | DocumentBody | StickerBody


class Message(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One request to the API.

    `to` is one number or several; `from_` (JSON `from`) the sending number, the account's default
    when left out; `request_id` is echoed in the reply; `custom_args` in every status callback.
    The constructors (`Message.text` …) are the short way to build one.
    """

    from_: str | None = field(default=None, name="from")
    to: str | list[str]
    body: Body
    request_id: str | None = None
    custom_args: dict[str, object] | None = None

    @property
    def recipients(self) -> list[str]:
        """The numbers in `to`, always as a list."""
        return [self.to] if isinstance(self.to, str) else self.to

    @classmethod
    def text(
        cls,
        to: str | list[str],
        body: str,
        *,
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """A plain text. Reaches only people who wrote within the last 24 hours (Meta)."""
        return cls(
            to=to, body=TextBody(Text(body)), from_=from_, request_id=request_id, custom_args=custom_args
        )

    @classmethod
    def template(
        cls,
        to: str | list[str],
        name: str,
        language: str,
        components: Sequence[Component] = (),
        *,
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """An approved template in one of its languages, with the values of its variables."""
        return cls(
            to=to,
            body=TemplateBody(Template(name, language, list(components) or None)),
            from_=from_,
            request_id=request_id,
            custom_args=custom_args,
        )

    @classmethod
    def image(
        cls,
        to: str | list[str],
        link: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the vendor's name for it
        caption: str | None = None,
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """A JPEG or PNG of at most 5 MB, by `link` or by media `id`."""
        return cls(
            to=to,
            body=ImageBody(Image(id=id, link=link, caption=caption)),
            from_=from_,
            request_id=request_id,
            custom_args=custom_args,
        )

    @classmethod
    def video(
        cls,
        to: str | list[str],
        link: str | None = None,
        *,
        id: str | None = None,  # noqa: A002
        caption: str | None = None,
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """An MP4 or 3GPP (H.264, AAC) of at most 16 MB, by `link` or by media `id`."""
        return cls(
            to=to,
            body=VideoBody(Video(id=id, link=link, caption=caption)),
            from_=from_,
            request_id=request_id,
            custom_args=custom_args,
        )

    @classmethod
    def audio(
        cls,
        to: str | list[str],
        link: str | None = None,
        *,
        id: str | None = None,  # noqa: A002
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """AAC, MP4, AMR, MPEG or OGG/opus of at most 16 MB, by `link` or by media `id`."""
        return cls(
            to=to,
            body=AudioBody(Audio(id=id, link=link)),
            from_=from_,
            request_id=request_id,
            custom_args=custom_args,
        )

    @classmethod
    def document(
        cls,
        to: str | list[str],
        link: str | None = None,
        *,
        id: str | None = None,  # noqa: A002
        caption: str | None = None,
        filename: str | None = None,
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """A file of at most 100 MB, by `link` or by media `id`. Without `filename` the caption names it."""
        body = DocumentBody(Document(id=id, link=link, caption=caption, filename=filename))
        return cls(to=to, body=body, from_=from_, request_id=request_id, custom_args=custom_args)

    @classmethod
    def sticker(
        cls,
        to: str | list[str],
        link: str | None = None,
        *,
        id: str | None = None,  # noqa: A002
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """A WebP sticker, by `link` or by media `id`."""
        return cls(
            to=to,
            body=StickerBody(Sticker(id=id, link=link)),
            from_=from_,
            request_id=request_id,
            custom_args=custom_args,
        )
