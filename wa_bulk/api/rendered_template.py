"""What a phone shows for a sent template: its definition with the values filled in."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Literal

from msgspec import Struct

from wa_bulk.api.errors import ValidationError
from wa_bulk.api.rules import HEADER_TEXT_MAX
from wa_bulk.api.template import (
    BodyComponent,
    ButtonComponent,
    Component,
    CurrencyParameter,
    DateTimeParameter,
    DocumentParameter,
    HeaderComponent,
    ImageParameter,
    Parameter,
    TextParameter,
    VideoParameter,
)
from wa_bulk.api.template_definition import (
    BODY_TEXT_MAX,
    VARIABLE,
    BodyDefinition,
    Button,
    ButtonsDefinition,
    ComponentDefinition,
    FooterDefinition,
    HeaderDefinition,
)


class RenderedHeader(Struct, frozen=True, omit_defaults=True):
    type: Literal["text", "image", "video", "document"]
    text: str | None = None
    link: str | None = None
    id: str | None = None
    filename: str | None = None


class RenderedButton(Struct, frozen=True, omit_defaults=True):
    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER"]
    text: str
    url: str | None = None
    phone_number: str | None = None
    payload: str | None = None


class Rendered(Struct, frozen=True):
    """A template as the recipient sees it."""

    header: RenderedHeader | None
    body: str
    footer: str | None
    buttons: list[RenderedButton]


class TextWithVariables:
    """A text split at its variables, so that filling it in is one join.

    `fixed` are the pieces around the variables, `order` tells for each variable which value it takes, from 0,
    and `count` is the number of values.
    """

    def __init__(self, text: str) -> None:
        cut = VARIABLE.split(text)
        self.fixed = cut[0::2]
        self.order = [int(number) - 1 for number in cut[1::2]]
        self.count = max(self.order, default=-1) + 1

    def fill(self, values: Sequence[str]) -> str:
        """Return the text with its values."""
        if not self.order:
            return self.fixed[0]
        parts = [self.fixed[0]]
        for position, fixed in zip(self.order, self.fixed[1:], strict=True):
            parts.append(values[position])
            parts.append(fixed)
        return "".join(parts)


class CompiledTemplate:
    """A template definition prepared for filling in.

    `header_line` and `body` are its texts; `open_urls` the places of the buttons whose link has a variable.
    """

    def __init__(self, components: Sequence[ComponentDefinition]) -> None:
        self._header: HeaderDefinition | None = None
        self.header_line = TextWithVariables("")
        self.body = TextWithVariables("")
        self._footer: str | None = None
        self._buttons: list[Button] = []
        for component in components:
            match component:
                case HeaderDefinition():
                    self._header = component
                    self.header_line = TextWithVariables(component.text or "")
                case BodyDefinition():
                    self.body = TextWithVariables(component.text)
                case FooterDefinition():
                    self._footer = component.text
                case ButtonsDefinition():
                    self._buttons = component.buttons
        self._plain_buttons = [
            RenderedButton(button.type, button.text, button.url, button.phone_number)
            for button in self._buttons
        ]
        self.open_urls = {i for i, button in enumerate(self._buttons) if VARIABLE.search(button.url or "")}

    def fill(self, components: Sequence[Component]) -> Rendered:
        """Render the template with the values of `components`.

        Raises ValidationError, its field below the sent template, when a value is missing or does not fit."""
        header: RenderedHeader | None = None
        body: str | None = None
        buttons: list[RenderedButton] | None = None
        filled: set[int] = set()
        for position, component in enumerate(components):
            at = f"components[{position}]"
            match component:
                case BodyComponent():
                    body = self.fill_body(component.parameters, at)
                case HeaderComponent():
                    header = self.fill_header(component.parameters, at)
                case ButtonComponent():
                    buttons = buttons or list(self._plain_buttons)
                    index = int(component.index)
                    buttons[index] = self.fill_button(component, index, at)
                    filled.add(index)
        self.check_open_urls(filled)
        return Rendered(
            header if header is not None else self.fill_header((), "components"),
            body if body is not None else self.fill_body((), "components"),
            self._footer,
            buttons if buttons is not None else self._plain_buttons,
        )

    def check_open_urls(self, filled: Set[int]) -> None:
        """Raise ValidationError where a button's link is left without its value."""
        if missing := self.open_urls - filled:
            raise ValidationError(
                "components", f"has no button {min(missing)}", "expected the value of that button's url"
            )

    def fill_body(self, parameters: Sequence[Parameter], at: str) -> str:
        """Return the body's text. Raises ValidationError; `at` is the place of the component."""
        line = self.body
        _check_count("body", len(parameters), line.count, at)
        text = line.fill([shown_text(parameter) for parameter in parameters])
        if len(text) > BODY_TEXT_MAX:
            raise ValidationError(
                f"{at}.parameters",
                f"make the body {len(text)} characters long",
                f"expected at most {BODY_TEXT_MAX} with its values filled in",
            )
        return text

    def fill_header(self, parameters: Sequence[Parameter], at: str) -> RenderedHeader | None:
        """Return the header, None where there is none. Raises ValidationError as `fill_body` does."""
        header = self._header
        if header is None:
            _check_count("header", len(parameters), 0, at)
            return None
        kind = header.format.lower()
        if kind == "text":
            _check_count("header", len(parameters), self.header_line.count, at)
            for parameter in parameters:
                if isinstance(parameter, _MEDIA):
                    raise _wrong_kind(parameter, "text", at)
            text = self.header_line.fill([shown_text(parameter) for parameter in parameters])
            if len(text) > HEADER_TEXT_MAX:
                raise ValidationError(
                    f"{at}.parameters",
                    f"make the header {len(text)} characters long",
                    f"expected at most {HEADER_TEXT_MAX} with its value filled in",
                )
            return RenderedHeader("text", text=text)
        _check_count("header", len(parameters), 1, at)
        match parameters[0]:
            case ImageParameter(image=image) if kind == "image":
                return RenderedHeader("image", link=image.link, id=image.id)
            case VideoParameter(video=video) if kind == "video":
                return RenderedHeader("video", link=video.link, id=video.id)
            case DocumentParameter(document=document) if kind == "document":
                return RenderedHeader(
                    "document", link=document.link, id=document.id, filename=document.shown_name
                )
            case other:
                raise _wrong_kind(other, kind, at)

    def fill_button(self, component: ButtonComponent, index: int, at: str) -> RenderedButton:
        """Return the button at place `index`, from 0. Raises ValidationError as `fill_body` does."""
        if index >= len(self._buttons):
            raise ValidationError(
                f"{at}.index", f"is {component.index}", f"expected one of the {len(self._buttons)} buttons"
            )
        button = self._buttons[index]
        if button.type.lower() != component.sub_type:
            raise ValidationError(
                f"{at}.sub_type",
                f"is {component.sub_type}",
                f"expected that of button {index}, {button.type.lower()}",
            )
        value = component.parameters[0]
        if isinstance(value, TextParameter):
            if index not in self.open_urls:
                raise ValidationError(
                    f"{at}.parameters", "has a value", "expected none: the url has no variable"
                )
            url = TextWithVariables(button.url or "").fill([value.text])
            return RenderedButton("URL", button.text, url=url)
        payload = getattr(value, "payload", None)
        return RenderedButton(button.type, button.text, payload=payload)


_MEDIA = (ImageParameter, VideoParameter, DocumentParameter)


def shown_text(parameter: Parameter) -> str:
    """Return the text shown for a value; phones may show money and times in their own way."""
    if type(parameter) is TextParameter:
        return parameter.text
    if type(parameter) is CurrencyParameter:
        return parameter.currency.fallback_value
    assert isinstance(parameter, DateTimeParameter)
    return parameter.date_time.fallback_value


def _check_count(what: str, given: int, needed: int, at: str) -> None:
    if given != needed:
        raise ValidationError(
            f"{at}.parameters" if at != "components" else at,
            f"has {given} {'value' if given == 1 else 'values'} for the {what}",
            f"expected {needed}",
        )


def _wrong_kind(parameter: Parameter, expected: str, at: str) -> ValidationError:
    return ValidationError(
        f"{at}.parameters[0].type",
        f"is {type(parameter).__struct_config__.tag}",
        f"expected {expected} in this header",
    )
