"""A campaign compiled: its request as JSON with a hole for every value a row brings.

Rendering a row costs the encoding of its values. What comes out equals, byte for byte, what encoding
the full structs with those values would: what is around the holes is cut from exactly that encoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import itemgetter

import msgspec

from wa_bulk.api import Message, ValidationError, decode, encode, validate, warnings
from wa_bulk.api.invisible import is_blank
from wa_bulk.api.validation import misfit, validate_shape
from wa_bulk.campaign.file import CampaignError, CampaignFile
from wa_bulk.campaign.request.bare_numbers import BareNumbers
from wa_bulk.campaign.request.bound_field import BoundField, RowRefused
from wa_bulk.campaign.request.compiler import Compiler
from wa_bulk.campaign.request.fast_render import Hole, Render, renderer
from wa_bulk.campaign.request.field import Field
from wa_bulk.campaign.request.optional import optional_columns, without
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.sources.base import SourceRow

__all__ = ["Blueprint", "RowRefused", "compile_campaign"]

_json = msgspec.json.Encoder().encode


class Blueprint:
    """A compiled campaign, for the rows of one CSV header and one run.

    `one_template` is true where every row uses the same template in the same language, or none;
    `senders_vary` where each row brings its sending number. `warnings` say what looks like a mistake whatever
    the rows bring, beginning with the field.
    """

    def __init__(
        self,
        message: Message,
        fields: Sequence[Field],
        header: Sequence[str],
        country: str | None = None,
        warnings: Sequence[str] = (),
        bare: BareNumbers | None = None,
    ) -> None:
        self.header = list(header)
        self.message = message
        """With marks in place of what the rows bring."""
        self.fields = list(fields)
        self.warnings = list(warnings)
        varying = {field.path for field in fields}
        self.senders_vary = "from" in varying
        self.one_template = not varying & {"body.template.name", "body.template.language"}
        self._related = any(field.related for field in fields)
        hole_of: dict[bytes, Hole] = {}
        self._sender: BoundField | str | None = message.from_
        for field in fields:
            hole: Hole = "row" if field.kind == "row" else BoundField(field, self.header, country, bare)
            if field.path == "to" and isinstance(hole, BoundField):
                self._recipient, hole = hole, "to"
            elif field.path == "from" and isinstance(hole, BoundField):
                self._sender, hole = hole, "from"
            hole_of[field.mark] = hole
        self.recipient = self._recipient.number
        """Return the row's recipient in E.164 form, from its values. Raises RowRefused."""
        self.countries_to_ask_for = self._recipient.countries_to_ask_for
        """Return the countries whose own most numbers without a country code could be: none is read then."""
        parts = re.split(b"(" + b"|".join(map(re.escape, hole_of)) + b")", encode(message))
        self._request = b"%b".join(part.replace(b"%", b"%%") for part in parts[0::2])
        self._holes = [hole_of[mark] for mark in parts[1::2]]
        self.render: Render = self._render_carefully
        """Make data row `row` (from 1), whose cells are `values` in the header's order, ready to be sent.

        Raises RowRefused with the field, the column and the rule when the API would refuse the row.
        """
        if not self._related:
            self.render = renderer(
                self._request,
                self._holes,
                self._recipient,
                self._sender,
                self._render_carefully,
            )

    def raw_recipient(self, values: Sequence[str]) -> str:
        """Return the row's text for the recipient, unchecked."""
        return self._recipient.raw(values)

    def require(self, test: Callable[[RenderedRow, Sequence[str]], object]) -> None:
        """Have `test`, which may raise RowRefused, look at each row that is rendered from now on."""
        render = self.render

        def render_and_test(row: int, values: Sequence[str]) -> RenderedRow:
            rendered = render(row, values)
            test(rendered, values)
            return rendered

        self.render = render_and_test

    def reader(self, path: str) -> Callable[[Sequence[str]], str] | None:
        """Return what reads a text field's value in a row's cells; None where every row has the same."""
        field = next((field for field in self.fields if field.path == path), None)
        if field is None:
            return None
        if field.is_one_column and field.fallback is None:
            return itemgetter(self.header.index(field.columns[0]))
        bound = BoundField(field, self.header)
        return lambda values: str(bound.value(values))

    def _render_carefully(self, row: int, values: Sequence[str]) -> RenderedRow:
        to = self._recipient.number(values)
        sender = self._sender.number(values) if isinstance(self._sender, BoundField) else self._sender
        known = {"to": to, "row": row, "from": sender}
        payload = self._request % tuple(
            _json(known[hole] if isinstance(hole, str) else hole.value(values)) for hole in self._holes
        )
        if self._related:
            self._check_whole(payload)
        return RenderedRow(to, payload, sender, number=row)

    def _check_whole(self, payload: bytes) -> None:
        try:
            validate(decode(payload))
        except ValidationError as error:
            raise RowRefused(error.field, self.columns_of(error.field), error.fault, error.rule) from None

    def columns_of(self, path: str) -> list[str]:
        """Return the columns that fill the field at `path`; none where it is the same for every row."""
        return [name for field in self.fields if field.path == path for name in field.columns]


