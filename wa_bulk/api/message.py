"""The request: one message to one recipient (or several), field for field as the API takes it.

The structs mirror the vendor's page. They hold what they are given; `validate` in
`wa_bulk.api.validation` says whether the API would take it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from wa_bulk.api.errors import ValidationError
from wa_bulk.api.template import (
    ButtonValue,
    Component,
    Document,
    Header,
    Image,
    Template,
    Value,
    Video,
    components_of,
)


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
        """Return the numbers in `to`, always as a list."""
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
        """Build a plain text. It reaches only people who wrote within the last 24 hours (Meta)."""
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
        header: Header | None = None,
        body: Value | Sequence[Value] | None = None,
        buttons: Sequence[ButtonValue] = (),
        from_: str | None = None,
        request_id: str | None = None,
        custom_args: dict[str, object] | None = None,
    ) -> Message:
        """Build the sending of an approved template in one of its languages, with its variables' values.

            Message.template(to, "order_update", "en", body=["Ada", "$12.50"])

        `body` has the values of `{{1}}`, `{{2}}` … in this order, `header` the header's medium or the value
        of its variable, `buttons` one value for each button of the template, None for one that takes none.
        `components` are the same in the API's own form; raises ValidationError where both are given.
        """
        given = components or ()
        if header is not None or body is not None or buttons:
            if given:
                raise ValidationError(
                    "body.template.components",
                    "is given beside header, body or buttons",
                    "expected the values in one of the two forms",
                )
            given = components_of(header, body, buttons)
        return cls(
            to=to,
            body=TemplateBody(Template(name, language, _listed(given))),
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
        """Build the sending of a JPEG or PNG of at most 5 MB, by `link` or by media `id`.

        It reaches only people who wrote within the last 24 hours (Meta).
        """
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
        """Build the sending of an MP4 or 3GPP (H.264, AAC) of at most 16 MB, by `link` or by media `id`.

        It reaches only people who wrote within the last 24 hours (Meta).
        """
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
        """Build the sending of AAC, MP4, AMR, MPEG or OGG/opus of at most 16 MB, by `link` or by media `id`.

        It reaches only people who wrote within the last 24 hours (Meta).
        """
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
        """Build the sending of a file of at most 100 MB, by `link` or by media `id`.

        Without `filename` the caption names it, and must then be fit for a file name. It reaches only people
        who wrote within the last 24 hours (Meta).
        """
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
        """Build the sending of a WebP sticker, by `link` or by media `id`.

        It reaches only people who wrote within the last 24 hours (Meta).
        """
        return cls(
            to=to,
            body=StickerBody(Sticker(id=id, link=link)),
            from_=from_,
            request_id=request_id,
            custom_args=custom_args,
        )


def _listed(components: Sequence[Component]) -> Sequence[Component] | None:
    """Return a copy; None for no components, and what cannot be copied as it is, for `validate` to name."""
    try:
        return list(components) or None
    except TypeError:
        return components
