"""A campaign held against its templates as the account has them, before anything is sent.

What is certain stands in the way of sending; what is not is said. Where each row brings its language, or
even its template, the rows are refused that have none that they fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import get_args

from msgspec import Struct

from wa_bulk.api import TemplateBody
from wa_bulk.api.account_template import AccountTemplate
from wa_bulk.api.language import nearest_language
from wa_bulk.api.template import Template
from wa_bulk.api.template_definition import BodyDefinition, TemplateStatus
from wa_bulk.api.template_fit import TemplateFit
from wa_bulk.campaign.request.blueprint import Blueprint
from wa_bulk.campaign.request.bound_field import BoundField, RowRefused
from wa_bulk.campaign.rules.template import TEMPLATE_PATH, FittingRows, Key, Refusal, TemplateRule
from wa_bulk.campaign.sources.base import RowSource
from wa_bulk.send.template_lookup import TemplateLookup, nearest_name

NAMES_MAX = 50
"""Templates that are looked up where each row names its own; rows of further ones are sent unchecked."""

_AT_NAME = f"message.{TEMPLATE_PATH}.name"
_AT_LANGUAGE = f"message.{TEMPLATE_PATH}.language"
_BODY_SHOWN = 100

_WHY = {
    "PENDING": "Meta's review is not over",
    "REJECTED": "Meta refused it",
    "PAUSED": "Meta paused it because of what people who got it said or did",
    "DISABLED": "Meta disabled it",
    "IN_APPEAL": "Meta refused it, and the appeal is not over",
    "PENDING_DELETION": "it is being deleted",
    "DELETED": "it was deleted",
}
_OF_CATEGORY = {
    "MARKETING": "Meta does not deliver it to people who stopped marketing (131050) or got much of it lately "
    "(131049), nor to numbers of the United States",
    "AUTHENTICATION": "Meta takes it for one-time codes only: values of at most 15 characters, no links, "
    "media or emoji",
}


class AccountTemplates(Struct, frozen=True):
    """What the account said of the templates that a campaign names, by name.

    `names` are further names that it has. `since` tells, by name, language and status, since when a template
    has its status, such as " since 2026-11-20". `problem` says why some could not be asked for.
    """

    lookups: Mapping[str, TemplateLookup] = {}
    names: frozenset[str] = frozenset()
    since: Mapping[tuple[str, str, str], str] = {}
    problem: str | None = None

    def of(self, template: Template) -> AccountTemplate | None:
        """Return what the account has of a message's template; None where that is not known."""
        lookup = self.lookups.get(template.name)
        return None if lookup is None else lookup.in_language(template.language)


AskAccount = Callable[[Blueprint, RowSource], AccountTemplates]
"""Learn what the account has of the templates that a campaign uses; what it cannot is a `problem`."""


class TemplateFindings(Struct):
    """`errors`: no row can be sent. `warnings`: what may go wrong. `notes`: rules of Meta's that apply."""

    errors: list[str] = []
    warnings: list[str] = []
    notes: list[str] = []


def language_used(blueprint: Blueprint) -> str | None:
    """Return the language of the template that every row uses; None where rows bring it."""
    body = blueprint.message.body
    varies = any(field.path == f"{TEMPLATE_PATH}.language" for field in blueprint.fields)
    return body.template.language if isinstance(body, TemplateBody) and not varies else None


def names_used(blueprint: Blueprint, source: RowSource) -> list[str]:
    """Return the names of the templates that a campaign uses, at most NAMES_MAX; none for other messages.

    Goes through the rows only where they bring the name.
    """
    body = blueprint.message.body
    if not isinstance(body, TemplateBody):
        return []
    field = next((one for one in blueprint.fields if one.path == f"{TEMPLATE_PATH}.name"), None)
    if field is None:
        return [body.template.name]
    bound = BoundField(field, blueprint.header)
    names: dict[str, None] = {}
    for row in source.rows():
        if row.problem is None:
            try:
                names[str(bound.value(row.values))] = None
            except RowRefused:
                continue
            if len(names) == NAMES_MAX:
                break
    return list(names)


def hold_against(blueprint: Blueprint, account: AccountTemplates) -> TemplateFindings:
    """Hold a campaign against its templates; the blueprint refuses rows that do not fit theirs then."""
    body = blueprint.message.body
    if not isinstance(body, TemplateBody):
        return TemplateFindings()
    return _Hold(blueprint, body.template, account).findings


