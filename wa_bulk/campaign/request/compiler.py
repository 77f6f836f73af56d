"""Finding the placeholders of a campaign's message, each with its field and its rule."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from itertools import count
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from wa_bulk.api import ButtonComponent, Document, HeaderComponent, Message, ValidationError, e164
from wa_bulk.api.rules import RULES, Rule, TextRule, WholeRule, structs_in
from wa_bulk.campaign.doubtful_value import text_doubt
from wa_bulk.campaign.file import CampaignFile, unknown_key
from wa_bulk.campaign.request.field import ANY_WHOLE, Field, FieldKind, value_of
from wa_bulk.campaign.request.optional import struct_for
from wa_bulk.campaign.request.placeholder import Column, Piece, split

_NAMES_LISTED = 20
_FIRST_CHARACTER_MARK = 0xF0000
_FIRST_WHOLE_MARK = 4_700_000_000_000_000_000


_LITERAL = re.compile(
    r"\{+[^{}\n]{1,60}\}+|\[+[^][\n]{1,60}\]+|<+[^<>\n]{1,60}>+|«[^«»\n]{1,60}»|%+[^%\n]{1,60}%+|\*\|[^|\n]{1,60}\|\*"
).findall
"""What other programs take for a placeholder."""
_IS_WORD = re.compile(r"\w[\w .-]*").fullmatch


class Compiler:
    """One walk over a campaign's message; gathers `fields` and, in words, `faults` and `warnings`."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = list(header)
        self.fields: list[Field] = []
        self.faults: list[str] = []
        self.warnings: list[str] = []

    def walk_message(self, file: CampaignFile, run_id: str) -> dict[str, Any]:
        """Return the message with marks in place of its placeholders, and with what every row carries."""
        taken = msgspec.json.encode([file.message, file.name, run_id]).decode()
        self._character_marks = (c for c in map(chr, count(_FIRST_CHARACTER_MARK)) if c not in taken)
        self._whole_marks = (n for n in count(_FIRST_WHOLE_MARK) if str(n) not in taken)
        tree = dict(file.message)
        to = tree.pop("to", None)
        sender = tree.pop("from", None)
        walked: dict[str, Any] = self._walk_struct(tree, Message, "", related=False)
        walked["to"] = [self._recipient(to)]
        if sender is not None:
            walked["from"] = self._sender(sender, file.country)
        if "request_id" not in walked:
            walked["request_id"] = self._numbered("request_id", f"{file.name}-")
        if file.track:
            self._track(walked, run_id)
        return walked

    def _track(self, walked: dict[str, Any], run_id: str) -> None:
        args = walked.setdefault("custom_args", {})
        if not isinstance(args, dict):
            return
        if "wa_bulk" in args:
            self.faults.append(
                "custom_args.wa_bulk: is set; it is how a callback finds its row, "
                "expected another key, or track = false"
            )
        args["wa_bulk"] = self._numbered("custom_args.wa_bulk", f"{run_id}:")

    def _recipient(self, to: object) -> object:
        if isinstance(to, list) and len(to) == 1:
            to = to[0]
        if not isinstance(to, str):
            what = "is missing" if to is None else f"is {to!r}"
            self.faults.append(f'to: {what}; expected the column of the number, such as to = "{{phone}}"')
            return ""
        pieces = self._split(to, "to")
        places = [piece for piece in pieces if isinstance(piece, Column)]
        if not places:
            self.faults.append(
                f'to: is {to!r} for every row; expected a column, such as to = "{{{self._likely_number()}}}"'
            )
        elif all(place.fallback is not None for place in places):
            self.faults.append(
                f"to: is {to!r}, so that every row without a number goes to one; expected no fallback here"
            )
        return self._mark("to", "number", None, pieces)

    def _likely_number(self) -> str:
        wanted = ("phone", "number", "mobile", "whatsapp", "msisdn", "tel", "to")
        return next((name for name in self.header if any(word in name.lower() for word in wanted)), "phone")

    def _sender(self, sender: object, country: str | None) -> object:
        if not isinstance(sender, str):
            self.faults.append(f"from: is {sender!r}; expected a sending number as text")
            return ""
        pieces = self._split(sender, "from")
        if not any(isinstance(piece, Column) for piece in pieces):
            return self._constant_sender("".join(map(str, pieces)), country)
        mark = self._mark("from", "number", None, pieces)
        if (fallback := self.fields[-1].fallback) is not None:
            self._constant_sender(fallback, country)
        return mark

    def _constant_sender(self, sender: str, country: str | None) -> str:
        try:
            return e164(sender, country)
        except ValueError as error:
            self.faults.append(f"from: {error}; expected a sending number such as +8613800138000")
            return sender

    def _walk(self, value: Any, annotation: Any, path: str, rule: Rule | None, *, related: bool) -> Any:
        if isinstance(value, dict):
            kind = struct_for(value, annotation)
            if kind is not None:
                if _is_list(annotation) and not path.endswith("]"):
                    table = re.sub(r"\[[0-9]+\]", "", path)
                    self.faults.append(
                        f"{path}: is one table; expected a list of them: write [[message.{table}]]"
                    )
                others = [tag for one in structs_in(annotation) if (tag := one.__struct_config__.tag)]
                return self._walk_struct(value, kind, path, others, related=related)
            if fault := _tag_fault(value, annotation):
                self.faults.append(f"{path}.{fault}")
                return value
            return {
                key: self._walk(item, object, f"{path}.{key}", None, related=related)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._walk(item, annotation, f"{path}[{i}]", rule, related=related)
                for i, item in enumerate(value)
            ]
        if isinstance(value, str):
            return self._walk_text(value, annotation, path, rule, related=related)
        if rule is not None and (fault := rule.fault(value)):
            self.faults.append(f"{path}: {fault}; {rule.expects}")
        return value

    def _walk_struct(
        self,
        table: Mapping[str, Any],
        kind: type[Struct],
        path: str,
        others: Collection[object] = (),
        *,
        related: bool,
    ) -> Any:
        """Walk what is a `kind`; `others` are the tags of what it could be in its place."""
        infos = {info.encode_name: info for info in msgspec.structs.fields(kind)}
        tag = kind.__struct_config__.tag_field
        related = related or kind in (HeaderComponent, ButtonComponent, Document)
        walked: dict[str, Any] = {}
        for key, item in table.items():
            at = f"{path}.{key}" if path else key
            if key == tag:
                walked[key] = item
            elif key not in infos and key in others:
                tag_value = kind.__struct_config__.tag
                self.faults.append(
                    f'{at}: stands beside {tag} = "{tag_value}", which takes {key!r} only where it is "{key}"'
                )
            elif key not in infos:
                known = [*((tag,) if tag else ()), *infos]
                self.faults.append(f"{at}: unknown key {unknown_key(key, known)}")
            else:
                info = infos[key]
                walked[key] = self._walk(item, info.type, at, RULES.get((kind, info.name)), related=related)
        return walked

    def _walk_text(self, text: str, annotation: Any, path: str, rule: Rule | None, *, related: bool) -> Any:
        pieces = self._split(text, path)
        places = [piece for piece in pieces if isinstance(piece, Column)]
        if not places:
            constant = "".join(map(str, pieces))
            self._check_constant(constant, path, rule)
            return constant
        if get_origin(annotation) is Literal:
            values = " or ".join(map(str, get_args(annotation)))
            self.faults.append(f"{path}: takes no placeholder; expected {values}, the same for every row")
            return text
        number = next((place.number for place in places if place.number), None)
        if number and isinstance(rule, TextRule):
            self.faults.append(f"{path}: takes text; expected {{{places[0].name}}}, without :{number}")
        elif number and isinstance(rule, WholeRule) and number != "int":
            self.faults.append(f"{path}: takes whole numbers only; expected {{{places[0].name}}}")
        elif number or isinstance(rule, WholeRule):
            if len(pieces) > 1:
                self.faults.append(f"{path}: is {text!r}; expected one placeholder alone, for a number")
            kind: FieldKind = "decimal" if number == "float" else "whole"
            if rule is None and kind == "whole":
                rule = ANY_WHOLE
            return self._mark(path, kind, rule, pieces, related=related)
        return self._mark(path, "text", rule, pieces, related=related)

    def _check_constant(self, text: str, path: str, rule: Rule | None) -> None:
        if rule is not None and (fault := rule.fault(text)):
            self.faults.append(f"{path}: {fault}; {rule.expects}")

    def _split(self, text: str, path: str) -> list[Piece]:
        try:
            pieces = split(text, self.header)
        except ValueError as error:
            self.faults.append(f"{path}: {error}")
            return [text]
        for piece in pieces:
            if isinstance(piece, str):
                self._warn_of_literals(piece, path)
                if doubt := text_doubt(piece):
                    self.warnings.append(f"{path}: {doubt}")
            elif piece.name not in self.header:
                self.faults.append(f"{path}: unknown column {self._nearest(piece.name)}")
        return pieces

    def _warn_of_literals(self, text: str, path: str) -> None:
        """Warn of what looks like a placeholder and is sent as it stands."""
        columns = {name.casefold(): name for name in self.header}
        for found in dict.fromkeys(_LITERAL(text)):
            word = found.strip("{[<«%*|$ ]}>»").strip()
            column = columns.get(word.casefold())
            if column is None and not (found[0] == "{" and _IS_WORD(word)):
                continue
            written = found.replace("{", "{{").replace("}", "}}")
            mend = f"for the column, write {{{column or 'column'}}}"
            if word.isdecimal():
                mend = "a template's variables are filled from the parameters of its components"
            as_what = "" if written == found else f", as {found}"
            self.warnings.append(f"{path}: {written} is sent as it stands{as_what}; {mend}")

    def _nearest(self, name: str) -> str:
        number = next(filter(_is_number, self.header), None)
        if number is not None:
            return (
                f"{name!r}; the first line has {number!r} in it: put a line with the columns' names above it"
            )
        if len(self.header) == 1 and re.search(rf"(?i)\b{re.escape(name)}\b", self.header[0]):
            return (
                f"{name!r}; the CSV has one column only, {self.header[0]!r}: say with --delimiter what parts "
                "its values, and have no quotes around whole lines"
            )
        folded = {known.casefold(): known for known in self.header}
        near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
        if near:
            return f"{name!r}; did you mean {folded[near[0]]!r}?"
        more = f" and {len(self.header) - _NAMES_LISTED:,} more" if len(self.header) > _NAMES_LISTED else ""
        names = ", ".join(self.header[:_NAMES_LISTED])
        lone = "; its first line has to name the columns" if len(self.header) == 1 else ""
        return f"{name!r}; the CSV has: {names}{more}{lone}"

    def _mark(
        self,
        path: str,
        kind: FieldKind,
        rule: Rule | None,
        pieces: list[Piece],
        *,
        related: bool = False,
    ) -> object:
        """Note the field and return the mark that takes its place until rows come."""
        value: object
        if kind in ("whole", "decimal"):
            value = next(self._whole_marks)
        elif kind == "number":
            value = next(self._character_marks)
        else:
            value = "".join(next(self._character_marks) if isinstance(p, Column) else p for p in pieces)
        mark = msgspec.json.encode(value)
        field = Field(path=path, kind=kind, rule=rule, pieces=pieces, mark=mark, related=related)
        self.fields.append(field)
        if field.fallback is not None and kind != "number":
            try:
                value_of(field, field.fallback)
            except ValidationError as error:
                self.faults.append(f"{path}: the fallback {error.fault}; {error.rule}")
        return value

    def _numbered(self, path: str, prefix: str) -> str:
        """Do the same for a text that ends in the row's number."""
        mark = next(self._character_marks)
        self.fields.append(Field(path=path, kind="row", rule=None, pieces=[prefix], mark=mark.encode()))
        return prefix + mark


