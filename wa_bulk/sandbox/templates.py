"""The templates of the sandbox's account: kept by name and language, reviewed, filled in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

from wa_bulk.api.errors import ValidationError
from wa_bulk.api.rendered_template import CompiledTemplate, Rendered
from wa_bulk.api.template import Template
from wa_bulk.api.template_definition import (
    ButtonsDefinition,
    TemplateDefinition,
    TemplateEntry,
    TemplateStatus,
    TemplateUpdate,
    check_components,
    check_definition,
)
from wa_bulk.sandbox.checks import refused
from wa_bulk.sandbox.refusal import Refusal


class Review(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How Meta's review of a new or changed template goes. `seconds` counts for `after`."""

    mode: Literal["at_once", "after", "never"] = "at_once"
    seconds: float = 5.0


class SandboxTemplate(TemplateDefinition, frozen=True, kw_only=True):
    """A template as the sandbox keeps it. `approved_at`, seconds since 1970, is when a review ends."""

    id: str = ""
    status: TemplateStatus = "APPROVED"
    approved_at: float | None = None

    def entry(self) -> TemplateEntry:
        """Return the template as it is listed now."""
        return TemplateEntry(
            self.id, self.name, self.language, self.category, self.current_status(), self.components
        )

    def current_status(self) -> TemplateStatus:
        if self.approved_at is not None and time.time() >= self.approved_at:
            return "APPROVED"
        return self.status


def initial_templates() -> list[SandboxTemplate]:
    """Load the templates of `templates.json` and give them ids."""
    raw = files("wa_bulk.sandbox").joinpath("templates.json").read_bytes()
    rows = msgspec.json.decode(raw, type=list[SandboxTemplate])
    return [msgspec.structs.replace(row, id=_template_id(number)) for number, row in enumerate(rows, 1)]


def _template_id(number: int) -> str:
    return str(406_979_728_000_000 + number)


