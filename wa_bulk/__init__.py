"""Send WhatsApp messages through EngageLab: one at a time from an async service, or a campaign from a CSV.

Everything a service needs is here; importing it costs next to nothing until a name is used.
"""

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
        Sticker,
        StickerBody,
        Template,
        TemplateBody,
        Text,
        TextBody,
        TextParameter,
        ValidationError,
        Video,
        VideoBody,
        VideoParameter,
    )
    from wa_bulk.send.client import Client
    from wa_bulk.send.outcome import Accepted, Outcome, SendError, Status

__all__ = [
    "Accepted",
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
    "Message",
    "Outcome",
    "Parameter",
    "PayloadParameter",
    "SendError",
    "Status",
    "Sticker",
    "StickerBody",
    "Template",
    "TemplateBody",
    "Text",
    "TextBody",
    "TextParameter",
    "ValidationError",
    "Video",
    "VideoBody",
    "VideoParameter",
]

_HOMES = {
    "Client": "wa_bulk.send.client",
    "Accepted": "wa_bulk.send.outcome",
    "Outcome": "wa_bulk.send.outcome",
    "SendError": "wa_bulk.send.outcome",
    "Status": "wa_bulk.send.outcome",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """A public name, imported on first use (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_HOMES.get(name, "wa_bulk.api")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
