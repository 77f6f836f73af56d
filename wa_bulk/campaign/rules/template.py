"""Rows that do not fit the template that they are sent with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from wa_bulk.api import BodyComponent, HeaderComponent, TemplateBody, TextParameter, decode
from wa_bulk.api.rendered_template import TextWithVariables, shown_text
from wa_bulk.api.rules import HEADER_TEXT_MAX
from wa_bulk.api.template import CurrencyParameter, DateTimeParameter, Parameter, Template
from wa_bulk.api.template_definition import BODY_TEXT_MAX
from wa_bulk.api.template_fit import TemplateFit
from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused
from wa_bulk.campaign.request.bound_field import BoundField
from wa_bulk.campaign.request.placeholder import Column, Piece
from wa_bulk.campaign.request.rendered_row import RenderedRow

TEMPLATE_PATH = "body.template"

Key = tuple[str, str]
"""A template's name and language."""


RowTest = Callable[[RenderedRow, Sequence[str]], None]
"""Look at a rendered row and its cells. Raises RowRefused."""


class Refusal(Struct, frozen=True):
    """Why no row can be sent with a template.

    `fault` stands after the columns that bring the template's name and language, or with `of_name` the name;
    `errors` say the same of the campaign.
    """

    fault: str
    rule: str
    errors: tuple[str, ...] = ()
    of_name: bool = False


class FittingRows:
    """Tells by the length of a row's cells that it fits one template, and looks closer where they are long.

    Whether the message fits in its parts is settled before, unless rows `differ` in these, for a `{column?}`
    leaves some out.
    """

    def __init__(self, fit: TemplateFit, blueprint: Blueprint, template: Template) -> None:
        self._fit = fit
        self._fields = blueprint.fields
        self.differ = any(
            place.optional
            for field in blueprint.fields
            if field.path.startswith(TEMPLATE_PATH)
            for place in field.places
        )
        pieces = {field.path: field.pieces for field in blueprint.fields}
        self._bounds: list[tuple[int, list[int]]] = []
        """How much longer than allowed a text is with empty cells, and which columns stand in it, each
        as often as it does."""
        for position, component in enumerate(template.components or ()):
            match component:
                case BodyComponent() if "body" not in fit.unknown:
                    line, longest = fit.compiled.body, BODY_TEXT_MAX
                case HeaderComponent() if "header" not in fit.unknown:
                    line, longest = fit.compiled.header_line, HEADER_TEXT_MAX
                case _:
                    continue
            at = f"{TEMPLATE_PATH}.components[{position}].parameters"
            values = [_pieces(one, f"{at}[{i}]", pieces) for i, one in enumerate(component.parameters)]
            length, columns = _length(line, values, blueprint.header)
            if columns:
                self._bounds.append((length - longest, columns))

    def test(self, row: RenderedRow, values: Sequence[str]) -> None:
        """Raise RowRefused where a text is too long with the row's values in it, or a part does not fit."""
        if self.differ:
            self._look_closer(row)
            return
        for length, columns in self._bounds:
            for column in columns:
                length += len(values[column])
            if length > 0:
                self._look_closer(row)

    def _look_closer(self, row: RenderedRow) -> None:
        message = decode(row.payload)
        assert isinstance(message.body, TemplateBody)
        for misfit in self._fit.misfits(message.body.template.components or ()):
            path = f"{TEMPLATE_PATH}.{misfit.field}"
            columns = [
                name for field in self._fields if field.path.startswith(path) for name in field.columns
            ]
            raise RowRefused(path, list(dict.fromkeys(columns)), misfit.fault, misfit.rule)


class TemplateRule:
    """Refuses rows that do not fit their template, or whose template the account does not have."""

    def __init__(
        self,
        blueprint: Blueprint,
        template: Template,
        of_templates: Mapping[Key, FittingRows | Refusal],
        of_others: Callable[[Key], Refusal | None],
    ) -> None:
        """`of_others` tells why a row of a template that is not among these is refused, or None."""
        self._name: BoundField | str = template.name
        self._language: BoundField | str = template.language
        for field in blueprint.fields:
            if field.path == f"{TEMPLATE_PATH}.name":
                self._name = BoundField(field, blueprint.header)
            elif field.path == f"{TEMPLATE_PATH}.language":
                self._language = BoundField(field, blueprint.header)
        self._tests = {
            key: self._refusing(found) if isinstance(found, Refusal) else found.test
            for key, found in of_templates.items()
        }
        self._of_others = of_others
        self.test: RowTest = self._test_of_language() or self._test
        """Raises RowRefused with the columns that name the template, or that are too long for it."""

    def _test(self, row: RenderedRow, values: Sequence[str]) -> None:
        name, language = self._name, self._language
        key = (
            name if isinstance(name, str) else str(name.value(values)),
            language if isinstance(language, str) else str(language.value(values)),
        )
        found = self._tests.get(key)
        if found is not None:
            found(row, values)
        elif (refusal := self._of_others(key)) is not None:
            raise self._refused(refusal)

    def _test_of_language(self) -> RowTest | None:
        """Return a faster one where rows bring the language alone, in a column of its own."""
        language = self._language
        if isinstance(self._name, BoundField) or isinstance(language, str) or not language.is_plain:
            return None
        column = language.column
        tests = {key[1]: test for key, test in self._tests.items()}
        otherwise = self._test

        def test(row: RenderedRow, values: Sequence[str]) -> None:
            tests.get(values[column], otherwise)(row, values)

        return test

    def _refusing(self, refusal: Refusal) -> RowTest:
        def test(row: RenderedRow, values: Sequence[str]) -> None:
            raise self._refused(refusal)

        return test

    def _refused(self, refusal: Refusal) -> RowRefused:
        named_by = (self._name,) if refusal.of_name else (self._name, self._language)
        varying = [field for field in named_by if isinstance(field, BoundField)]
        columns = [name for bound in varying for name in bound.field.columns]
        return RowRefused(varying[-1].field.path, columns, refusal.fault, refusal.rule)


def _pieces(parameter: Parameter, at: str, of_fields: Mapping[str, list[Piece]]) -> list[Piece]:
    """Return what a value's text is made of."""
    match parameter:
        case TextParameter():
            path = f"{at}.text"
        case CurrencyParameter():
            path = f"{at}.currency.fallback_value"
        case DateTimeParameter():
            path = f"{at}.date_time.fallback_value"
        case _:
            return []
    return of_fields.get(path) or [shown_text(parameter)]


def _length(
    line: TextWithVariables, values: Sequence[Sequence[Piece]], header: Sequence[str]
) -> tuple[int, list[int]]:
    """Return how long a text is with empty cells, and the columns in it, each as often as it stands there."""
    length = sum(map(len, line.fixed))
    columns: list[int] = []
    for place in line.order:
        for piece in values[place] if place < len(values) else ():
            if isinstance(piece, Column):
                columns.append(header.index(piece.name))
                length += len(piece.fallback or "")
            else:
                length += len(piece)
    return length, columns
