"""A campaign compiled: its request as constant JSON pieces, with a hole for every value a row brings.

Rendering a row costs the encoding of its values. What comes out equals, byte for byte, what encoding
the full structs with those values would: the pieces are cut from exactly that encoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from wa_bulk.api import Message, ValidationError, decode, e164, encode, validate, warnings
from wa_bulk.api.rules import NUMBER_RULE, TextRule
from wa_bulk.api.validation import misfit, validate_shape
from wa_bulk.campaign.compile import ROW, Compiler, Field
from wa_bulk.campaign.file import CampaignError, CampaignFile

_json = msgspec.json.Encoder().encode
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}").fullmatch

_Test = Callable[[str], object] | None
_Plain = tuple[int, int, int | None, _Test, frozenset[str], _Test, "_Filled"]
"""A field that one column of text fills: place, column and rule spelled out, to be checked without a call."""


class RowRefused(Exception):
    """A row that the API would refuse, so that it is not sent. `columns` are the CSV's names."""

    def __init__(self, field: str, columns: Sequence[str], fault: str, rule: str) -> None:
        super().__init__(field, columns, fault, rule)
        self.field = field
        self.columns = columns
        self.fault = fault
        self.rule = rule

    def __str__(self) -> str:
        named = " + ".join(self.columns)
        column = f" (column {named})" if named else ""
        return f"{self.field}{column}: {self.fault}; {self.rule}"


class Rendered(Struct, frozen=True, gc=False):
    """One row, ready to send: the request's bytes, its recipient and its sending number."""

    payload: bytes
    to: str
    sender: str | None


class Blueprint:
    """A compiled campaign, for the rows of one CSV header and one run.

    `one_template` is true where every row uses the same template in the same language, or none;
    `senders_vary` where each row brings its sending number; `sender` is the one number otherwise, None
    for the account's default.
    """

    def __init__(self, message: Message, fields: Sequence[Field], header: Sequence[str]) -> None:
        self.header = list(header)
        varying = {field.path for field in fields}
        self.sender = message.from_ if "from" not in varying else None
        self.senders_vary = "from" in varying
        self.one_template = not varying & {"body.template.name", "body.template.language"}
        self.warnings = [] if "body.template.language" in varying else warnings(message)
        self._parts, places = _cut(encode(message), fields)
        self._counted: list[int] = []
        self._numbers: list[_Filled] = []
        self._plain: list[_Plain] = []
        self._whole: list[_Filled] = []
        self._mixed: list[_Filled] = []
        self._related = any(field.related for field in fields)
        for field in fields:
            filled = _Filled(field, places[field.path], self.header)
            if field.is_counted:
                self._counted += filled.places
            elif field.kind == "number":
                self._numbers.append(filled)
            elif field.kind == "whole":
                self._whole.append(filled)
            elif field.is_one_value:
                self._plain.append(filled.as_plain())
            else:
                self._mixed.append(filled)
        self._recipient = next(filled for filled in self._numbers if filled.field.path == "to")
        self.recipient = self._recipient.number
        """The row's recipient in E.164 form, from its values. Raises RowRefused."""
        self._numbers.remove(self._recipient)

    def raw_recipient(self, values: Sequence[str]) -> str:
        """What stands where the row's recipient should, as it is."""
        return self._recipient.raw(values)

    def render(self, row: int, values: Sequence[str], to: str | None = None) -> Rendered:
        """The request for data row `row` (from 1), whose cells are `values`, in the header's order.

        `to` saves the work where `recipient` has been asked already. Raises RowRefused with the field,
        the column and the rule when the API would refuse the row.
        """
        if to is None:
            to = self._recipient.number(values)
        parts = self._parts.copy()
        parts[self._recipient.places[0]] = b'"%b"' % to.encode()
        row_digits = b"%d" % row
        for place in self._counted:
            parts[place] = row_digits
        for place, column, max_length, forbids, known, matches, filled in self._plain:
            text = values[column]
            if (
                not text
                or text.isspace()
                or (max_length is not None and len(text) > max_length)
                or (forbids is not None and forbids(text))
                or (matches is not None and text not in known and not matches(text))
            ):
                raise filled.refused(values, text)
            parts[place] = _json(text)
        sender = self.sender
        for filled in self._numbers:
            sender = filled.number(values)
            parts[filled.places[0]] = _json(sender)
        for filled in self._whole:
            parts[filled.places[0]] = b"%d" % filled.whole(values)
        for filled in self._mixed:
            for place, text in zip(filled.places, filled.texts(row, values), strict=True):
                parts[place] = _json(text)[1:-1]
        payload = b"".join(parts)
        if self._related:
            _check_whole(payload)
        return Rendered(payload, to, sender)


