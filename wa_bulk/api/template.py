"""A template as it is sent: its name, its language and the values of its variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from wa_bulk.api.errors import ValidationError


class Image(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """JPEG or PNG, at most 5 MB, by media `id` or by `link`; caption of at most 1024 characters."""

    id: str | None = None
    link: str | None = None
    caption: str | None = None


class Video(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """MP4 or 3GPP, at most 16 MB, by media `id` or by `link`; caption of at most 1024 characters."""

    id: str | None = None
    link: str | None = None
    caption: str | None = None


class Document(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Any file of at most 100 MB (only PDF in a template's header), by media `id` or by `link`.

    `filename` is what the recipient sees; without it the caption is.
    """

    id: str | None = None
    link: str | None = None
    caption: str | None = None
    filename: str | None = None

    @property
    def shown_name(self) -> str | None:
        """What the recipient sees as the file's name, where the message gives one (the vendor's page)."""
        return self.filename or self.caption


class Currency(Struct, frozen=True):
    """An amount that the recipient's phone shows in its own way.

    `amount_1000` is the amount × 1000 in every currency, `code` an ISO 4217 code, and
    `fallback_value` what is shown where localising fails.
    """

    fallback_value: str
    code: str
    amount_1000: int


class DateTime(Struct, frozen=True, omit_defaults=True):
    """A moment that the recipient's phone shows in its own way.

    Either `timestamp` (seconds since 1970) or any of the parts; `day_of_week` is 1 (Monday) to 7.
    """

    fallback_value: str
    timestamp: int | None = None
    day_of_week: int | None = None
    day_of_month: int | None = None
    year: int | None = None
    month: int | None = None
    hour: int | None = None
    minute: int | None = None


class TextParameter(Struct, frozen=True, tag_field="type", tag="text"):
    text: str


class CurrencyParameter(Struct, frozen=True, tag_field="type", tag="currency"):
    currency: Currency


class DateTimeParameter(Struct, frozen=True, tag_field="type", tag="date_time"):
    date_time: DateTime


class ImageParameter(Struct, frozen=True, tag_field="type", tag="image"):
    image: Image


class VideoParameter(Struct, frozen=True, tag_field="type", tag="video"):
    video: Video


class DocumentParameter(Struct, frozen=True, tag_field="type", tag="document"):
    document: Document


class PayloadParameter(Struct, frozen=True, tag_field="type", tag="payload"):
    """What a quick-reply button sends back when it is pressed (Meta)."""

    payload: str


Parameter = (
    TextParameter
    | CurrencyParameter
    | DateTimeParameter
    | ImageParameter
    | VideoParameter
    | DocumentParameter
    | PayloadParameter
)


class QuickReply(Struct, frozen=True):
    """What a quick-reply button of a template sends back when it is pressed, for `Message.template`."""

    payload: str


class UrlSuffix(Struct, frozen=True):
    """What is put at the end of a URL button's link, for `Message.template`."""

    suffix: str


Value = str | Currency | DateTime
"""A variable's value: a text, or an amount or a moment that the recipient's phone shows in its own way."""

Header = Value | Image | Video | Document
"""The value of a template's header: of the variable in its text, or its medium."""

ButtonValue = QuickReply | UrlSuffix | None
"""The value of one button; None for a button that takes none."""


class HeaderComponent(Struct, frozen=True, tag_field="type", tag="header"):
    parameters: Sequence[Parameter]


class BodyComponent(Struct, frozen=True, tag_field="type", tag="body"):
    parameters: Sequence[Parameter]


class ButtonComponent(Struct, frozen=True, tag_field="type", tag="button"):
    """The value of one button (Meta): `index` "0" to "9" counts the template's buttons."""

    sub_type: Literal["quick_reply", "url"]
    index: str
    parameters: Sequence[Parameter]


Component = HeaderComponent | BodyComponent | ButtonComponent


class Template(Struct, frozen=True, omit_defaults=True):
    """Which template, in which language, with which values for its variables."""

    name: str
    language: str
    components: Sequence[Component] | None = None


def components_of(
    header: Header | None, body: Value | Sequence[Value] | None, buttons: Sequence[ButtonValue]
) -> list[Component]:
    """Return the components that carry these values: of the header, the body's variables and the buttons.

    Buttons count by their place. What is no value at all is put where a text belongs, for `validate` to name.
    Raises ValidationError for buttons that are not in a list.
    """
    if not isinstance(buttons, (list, tuple)):
        raise ValidationError(
            "body.template.components",
            f"has buttons in a {type(buttons).__name__}",
            "expected a list of QuickReply, UrlSuffix or None, one for each button",
        )
    components: list[Component] = []
    if header is not None:
        components.append(HeaderComponent([_parameter(header)]))
    if body is not None:
        values = [body] if isinstance(body, str) or not isinstance(body, Iterable) else body
        components.append(BodyComponent([_parameter(value) for value in values]))
    for index, button in enumerate(buttons):
        if isinstance(button, QuickReply):
            components.append(ButtonComponent("quick_reply", str(index), [PayloadParameter(button.payload)]))
        elif button is not None:
            suffix = button.suffix if isinstance(button, UrlSuffix) else button
            components.append(ButtonComponent("url", str(index), [TextParameter(suffix)]))
    return components


def _parameter(value: Header) -> Parameter:
    if type(value) is str:  # nearly always
        return TextParameter(value)
    match value:
        case Currency():
            return CurrencyParameter(value)
        case DateTime():
            return DateTimeParameter(value)
        case Image():
            return ImageParameter(value)
        case Video():
            return VideoParameter(value)
        case Document():
            return DocumentParameter(value)
        case TextParameter() | CurrencyParameter() | DateTimeParameter() | ImageParameter():
            return value
        case VideoParameter() | DocumentParameter() | PayloadParameter():
            return value
        case _:
            return TextParameter(value)