class Templates:
    """All templates, one for each name and language."""

    def __init__(self, templates: Iterable[SandboxTemplate], review: Review) -> None:
        self.review = review
        self._by_name: dict[tuple[str, str], SandboxTemplate] = {}
        self._by_id: dict[str, SandboxTemplate] = {}
        self._compiled: dict[tuple[str, str], CompiledTemplate] = {}
        for template in templates:
            self._keep(template)
        self._last_number = max((int(known) for known in self._by_id), default=_FIRST) - _FIRST

    def __iter__(self) -> Iterator[SandboxTemplate]:
        return iter(list(self._by_id.values()))

    def fill(self, template: Template) -> Rendered:
        """Render the message a phone would show for `template`.

        Raises Refusal 4001 when there is no such template or it is not approved, and 3003 when its
        values do not fit the variables.
        """
        name = (template.name, template.language)
        known = self._by_name.get(name)
        if known is None:
            raise Refusal(4001, self._missing(*name))
        status = known.current_status()
        if status != "APPROVED":
            raise Refusal(4001, f"template {name[0]} in language {name[1]} is {status}, not APPROVED")
        blank = self._compiled.get(name)
        if blank is None:
            blank = self._compiled[name] = CompiledTemplate(known.components)
        try:
            return blank.fill(template.components or ())
        except ValidationError as error:
            where = f"whatsapp.template.{error.field}"
            raise Refusal(
                3003, f"{where} does not fit template {name[0]}: {error.fault}; {error.rule}"
            ) from None

    def _missing(self, name: str, language: str) -> str:
        languages = sorted(known for other, known in self._by_name if other == name)
        if languages:
            return f"template {name} does not exist in language {language}, only in {', '.join(languages)}"
        return f"template {name} does not exist"

    def has(self, name: str) -> bool:
        """Return whether there is any template of that name."""
        return any(known == name for known, _ in self._by_name)

    def find(
        self,
        name: str | None = None,
        language_code: str | None = None,
        category: str | None = None,
        status: str | None = None,
    ) -> list[TemplateEntry]:
        """Return the templates that match every condition; `name` matches any part of the name, any case."""
        found = []
        for template in self._by_id.values():
            entry = template.entry()
            if (
                (name is None or name.lower() in entry.name)
                and (language_code is None or language_code == entry.language)
                and (category is None or category == entry.category)
                and (status is None or status == entry.status)
            ):
                found.append(entry)
        return found

    def get(self, template_id: str) -> SandboxTemplate:
        """Return the template of that id. Raises Refusal 4001 when there is none."""
        template = self._by_id.get(template_id)
        if template is None:
            raise Refusal(4001, f"template {template_id} does not exist")
        return template

    def create(self, definition: TemplateDefinition) -> SandboxTemplate:
        """Add a new template and send it to review.

        Raises Refusal 3002 when a rule is broken, 5002 when Meta would refuse it.
        """
        with _named_fields():
            check_definition(definition)
        if (definition.name, definition.language) in self._by_name:
            raise Refusal(
                5002,
                f"Meta refused: template {definition.name} already exists in language {definition.language}",
            )
        _refuse_as_meta(definition)
        self._last_number += 1
        template = SandboxTemplate(
            name=definition.name,
            language=definition.language,
            category=definition.category,
            components=definition.components,
            id=_template_id(self._last_number),
        )
        return self._keep(self._reviewed(template))

    def update(self, template_id: str, update: TemplateUpdate) -> SandboxTemplate:
        """Replace the template's components (and category) and send it to review again.

        Raises Refusal 4001 when there is none, 3002 when a rule is broken, 5002 when Meta would refuse it.
        """
        template = self.get(template_id)
        with _named_fields():
            check_components(update.components)
        changed = msgspec.structs.replace(template, components=update.components)
        if update.category is not msgspec.UNSET:
            changed = msgspec.structs.replace(changed, category=update.category)
        _refuse_as_meta(changed)
        return self._keep(self._reviewed(changed))

    def delete(self, name: str) -> None:
        """Remove every language of `name`. Raises Refusal 4001 when there is none."""
        removed = [template for template in self._by_id.values() if template.name == name]
        if not removed:
            raise Refusal(4001, f"template {name} does not exist")
        for template in removed:
            del self._by_id[template.id]
            del self._by_name[template.name, template.language]
            self._compiled.pop((template.name, template.language), None)

    def put(self, template: SandboxTemplate) -> SandboxTemplate:
        """Store the template as it is, status included, in place of one of the same name and language."""
        with _named_fields():
            check_definition(template)
        known = self._by_name.get((template.name, template.language))
        if known is None:
            self._last_number += 1
        number = known.id if known else _template_id(self._last_number)
        return self._keep(msgspec.structs.replace(template, id=number))

    def _reviewed(self, template: SandboxTemplate) -> SandboxTemplate:
        if self.review.mode == "at_once":
            return msgspec.structs.replace(template, status="APPROVED", approved_at=None)
        ends = time.time() + self.review.seconds if self.review.mode == "after" else None
        return msgspec.structs.replace(template, status="PENDING", approved_at=ends)

    def _keep(self, template: SandboxTemplate) -> SandboxTemplate:
        name = (template.name, template.language)
        self._by_name[name] = self._by_id[template.id] = template
        self._compiled.pop(name, None)
        return template


_FIRST = int(_template_id(0))
REFUSED_BY_META = "refuse_me"
"""Templates whose name begins so are refused with 5002, for testing that answer."""


def _refuse_as_meta(definition: TemplateDefinition) -> None:
    if definition.name.startswith(REFUSED_BY_META):
        raise Refusal(5002, f"Meta refused: template names may not begin with {REFUSED_BY_META}")
    for component in definition.components:
        if isinstance(component, ButtonsDefinition):
            labels = [button.text for button in component.buttons]
            if len(set(labels)) != len(labels):
                raise Refusal(5002, "Meta refused: two buttons have the same text")


@contextmanager
def _named_fields() -> Iterator[None]:
    """Turn a ValidationError into the API's refusal."""
    try:
        yield
    except ValidationError as error:
        raise refused(error) from None
