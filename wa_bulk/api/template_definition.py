"""A template's definition, as template management takes and gives it, and the rules it must keep.

Sources: the vendor's pages on template management; Meta's documentation for variables and lengths.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from wa_bulk.api.errors import ValidationError
from wa_bulk.api.rules import HEADER_TEXT_MAX, RULES
from wa_bulk.api.template import Template

Category = Literal["AUTHENTICATION", "MARKETING", "UTILITY", "OTP", "TRANSACTIONAL"]
"""The last two are the older names."""

TemplateStatus = Literal[
    "APPROVED", "PENDING", "REJECTED", "DISABLED", "PAUSED", "IN_APPEAL", "PENDING_DELETION", "DELETED"
]
HeaderFormat = Literal["text", "image", "video", "document", "TEXT", "IMAGE", "VIDEO", "DOCUMENT"]

BODY_TEXT_MAX = 1024
FOOTER_TEXT_MAX = 60
BUTTON_TEXT_MAX = 25
BUTTON_URL_MAX = 2000
MAX_BUTTONS = 10

VARIABLE = re.compile(r"\{\{\s*([0-9]+)\s*\}\}")
"""`{{1}}`, `{{2}}` …: where a sent template's values go."""


class HeaderExample(Struct, frozen=True, omit_defaults=True):
    """What the header looks like when it is sent: a value for its variable, or a media handle."""

    header_text: list[str] | None = None
    header_handle: list[str] | None = None


class BodyExample(Struct, frozen=True):
    """One list of values for the body's variables."""

    body_text: list[list[str]]


class HeaderDefinition(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="HEADER"):
    """A line of text with at most one variable, or a medium."""

    format: HeaderFormat
    text: str | None = None
    example: HeaderExample | None = None


class BodyDefinition(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="BODY"):
    """The text, at most 1024 characters, with the variables `{{1}}`, `{{2}}` …"""

    text: str
    example: BodyExample | None = None


class FooterDefinition(Struct, frozen=True, tag_field="type", tag="FOOTER"):
    """A small line below the text, at most 60 characters, without variables."""

    text: str


class Button(Struct, frozen=True, omit_defaults=True):
    """A button of at most 25 characters; the `url` of a URL button may end in one variable."""

    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER"]
    text: str
    url: str | None = None
    phone_number: str | None = None
    example: list[str] | str | None = None


class ButtonsDefinition(Struct, frozen=True, tag_field="type", tag="BUTTONS"):
    buttons: list[Button]


ComponentDefinition = HeaderDefinition | BodyDefinition | FooterDefinition | ButtonsDefinition


class TemplateDefinition(Struct, frozen=True):
    """A template in one language, as it is created."""

    name: str
    language: str
    category: Category
    components: list[ComponentDefinition]


class TemplateUpdate(Struct, frozen=True, omit_defaults=True):
    """What may be changed of a template once it exists. Its name and language stay."""

    components: list[ComponentDefinition]
    category: Category | UnsetType = UNSET


class TemplateEntry(Struct, frozen=True):
    """A template as it is listed."""

    id: str
    name: str
    language: str
    category: Category
    status: TemplateStatus
    components: list[ComponentDefinition]


class TemplateCreated(Struct, frozen=True):
    """The reply to a creation."""

    template_id: str


class Done(Struct, frozen=True):
    """The reply to an update or a deletion that went well."""

    code: int = 0
    message: str = "success"


def variables(text: str) -> list[int]:
    """Return the numbers of the variables in `text`, in their order there."""
    return [int(number) for number in VARIABLE.findall(text)]


def check_definition(definition: TemplateDefinition) -> None:
    """Raise ValidationError naming the first field that breaks a rule, if one does."""
    for field, value in (("name", definition.name), ("language", definition.language)):
        rule = RULES[Template, field]
        if fault := rule.fault(value):
            raise ValidationError(field, fault, rule.expects)
    check_components(definition.components)


def check_components(components: list[ComponentDefinition]) -> None:
    """Raise ValidationError naming the first field that breaks a rule, if one does."""
    seen: set[type[Struct]] = set()
    for position, component in enumerate(components):
        if type(component) in seen:
            raise ValidationError(
                f"components[{position}].type", "is there twice", "expected each component at most once"
            )
        seen.add(type(component))
        try:
            _check_component(component)
        except ValidationError as error:
            raise error.under(f"components[{position}]") from None
    if BodyDefinition not in seen:
        raise ValidationError("components", "has no BODY", "expected one component of type BODY")


def _check_component(component: ComponentDefinition) -> None:
    match component:
        case HeaderDefinition():
            _check_header(component)
        case BodyDefinition(text=text, example=body_example):
            _check_text("text", text, BODY_TEXT_MAX)
            numbers = sorted(set(variables(text)))
            if numbers != list(range(1, len(numbers) + 1)):
                raise ValidationError(
                    "text", f"has the variables {numbers}", "expected them to count from 1 without a gap"
                )
            rows = body_example.body_text if body_example else []
            if any(len(row) != len(numbers) for row in rows):
                raise ValidationError(
                    "example.body_text",
                    f"does not have {len(numbers)} values",
                    "expected one for each variable",
                )
        case FooterDefinition(text=text):
            _check_text("text", text, FOOTER_TEXT_MAX)
            if VARIABLE.search(text):
                raise ValidationError("text", "has a variable", "expected none in a footer")
        case ButtonsDefinition(buttons=buttons):
            if not 1 <= len(buttons) <= MAX_BUTTONS:
                raise ValidationError("buttons", f"has {len(buttons)}", f"expected 1 to {MAX_BUTTONS}")
            for position, button in enumerate(buttons):
                try:
                    _check_button(button)
                except ValidationError as error:
                    raise error.under(f"buttons[{position}]") from None


def _check_header(header: HeaderDefinition) -> None:
    if header.format.lower() != "text":
        if header.text is not None:
            raise ValidationError("text", "is set", f"expected none in a header of format {header.format}")
        return
    if header.text is None:
        raise ValidationError("text", "is missing", "expected the text of a header of format text")
    _check_text("text", header.text, HEADER_TEXT_MAX)
    if variables(header.text) not in ([], [1]):
        raise ValidationError("text", "has variables", "expected at most one, {{1}}, in a header")


def _check_button(button: Button) -> None:
    _check_text("text", button.text, BUTTON_TEXT_MAX)
    if VARIABLE.search(button.text):
        raise ValidationError("text", "has a variable", "expected none in a button's label")
    if button.type == "PHONE_NUMBER" and not re.fullmatch(r"\+?[0-9]{5,20}", button.phone_number or ""):
        raise ValidationError("phone_number", f"is {button.phone_number!r}", "expected digits after a +")
    if button.type == "URL":
        url = button.url or ""
        if not re.match(r"https?://\S", url) or len(url) > BUTTON_URL_MAX:
            raise ValidationError(
                "url", f"is {url[:60]!r}", f"expected http(s):// and at most {BUTTON_URL_MAX} characters"
            )
        if VARIABLE.search(url) and (variables(url) != [1] or not url.endswith("}}")):
            raise ValidationError(
                "url", "has its variable elsewhere", "expected at most one, {{1}}, at its end"
            )


def _check_text(field: str, text: str, max_length: int) -> None:
    if not text.strip():
        raise ValidationError(field, "is empty", f"expected 1 to {max_length} characters")
    if len(text) > max_length:
        raise ValidationError(
            field, f"has {len(text)} characters", f"expected at most {max_length} characters"
        )
