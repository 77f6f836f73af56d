"""The EngageLab WhatsApp contract as data: messages, replies, error codes, limits, languages. No I/O.

What callbacks and template management need is imported when it is first used: sending needs neither.
"""

from typing import TYPE_CHECKING

from wa_bulk.api.errors import ERROR_CODES, ErrorCode, ValidationError
from wa_bulk.api.language import LANGUAGES, nearest_language
from wa_bulk.api.message import (
    Audio,
    AudioBody,
    Body,
    DocumentBody,
    ImageBody,
    Message,
    Sticker,
    StickerBody,
    TemplateBody,
    Text,
    TextBody,
    VideoBody,
)
from wa_bulk.api.message_warnings import warnings
from wa_bulk.api.phone_number import e164
from wa_bulk.api.replies import ErrorReply, SendReply
from wa_bulk.api.template import (
    BodyComponent,
    ButtonComponent,
    Component,
    Currency,
    CurrencyParameter,
    DateTime,
    DateTimeParameter,
    Document,
    DocumentParameter,
    HeaderComponent,
    Image,
    ImageParameter,
    Parameter,
    PayloadParameter,
    QuickReply,
    Template,
    TextParameter,
    UrlSuffix,
    Video,
    VideoParameter,
)
from wa_bulk.api.validation import decode, encode, validate
from wa_bulk.lazy import lazy_names

if TYPE_CHECKING:
    from wa_bulk.api.callbacks import (
        META_ERRORS,
        CallbackBatch,
        CallbackRow,
        ErrorDetail,
        Loss,
        MetaError,
        NotificationReport,
        ResponseReport,
        StatusData,
        StatusReport,
    )
    from wa_bulk.api.template_definition import (
        BodyDefinition,
        BodyExample,
        Button,
        ButtonsDefinition,
        FooterDefinition,
        HeaderDefinition,
        HeaderExample,
        TemplateDefinition,
        TemplateUpdate,
    )

__all__ = [
    "ERROR_CODES",
    "LANGUAGES",
    "META_ERRORS",
    "Audio",
    "AudioBody",
    "Body",
    "BodyComponent",
    "BodyDefinition",
    "BodyExample",
    "Button",
    "ButtonComponent",
    "ButtonsDefinition",
    "CallbackBatch",
    "CallbackRow",
    "Component",
    "Currency",
    "CurrencyParameter",
    "DateTime",
    "DateTimeParameter",
    "Document",
    "DocumentBody",
    "DocumentParameter",
    "ErrorCode",
    "ErrorDetail",
    "ErrorReply",
    "FooterDefinition",
    "HeaderComponent",
    "HeaderDefinition",
    "HeaderExample",
    "Image",
    "ImageBody",
    "ImageParameter",
    "Loss",
    "Message",
    "MetaError",
    "NotificationReport",
    "Parameter",
    "PayloadParameter",
    "QuickReply",
    "ResponseReport",
    "SendReply",
    "StatusData",
    "StatusReport",
    "Sticker",
    "StickerBody",
    "Template",
    "TemplateBody",
    "TemplateDefinition",
    "TemplateUpdate",
    "Text",
    "TextBody",
    "TextParameter",
    "UrlSuffix",
    "ValidationError",
    "Video",
    "VideoBody",
    "VideoParameter",
    "decode",
    "e164",
    "encode",
    "nearest_language",
    "validate",
    "warnings",
]

_HOMES = dict.fromkeys(
    (
        "CallbackBatch",
        "CallbackRow",
        "ErrorDetail",
        "Loss",
        "META_ERRORS",
        "MetaError",
        "NotificationReport",
        "ResponseReport",
        "StatusData",
        "StatusReport",
    ),
    "wa_bulk.api.callbacks",
) | dict.fromkeys(
    (
        "BodyDefinition",
        "BodyExample",
        "Button",
        "ButtonsDefinition",
        "FooterDefinition",
        "HeaderDefinition",
        "HeaderExample",
        "TemplateDefinition",
        "TemplateUpdate",
    ),
    "wa_bulk.api.template_definition",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(globals(), _HOMES)
