"""Send WhatsApp messages through EngageLab: one at a time from an async service, or a campaign from a CSV.

Everything a service needs is here; importing it costs next to nothing until a name is used.
"""

__version__ = "0.2.0"

TYPE_CHECKING = False  # not typing's: importing that would cost more than this whole module
if TYPE_CHECKING:
    from wa_bulk.api import (
        Audio,
        AudioBody,
        Body,
        BodyComponent,
        ButtonComponent,
        Component,
        Currency,
        CurrencyParameter,
        DateTime,
        DateTimeParameter,
        Document,
        DocumentBody,
        DocumentParameter,
        HeaderComponent,
        Image,
        ImageBody,
        ImageParameter,
        Message,
        Parameter,
        PayloadParameter,
        QuickReply,
        Sticker,
        StickerBody,
        Template,
        TemplateBody,
        Text,
        TextBody,
        TextParameter,
        UrlSuffix,
        ValidationError,
        Video,
        VideoBody,
        VideoParameter,
    )
    from wa_bulk.media import MediaReport, check_media
    from wa_bulk.send.client import Client
    from wa_bulk.send.outcome import Accepted, ApiError, Outcome, SendError, Status
    from wa_bulk.send.suppression import Suppression

__all__ = [
    "Accepted",
    "ApiError",
    "Audio",
    "AudioBody",
    "Body",
    "BodyComponent",
    "ButtonComponent",
    "Client",
    "Component",
    "Currency",
    "CurrencyParameter",
    "DateTime",
    "DateTimeParameter",
    "Document",
    "DocumentBody",
    "DocumentParameter",
    "HeaderComponent",
    "Image",
    "ImageBody",
    "ImageParameter",
    "MediaReport",
    "Message",
    "Outcome",
    "Parameter",
    "PayloadParameter",
    "QuickReply",
    "SendError",
    "Status",
    "Sticker",
    "StickerBody",
    "Suppression",
    "Template",
    "TemplateBody",
    "Text",
    "TextBody",
    "TextParameter",
    "UrlSuffix",
    "ValidationError",
    "Video",
    "VideoBody",
    "VideoParameter",
    "__version__",
    "check_media",
]

_HOMES = {
    "Client": "wa_bulk.send.client",
    "MediaReport": "wa_bulk.media",
    "check_media": "wa_bulk.media",
    "Accepted": "wa_bulk.send.outcome",
    "ApiError": "wa_bulk.send.outcome",
    "Outcome": "wa_bulk.send.outcome",
    "SendError": "wa_bulk.send.outcome",
    "Status": "wa_bulk.send.outcome",
    "Suppression": "wa_bulk.send.suppression",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """Import a public name on its first use, as `lazy_names` does, without importing even that."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_HOMES.get(name, "wa_bulk.api")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
