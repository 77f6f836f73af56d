"""Whether a message fits the template that it is sent with, as far as the template is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wa_bulk.api.account_template import AccountTemplate, OtherComponent
from wa_bulk.api.errors import ValidationError
from wa_bulk.api.rendered_template import CompiledTemplate
from wa_bulk.api.template import BodyComponent, ButtonComponent, Component, HeaderComponent
from wa_bulk.api.template_definition import (
    VARIABLE,
    BodyDefinition,
    ButtonsDefinition,
    ComponentDefinition,
    FooterDefinition,
    HeaderDefinition,
)

_ANY_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
_KINDS = {
    HeaderDefinition: "header",
    BodyDefinition: "body",
    FooterDefinition: "footer",
    ButtonsDefinition: "buttons",
}


class TemplateFit:
    """A template of the account, for holding messages against.

    `unknown` names the parts, such as "body" or "buttons", whose definition this version cannot read: what a
    message brings for them is not judged. `compiled` is the rest.
    """

    def __init__(self, template: AccountTemplate) -> None:
        known = [part for part in template.components if not isinstance(part, OtherComponent)]
        unread = {part.type.lower() for part in template.components if isinstance(part, OtherComponent)}
        self.unknown = unread | {_KINDS[type(part)] for part in known if _has_odd_variables(part)}
        if not any(isinstance(part, BodyDefinition) for part in known):
            self.unknown.add("body")
        self.compiled = CompiledTemplate(known)

    def misfits(self, components: Sequence[Component]) -> list[ValidationError]:
        """List what does not fit, each with its field below the sent template.

        One character in place of each value is enough, but for lengths.
        """
        found: list[ValidationError] = []
        filled: set[int] = set()
        given = {type(component) for component in components}
        for position, component in enumerate(components):
            try:
                self._check(component, f"components[{position}]", filled)
            except ValidationError as error:
                found.append(error)
        try:
            if HeaderComponent not in given and "header" not in self.unknown:
                self.compiled.fill_header((), "components")
            if BodyComponent not in given and "body" not in self.unknown:
                self.compiled.fill_body((), "components")
            if "buttons" not in self.unknown:
                self.compiled.check_open_urls(filled)
        except ValidationError as error:
            found.append(error)
        return found

    def _check(self, component: Component, at: str, filled: set[int]) -> None:
        match component:
            case HeaderComponent(parameters=parameters):
                if "header" not in self.unknown:
                    self.compiled.fill_header(parameters, at)
            case BodyComponent(parameters=parameters):
                if "body" not in self.unknown:
                    self.compiled.fill_body(parameters, at)
            case ButtonComponent(index=index):
                filled.add(int(index))
                if "buttons" not in self.unknown:
                    self.compiled.fill_button(component, int(index), at)


def _has_odd_variables(component: ComponentDefinition) -> bool:
    """Tell whether there are variables of another form than `{{1}}`, such as Meta's `{{first_name}}`."""
    match component:
        case HeaderDefinition(text=str(text)) | BodyDefinition(text=text):
            texts = [text]
        case ButtonsDefinition(buttons=buttons):
            texts = [button.url or "" for button in buttons]
        case _:
            texts = []
    return any(len(_ANY_VARIABLE.findall(text)) != len(VARIABLE.findall(text)) for text in texts)
