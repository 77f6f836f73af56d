"""Finding the placeholders of a campaign's message, each with its field and its rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import count
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from wa_bulk.api import ButtonComponent, Document, HeaderComponent, Message, e164
from wa_bulk.api.rules import RULES, Rule, WholeRule, structs_in
from wa_bulk.campaign.file import CampaignFile, unknown_key
from wa_bulk.campaign.request.placeholder import Column, Piece, split

_NAMES_LISTED = 20
_FIRST_CHARACTER_MARK = 0xF0000
_FIRST_WHOLE_MARK = 4_700_000_000_000_000_000


class Field(Struct, frozen=True, kw_only=True):
    """A field of the request with at least one placeholder in it.

    `mark` is what gives way, in the encoded message, to what a row brings: the field's whole value, quotes
    and all, or for the kind "row" the digits of the row's number within it. `related` tells that its value
    matters to other fields, so that the whole message must be looked at.
    """

    path: str
    kind: Literal["text", "whole", "number", "row"]
    rule: Rule | None
    pieces: list[Piece]
    mark: bytes
    related: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns it takes, in order."""
        return [piece.name for piece in self.pieces if isinstance(piece, Column)]

    @property
    def is_one_column(self) -> bool:
        """Whether it is one column's text and nothing more."""
        return len(self.pieces) == 1


class Compiler:
    """One walk over a campaign's message; gathers `fields` and, in words, `faults`."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = list(header)
        self.fields: list[Field] = []
        self.faults: list[str] = []

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
        if pieces and not any(isinstance(piece, Column) for piece in pieces):
            self.faults.append(
                f'to: is {to!r} for every row; expected a column, such as to = "{{{self._likely_number()}}}"'
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
        if any(isinstance(piece, Column) for piece in pieces):
            return self._mark("from", "number", None, pieces)
        try:
            return e164("".join(piece for piece in pieces if isinstance(piece, str)), country)
        except ValueError as error:
            self.faults.append(f"from: {error}; expected a sending number such as +8613800138000")
            return sender

    def _walk(self, value: Any, annotation: Any, path: str, rule: Rule | None, *, related: bool) -> Any:
        if isinstance(value, dict):
            kind = _struct_for(value, annotation)
            if kind is not None:
                return self._walk_struct(value, kind, path, related=related)
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

    def _walk_struct(self, table: Mapping[str, Any], kind: type[Struct], path: str, *, related: bool) -> Any:
        infos = {info.encode_name: info for info in msgspec.structs.fields(kind)}
        tag = kind.__struct_config__.tag_field
        related = related or kind in (HeaderComponent, ButtonComponent, Document)
        walked: dict[str, Any] = {}
        for key, item in table.items():
            at = f"{path}.{key}" if path else key
            if key == tag:
                walked[key] = item
            elif key not in infos:
                known = [*((tag,) if tag else ()), *infos]
                self.faults.append(f"{at}: unknown key {unknown_key(key, known)}")
            else:
                info = infos[key]
                walked[key] = self._walk(item, info.type, at, RULES.get((kind, info.name)), related=related)
        return walked

    def _walk_text(self, text: str, annotation: Any, path: str, rule: Rule | None, *, related: bool) -> Any:
        pieces = self._split(text, path)
        if not any(isinstance(piece, Column) for piece in pieces):
            constant = "".join(piece for piece in pieces if isinstance(piece, str))
            if rule is not None and (fault := rule.fault(constant)):
                self.faults.append(f"{path}: {fault}; {rule.expects}")
            return constant
        if get_origin(annotation) is Literal:
            values = " or ".join(map(str, get_args(annotation)))
            self.faults.append(f"{path}: takes no placeholder; expected {values}, the same for every row")
            return text
        if isinstance(rule, WholeRule):
            if len(pieces) > 1:
                self.faults.append(f"{path}: is {text!r}; expected one placeholder alone, for a whole number")
            return self._mark(path, "whole", rule, pieces, related=related)
        return self._mark(path, "text", rule, pieces, related=related)

    def _split(self, text: str, path: str) -> list[Piece]:
        try:
            pieces = split(text)
        except ValueError as error:
            self.faults.append(f"{path}: {error}")
            return [text]
        for piece in pieces:
            if isinstance(piece, Column) and piece.name not in self.header:
                self.faults.append(f"{path}: unknown column {self._nearest(piece.name)}")
        return pieces

    def _nearest(self, name: str) -> str:
        folded = {known.casefold(): known for known in self.header}
        near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
        if near:
            return f"{name!r}; did you mean {folded[near[0]]!r}?"
        more = f" and {len(self.header) - _NAMES_LISTED:,} more" if len(self.header) > _NAMES_LISTED else ""
        return f"{name!r}; the CSV has: {', '.join(self.header[:_NAMES_LISTED])}{more}"

    def _mark(
        self,
        path: str,
        kind: Literal["text", "whole", "number"],
        rule: Rule | None,
        pieces: list[Piece],
        *,
        related: bool = False,
    ) -> object:
        """Note the field and return the mark that takes its place until rows come."""
        value: object
        if kind == "whole":
            value = next(self._whole_marks)
        elif kind == "number":
            value = next(self._character_marks)
        else:
            value = "".join(next(self._character_marks) if isinstance(p, Column) else p for p in pieces)
        self.fields.append(
            Field(
                path=path,
                kind=kind,
                rule=rule,
                pieces=pieces,
                mark=msgspec.json.encode(value),
                related=related,
            )
        )
        return value

    def _numbered(self, path: str, prefix: str) -> str:
        """Do the same for a text that ends in the row's number."""
        mark = next(self._character_marks)
        self.fields.append(Field(path=path, kind="row", rule=None, pieces=[prefix], mark=mark.encode()))
        return prefix + mark


def _struct_for(table: Mapping[str, Any], annotation: Any) -> type[Struct] | None:
    """Return the struct that `table` is meant to be, told by its tag where there are several."""
    kinds = structs_in(annotation)
    for kind in kinds:
        config = kind.__struct_config__
        if config.tag_field is None or table.get(config.tag_field) == config.tag:
            return kind
    return None


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
    near = get_close_matches(tag, map(str, kinds), n=1, cutoff=0.5)
    return f"{tag_field}: is {tag!r}{f'; did you mean {near[0]!r}?' if near else f'; {expected}'}"