class _Filled:
    """A field, with the places among the parts and the columns of the CSV that fill it."""

    def __init__(self, field: Field, places: list[int], header: list[str]) -> None:
        self.field = field
        self.places = places
        self._names = field.columns
        self._is_one = len(field.pieces) == 1
        self._format = "".join(
            piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in field.pieces
        )
        self._columns = [-1 if name == ROW else header.index(name) for name in field.columns]

    def as_plain(self) -> _Plain:
        rule = self.field.rule
        assert rule is None or isinstance(rule, TextRule)
        return (
            self.places[0],
            self._columns[0],
            rule.max_length if rule else None,
            rule.forbids if rule else None,
            rule.known if rule else frozenset(),
            rule.pattern.fullmatch if rule and rule.pattern else None,
            self,
        )

    def texts(self, row: int, values: Sequence[str]) -> list[str]:
        """What fills each place. Raises RowRefused where one is empty or the field as a whole is wrong."""
        texts = [str(row) if column < 0 else values[column] for column in self._columns]
        whole = self._whole_text(texts)
        rule = self.field.rule
        if "" in texts or (rule is not None and rule.fault(whole)):
            raise self.refused(values, whole)
        return texts

    def raw(self, values: Sequence[str]) -> str:
        if self._is_one:
            return values[self._columns[0]]
        return self._whole_text([values[column] for column in self._columns])

    def number(self, values: Sequence[str]) -> str:
        try:
            return e164(self.raw(values))
        except ValueError as error:
            raise RowRefused(self.field.path, self._names, str(error), NUMBER_RULE) from None

    def whole(self, values: Sequence[str]) -> int:
        text = values[self._columns[0]].strip()
        rule = self.field.rule
        assert rule is not None
        if not _WHOLE(text):
            fault: str | None = f"is {text!r}, not a whole number" if text else "is empty"
        else:
            fault = rule.fault(int(text))
        if fault:
            raise RowRefused(self.field.path, self._names, fault, rule.expects)
        return int(text)

    def refused(self, values: Sequence[str], whole: str) -> RowRefused:
        for name, column in zip(self._names, self._columns, strict=True):
            if column >= 0 and (not values[column] or values[column].isspace()):
                return RowRefused(self.field.path, [name], "is empty", "expected a value")
        rule = self.field.rule
        assert rule is not None
        columns = [name for name in self._names if name != ROW]
        return RowRefused(self.field.path, columns, rule.fault(whole) or "is refused", rule.expects)

    def _whole_text(self, texts: Sequence[str]) -> str:
        return texts[0] if self._is_one else self._format % tuple(texts)


def _check_whole(payload: bytes) -> None:
    try:
        validate(decode(payload))
    except ValidationError as error:
        raise RowRefused(error.field, (), error.fault, error.rule) from None


def _cut(encoded: bytes, fields: Sequence[Field]) -> tuple[list[bytes], dict[str, list[int]]]:
    """Cuts the encoding at the fields' marks: the parts, every odd one to be filled, and, by a
    field's path, the places among them that it fills."""
    owner = {mark: (field, i) for field in fields for i, mark in enumerate(field.marks)}
    parts = re.split(b"(" + b"|".join(re.escape(mark) for mark in owner) + b")", encoded)
    places = {field.path: [0] * len(field.marks) for field in fields}
    for place in range(1, len(parts), 2):
        field, i = owner[parts[place]]
        places[field.path][i] = place
        if field.is_one_value:
            parts[place - 1] = parts[place - 1][:-1]
            parts[place + 1] = parts[place + 1][1:]
    return parts, places


def compile_campaign(file: CampaignFile, header: Sequence[str], run_id: str) -> Blueprint:
    """Compiles a campaign for a CSV's header and a run's id.

    Raises CampaignError listing every fault found: unknown keys, unknown columns, values the API would
    refuse whatever the rows bring.
    """
    compiler = Compiler(header)
    tree = compiler.walk_message(file, run_id)
    faults = compiler.faults
    if not faults:
        try:
            message = msgspec.convert(tree, Message)
            validate_shape(message)
            if "from" not in {field.path for field in compiler.fields} and message.from_ is not None:
                message = msgspec.structs.replace(message, from_=e164(message.from_))
            return Blueprint(message, compiler.fields, header)
        except msgspec.ValidationError as error:
            faults.append(str(misfit(str(error))))
        except ValidationError as error:
            faults.append(str(error))
    raise CampaignError("\n".join(f"{file.path}: message.{fault}" for fault in faults))
