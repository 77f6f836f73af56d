"""A template as it is sent: its name, its language and the values of its variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct


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


class Currency(Struct, frozen=True):
    """An amount that the recipient's phone shows in its own way.

    `amount_1000` is the amount × 1000 in every currency, `code` an ISO 4217 code, and
    `fallback_value` what stands there where localising fails.
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
