"""A message as the recipient's phone shows it, in lines of text; as far as it is known here."""

from __future__ import annotations

from collections.abc import Sequence

from wa_bulk.api import Message, ValidationError
from wa_bulk.api.account_template import AccountTemplate, OtherComponent
from wa_bulk.api.message import (
    AudioBody,
    DocumentBody,
    ImageBody,
    StickerBody,
    TemplateBody,
    TextBody,
    VideoBody,
)
from wa_bulk.api.rendered_template import CompiledTemplate, Rendered, shown_text
from wa_bulk.api.template import (
    ButtonComponent,
    Component,
    Document,
    DocumentParameter,
    ImageParameter,
    Parameter,
    PayloadParameter,
    Template,
    VideoParameter,
)


def phone_view(message: Message, template: AccountTemplate | None = None) -> list[str]:
    """Return what the phone shows of a valid message, line by line.

    `template` is what the account has of the message's template; without it, the values are listed.
    """
    match message.body:
        case TextBody(text):
            lines = [text.body]
        case ImageBody(image):
            lines = [_medium("image", image.link, image.id), image.caption or ""]
        case VideoBody(video):
            lines = [_medium("video", video.link, video.id), video.caption or ""]
        case AudioBody(audio):
            lines = [_medium("audio", audio.link, audio.id)]
        case StickerBody(sticker):
            lines = [_medium("sticker", sticker.link, sticker.id)]
        case DocumentBody(document):
            # Without a file name the caption is the name.
            lines = [_document(document), (document.filename and document.caption) or ""]
        case TemplateBody(sent):
            lines = _template(sent, template)
    return [line for text in lines if text for line in text.splitlines() or [text]]


def _template(sent: Template, known: AccountTemplate | None) -> list[str]:
    components = sent.components or ()
    if known is not None and not any(isinstance(one, OtherComponent) for one in known.components):
        definition = [one for one in known.components if not isinstance(one, OtherComponent)]
        try:
            return _rendered(CompiledTemplate(definition).fill(components))
        except ValidationError as error:
            return [*_values(components), f"(does not fit the template: {error})"]
    return _values(components) or ["(no values)"]


def _rendered(shown: Rendered) -> list[str]:
    header = shown.header
    lines: list[str] = []
    if header is not None:
        if header.type == "text":
            lines.append(header.text or "")
        elif header.type == "document" and header.filename:
            lines.append(f"[document] {header.filename}")
        else:
            lines.append(_medium(header.type, header.link, header.id))
    lines += [shown.body, shown.footer or ""]
    for button in shown.buttons:
        leads_to = button.url or button.phone_number
        lines.append(f"[ {button.text} ]" + (f"  {leads_to}" if leads_to else ""))
    return lines


def _values(components: Sequence[Component]) -> list[str]:
    """Return the values of a template whose text is not known."""
    lines: list[str] = []
    for component in components:
        name = str(type(component).__struct_config__.tag)
        if isinstance(component, ButtonComponent):
            name = f"button {component.index}"
        for number, parameter in enumerate(component.parameters, 1):
            place = f"{name} {{{{{number}}}}}" if name in ("header", "body") else name
            lines.append(f"{place}  {_value(parameter)}")
    return lines


def _value(parameter: Parameter) -> str:
    match parameter:
        case ImageParameter(image):
            return _medium("image", image.link, image.id)
        case VideoParameter(video):
            return _medium("video", video.link, video.id)
        case DocumentParameter(document):
            return _document(document)
        case PayloadParameter(payload):
            return f"sends back {payload!r}"
        case _:
            return shown_text(parameter)


def _document(document: Document) -> str:
    name = document.filename or document.caption
    return f"[document] {name}" if name else _medium("document", document.link, document.id)


def _medium(kind: str, link: str | None, id_: str | None) -> str:
    return f"[{kind}] {link or f'id {id_}'}"