def _tag_fault(table: Mapping[str, Any], annotation: Any) -> str | None:
    """Say what is wrong with the key that tells apart the structs that `table` may be, if that is it."""
    kinds = {kind.__struct_config__.tag: kind for kind in structs_in(annotation)}
    tag_field = next((kind.__struct_config__.tag_field for kind in kinds.values()), None)
    if tag_field is None:
        return None
    expected = f"expected {' or '.join(map(str, kinds))}"
    tag = table.get(tag_field)
    if tag is None:
        near = get_close_matches(tag_field, list(table), n=1, cutoff=0.5)
        return f"{tag_field}: is missing{f' (is {near[0]!r} meant?)' if near else ''}; {expected}"
    if not isinstance(tag, str):
        return f"{tag_field}: is {tag!r}; {expected}"
    if "{" in tag:
        return f"{tag_field}: takes no placeholder; {expected}, the same for every row"
    near = get_close_matches(tag.casefold(), map(str, kinds), n=1, cutoff=0.6)
    return f"{tag_field}: is {tag!r}{f'; did you mean {near[0]!r}?' if near else f'; {expected}'}"


def _is_number(text: str) -> bool:
    """Return whether what should name a column is a phone number."""
    try:
        e164(text)
    except ValueError:
        return False
    return True


def _is_list(annotation: Any) -> bool:
    """Return whether a field takes a list, or one or nothing."""
    kinds = (annotation, *get_args(annotation))
    return any(isinstance(kind := get_origin(one), type) and issubclass(kind, Sequence) for one in kinds)