class _Variants:
    """A campaign with `{column?}`: a blueprint for each set of optional columns whose cells are empty."""

    def __init__(
        self,
        file: CampaignFile,
        whole: Blueprint,
        run_id: str,
        names: Sequence[str],
        bare: BareNumbers | None,
    ) -> None:
        self._file = file
        self._bare = bare
        self._header = whole.header
        self._run_id = run_id
        self._names = names
        self._columns = [whole.header.index(name) for name in names]
        self._renders = {(False,) * len(names): whole.render}

    def shortened(self, name: str) -> list[str]:
        """Compile the message without one column, and return the lists that lose some of their items.

        Raises CampaignError where what has the column cannot be left out.
        """
        pruned = without(self._file.message, [name], self._header)
        self._compiled(pruned.message)
        return pruned.shortened

    def render(self, row: int, values: Sequence[str]) -> RenderedRow:
        """Do as the blueprint for this row's empty cells does."""
        empty = tuple([is_blank(values[column]) for column in self._columns])
        render = self._renders.get(empty)
        if render is None:
            names = list(compress(self._names, empty))
            try:
                variant = self._compiled(without(self._file.message, names, self._header).message)
            except (CampaignError, ValidationError):
                raise RowRefused("message", names, "is empty", "fill one of them") from None
            render = self._renders[empty] = variant.render
        return render(row, values)

    def _compiled(self, message: dict[str, object]) -> Blueprint:
        file = msgspec.structs.replace(self._file, message=message)
        return _compiled(file, self._header, self._run_id, self._bare)


def compile_campaign(
    file: CampaignFile,
    header: Sequence[str],
    run_id: str,
    rows: Callable[[], Iterable[SourceRow]] | None = None,
) -> Blueprint:
    """Compile a campaign for a CSV's header and a run's id.

    `rows` streams all rows: where the campaign names no country, and a number has no country code, they tell
    whether such numbers can be read at all.

    Raises CampaignError listing every fault found: unknown keys, unknown columns, values the API would
    refuse whatever the rows bring.
    """
    bare = None if rows is None else BareNumbers(rows)
    blueprint = _compiled(file, header, run_id, bare)
    if names := optional_columns(file.message, header):
        variants = _Variants(file, blueprint, run_id, names, bare)
        for name in names:
            try:
                shortened = variants.shortened(name)
            except ValidationError as error:
                raise CampaignError(f"{file.path}: message.{error}") from None
            blueprint.warnings += [
                f"{path}: are fewer where {name} is empty, and a template's variables need a value each"
                for path in shortened
                if path.endswith(".parameters")
            ]
        blueprint.render = variants.render
    return blueprint


def _compiled(file: CampaignFile, header: Sequence[str], run_id: str, bare: BareNumbers | None) -> Blueprint:
    compiler = Compiler(header)
    tree = compiler.walk_message(file, run_id)
    faults = compiler.faults
    if not faults:
        try:
            message = msgspec.convert(tree, Message)
            validate_shape(message)
            found = [*file.reminders, *compiler.warnings, *_warnings(message, compiler.fields)]
            return Blueprint(message, compiler.fields, header, file.country, found, bare)
        except msgspec.ValidationError as error:
            faults.append(str(misfit(str(error))))
        except ValidationError as error:
            faults.append(str(error))
    raise CampaignError("\n".join(f"{file.path}: message.{fault}" for fault in faults))


def _warnings(message: Message, fields: Sequence[Field]) -> list[str]:
    """Return what looks like a mistake for every row: what is said of a value that varies is not."""
    varying = tuple(f"{field.path}:" for field in fields)
    return [warning for warning in warnings(message) if not warning.startswith(varying)]