class _Hold:
    def __init__(self, blueprint: Blueprint, template: Template, account: AccountTemplates) -> None:
        self.findings = TemplateFindings()
        self._blueprint = blueprint
        self._template = template
        self._account = account
        varying = {field.path for field in blueprint.fields}
        self._name_varies = f"{TEMPLATE_PATH}.name" in varying
        self._language_varies = f"{TEMPLATE_PATH}.language" in varying
        if account.problem is not None:
            self.findings.warnings.append(f"not held against the account's templates: {account.problem}")
        if not account.lookups:
            return
        self._of_templates: dict[Key, FittingRows | Refusal] = {}
        used = [one for lookup in account.lookups.values() for one in self._used(lookup)]
        for one in used:
            self._of_templates[one.name, one.language] = self._judge(one)
        if self._name_varies or self._language_varies:
            self._judge_rows(used)
        else:
            self._judge_all()

    def _used(self, lookup: TemplateLookup) -> list[AccountTemplate]:
        """Return those that a row may use."""
        language = None if self._language_varies else self._template.language
        return [one for one in lookup.found if language in (None, one.language)]

    def _judge(self, one: AccountTemplate) -> FittingRows | Refusal:
        called = f"{one.name} ({one.language or 'no language'})"
        if one.status != "APPROVED":
            since = self._account.since.get((one.name, one.language, one.status), "")
            if one.status in get_args(TemplateStatus):
                fault = f"is {one.status}{since}"
                rule = f"{_WHY[one.status]}, and only APPROVED ones can be sent"
                return Refusal(
                    f"names {called}, which {fault}", rule, (f"{_AT_NAME}: {called} {fault}: {rule}",)
                )
            self._warn(f"{called} is {one.status or 'without a status'}{since}, and may be refused")
        fit = TemplateFit(one)
        if fit.unknown:
            parts = " and ".join(sorted(fit.unknown))
            self._warn(f"{called}: this version cannot read its {parts}, which is not checked")
        rows = FittingRows(fit, self._blueprint, self._template)
        misfits = fit.misfits(self._template.components or ())
        if misfits and not rows.differ:
            reads = _reads(one, called)
            places = "; ".join(f"{misfit.field} {misfit.fault}, {misfit.rule}" for misfit in misfits)
            return Refusal(
                f"names {called}, which takes other values ({places})",
                reads,
                tuple(
                    f"message.{TEMPLATE_PATH}.{misfit.field}: {misfit.fault}; {misfit.rule}: {reads}"
                    for misfit in misfits
                ),
            )
        return rows

    def _judge_all(self) -> None:
        """Settle the one template that every row uses."""
        key = (self._template.name, self._template.language)
        if key not in self._of_templates:
            self._absent(key)
            return
        found = self._of_templates[key]
        if isinstance(found, Refusal):
            self.findings.errors += found.errors
        else:
            self._note_categories([key])
            self._blueprint.require(found.test)

    def _judge_rows(self, used: list[AccountTemplate]) -> None:
        """Have each row held against the template that it names; none can be where none of them fits."""
        lookups = self._account.lookups.values()
        usable = [key for key, found in self._of_templates.items() if not isinstance(found, Refusal)]
        if not usable and not self._name_varies and all(lookup.is_whole for lookup in lookups):
            if not used:
                self._absent((self._template.name, self._template.language))
            refusals = [found for found in self._of_templates.values() if isinstance(found, Refusal)]
            self.findings.errors += refusals[0].errors if refusals else ()
            if others := refusals[1:]:
                languages = _listed([one.language for one in used[1:]])
                self.findings.errors.append(
                    f"{_AT_LANGUAGE}: nor can it be sent in its other {len(others)}, {languages}"
                )
            return
        for lookup in lookups:
            if not lookup.is_whole:
                self._warn(
                    f"the account's list of templates named {lookup.name} may be cut: rows whose template is "
                    "not in it are sent all the same"
                )
        self._note_categories(usable)
        rule = TemplateRule(self._blueprint, self._template, self._of_templates, self._refusal_of_absent)
        self._blueprint.require(rule.test)

    def _refusal_of_absent(self, key: Key) -> Refusal | None:
        name, language = key
        lookup = self._account.lookups.get(name)
        if lookup is None or not lookup.is_whole:
            return None
        if not lookup.found:
            return Refusal(
                f"is {name!r}, which is no template of the account", self._meant(name), of_name=True
            )
        near = nearest_language(language, lookup.languages)
        exists = f"expected {_listed(lookup.languages)}{f'; did you mean {near!r}?' if near else ''}"
        return Refusal(f"is {language!r}, in which {name} does not exist", exists)

    def _absent(self, key: Key) -> None:
        """Say that what every row uses is not there, as an error only where that is certain."""
        name, language = key
        lookup = self._account.lookups[name]
        if lookup.found and not lookup.languages:
            self._warn(f"the account does not say in which languages {name} exists, which is not checked")
            return
        if lookup.found and not self._language_varies:
            near = nearest_language(language, lookup.languages)
            text = f"{_AT_LANGUAGE}: {name} does not exist in {language!r}; it does in "
            text += f"{_listed(lookup.languages)}{f'; did you mean {near!r}?' if near else ''}"
        else:
            text = f"{_AT_NAME}: {name!r} is no template of the account; {self._meant(name)}"
        if lookup.is_whole:
            self.findings.errors.append(text)
        else:
            self._warn(f"{text} (the account's list may be cut, so that this is not certain)")

    def _meant(self, name: str) -> str:
        lookups = self._account.lookups.values()
        others = self._account.names.union(*(lookup.others for lookup in lookups))
        others |= {lookup.name for lookup in lookups if lookup.found}
        near = nearest_name(name, others)
        return f"did you mean {near!r}?" if near else "`wa-bulk templates list` shows what there is"

    def _note_categories(self, keys: Iterable[Key]) -> None:
        categories: dict[str, set[str]] = {}
        for name, language in keys:
            one = self._account.lookups[name].in_language(language)
            if one is not None and one.category in _OF_CATEGORY:
                categories.setdefault(one.category, set()).add(name)
        for category, names in sorted(categories.items()):
            self.findings.notes.append(f"{_listed(sorted(names))} is {category}: {_OF_CATEGORY[category]}")

    def _warn(self, text: str) -> None:
        if text not in self.findings.warnings:
            self.findings.warnings.append(text)


def _reads(template: AccountTemplate, called: str) -> str:
    body = next((part.text for part in template.components if isinstance(part, BodyDefinition)), "")
    text = f"{body[:_BODY_SHOWN]}…" if len(body) > _BODY_SHOWN else body
    return f"{called} reads {text!r}" if text else f"see `wa-bulk templates show {template.name}`"


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])} and {len(names) - 20} more"
